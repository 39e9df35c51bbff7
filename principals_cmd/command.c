/* SPDX-License-Identifier: ISC */
/* Running another program and hearing what it says. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "command.h"
#include "proc.h"

static int
become(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	/* getpwnam(3) leaves errno alone when there is none. */
	if (pw == NULL)
		return -ENOENT;
	if (pw->pw_uid == 0 || initgroups(user, pw->pw_gid) < 0 ||
	    setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0 ||
	    geteuid() != pw->pw_uid)
		return -EPERM;
	return 0;
}

static void
start_fresh(void)
{
	sigset_t none;

	clearenv();
	setenv("PATH",
	    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
	    "/sbin:/bin",
	    1);
	setenv("LC_ALL", "C", 1);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Without our terminal, into which it could type for us (TIOCSTI), and a
	 * group of its own, so that its children can be killed with it. */
	setsid();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void __attribute__((noreturn))
run_child(const struct command *c, int out, int err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), r;

	start_fresh();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 ||
	    chdir("/") < 0)
		_exit(126);
	closefrom(STDERR_FILENO + 1);
	if (c->without_network && unshare(CLONE_NEWNET) < 0) {
		perror("cannot leave the network");
		_exit(126);
	}
	if (c->user != NULL && (r = become(c->user)) < 0) {
		dprintf(STDERR_FILENO, "cannot become '%s': %s\n", c->user,
		    r == -ENOENT ? "there is no such account" : strerror(-r));
		_exit(126);
	}
	errno = -proc_exec(c->argv);
	dprintf(STDERR_FILENO, "cannot run '%s': %s\n", c->argv[0],
	    strerror(errno));
	_exit(127);
}

struct stream {
	int fd;
	char *text;
	size_t len;
};

/* False at its end. What is beyond the maximum is read, and dropped. */
static bool
take(struct stream *s)
{
	char buf[4096];
	ssize_t n = read(s->fd, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if ((size_t)n > COMMAND_OUTPUT_MAX - s->len)
		n = (ssize_t)(COMMAND_OUTPUT_MAX - s->len);
	memcpy(s->text + s->len, buf, (size_t)n);
	s->len += (size_t)n;
	return true;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until both have ended; false when the time was up first. */
static bool
listen_to(struct stream *streams, int64_t end_ms)
{
	struct pollfd fds[2] = { { streams[0].fd, POLLIN, 0 },
		{ streams[1].fd, POLLIN, 0 } };
	int64_t left;
	int i;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if ((left = end_ms - now_ms()) <= 0)
			return false;
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			return false;
		for (i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents != 0 &&
			    !take(&streams[i]))
				fds[i].fd = -1;
	}
	return true;
}

/* Also one that has closed both streams and stays. It is not reaped yet. */
static bool
ends_before(pid_t pid, int64_t end_ms)
{
	struct timespec tick = { .tv_nsec = 10000000 };
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info,
			WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid == pid)
			return true;
		if (now_ms() >= end_ms)
			return false;
		nanosleep(&tick, NULL);
	}
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static int
listen_and_wait(const struct command *c, pid_t pid, int out, int err,
    struct command_result *ret)
{
	struct stream streams[2] = { { .fd = out }, { .fd = err } };
	int64_t end_ms;
	int i;

	for (i = 0; i < 2; i++)
		if ((streams[i].text = calloc(1, COMMAND_OUTPUT_MAX + 1)) ==
		    NULL) {
			free(streams[0].text);
			kill(-pid, SIGKILL);
			wait_for(pid);
			return -ENOMEM;
		}
	end_ms = now_ms() + (int64_t)c->timeout_s * 1000;
	ret->is_late = !listen_to(streams, end_ms) || !ends_before(pid, end_ms);
	if (ret->is_late) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	ret->status = wait_for(pid);
	ret->out = streams[0].text;
	ret->err = streams[1].text;
	return 0;
}

int
command_run(const struct command *c, struct command_result *ret)
{
	AUTO(close) int out_read = -1;
	AUTO(close) int err_read = -1;
	int out[2], err[2];
	pid_t pid;

	*ret = (struct command_result){ 0 };
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	out_read = out[0];
	if (pipe2(err, O_CLOEXEC) < 0) {
		close(out[1]);
		return -errno;
	}
	err_read = err[0];
	if ((pid = fork()) == 0)
		run_child(c, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	if (pid < 0)
		return -errno;
	return listen_and_wait(c, pid, out_read, err_read, ret);
}

void
command_result_clear(struct command_result *r)
{
	free(r->out);
	free(r->err);
	*r = (struct command_result){ 0 };
}
