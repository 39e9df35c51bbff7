/* SPDX-License-Identifier: ISC */
/* The recorder's seccomp filter (seccomp(2), libseccomp). */
#include <errno.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>

#include "auto.h"
#include "sandbox.h"

static int
allow_calls(scmp_filter_ctx f)
{
	static const int calls[] = { SCMP_SYS(read), SCMP_SYS(write),
		SCMP_SYS(ppoll), SCMP_SYS(sendto), SCMP_SYS(recvfrom),
		SCMP_SYS(fstatfs), SCMP_SYS(shutdown), SCMP_SYS(splice),
		SCMP_SYS(clock_gettime), SCMP_SYS(close),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
		SCMP_SYS(exit_group), SCMP_SYS(timerfd_settime),
		SCMP_SYS(sched_yield) };
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if ((r = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0)) < 0)
			return r;
	return 0;
}

static int
allow_ioctls(scmp_filter_ctx f)
{
	static const unsigned long requests[] = { TIOCGWINSZ, TIOCSWINSZ,
		TCGETS };
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct scmp_arg_cmp is_it = { 1, SCMP_CMP_EQ, requests[i],
			0 };

		if ((r = seccomp_rule_add_array(f, SCMP_ACT_ALLOW,
			 SCMP_SYS(ioctl), 1, &is_it)) < 0)
			return r;
	}
	return 0;
}

int
sandbox_enter(void)
{
	const struct rlimit none = { 0, 0 };
	scmp_filter_ctx f;
	int r;

	if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0 ||
	    setrlimit(RLIMIT_NPROC, &none) < 0)
		return -errno;
	if ((f = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL)
		return -ENOMEM;
	/* The thread that watches the disk, too (diskwatch.h). */
	if ((r = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1)) == 0 &&
	    (r = allow_calls(f)) == 0 && (r = allow_ioctls(f)) == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r;
}
