/* SPDX-License-Identifier: ISC */
/* Found in /proc; signalled by pidfd, which stays with the process asked. */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "proc.h"
#include "survivors.h"

#define GRACE_MS   1000
#define LOOK_MS	   50
#define KILL_TIMES 5

struct wanted {
	uint32_t audit_session_id; /* UINT32_MAX: asked by leader */
	pid_t leader, monitor;
	gid_t session_gid; /* the wrapper's */
};

/* One that is ending, as sshd is then, has no program any more. */
static bool
runs_other_than_wrapper(const struct wanted *w, pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, &st) == 0 && !peer_runs_wrapper(pid, w->session_gid);
}

/* A program with a terminal of its own leads a session of its own. */
static bool
is_led_by_child(const struct wanted *w, pid_t leader)
{
	struct proc_stat ps;

	return proc_stat(leader, &ps) == 0 && ps.ppid == w->leader;
}

static bool
is_wanted(const struct wanted *w, pid_t pid)
{
	struct proc_stat ps;
	uint32_t session;

	/* What costs least and leaves fewest, first. */
	if (w->audit_session_id != UINT32_MAX &&
	    (proc_audit_session(pid, &session) < 0 ||
		session != w->audit_session_id))
		return false;
	if (proc_stat(pid, &ps) < 0 || ps.state == 'Z')
		return false;
	if (w->audit_session_id == UINT32_MAX)
		return pid != w->leader &&
		    (ps.session == w->leader || is_led_by_child(w, ps.session));
	return pid != w->monitor && runs_other_than_wrapper(w, pid);
}

static void
send_to(const struct wanted *w, pid_t pid, const int *signals)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return;
	/* Asked again: the number may have become another's. */
	if (is_wanted(w, pid))
		for (; *signals != 0; signals++)
			(void)pidfd_send_signal(fd, *signals, NULL, 0);
	close(fd);
}

/* The signals to each of them, up to a 0; returns how many there are. */
static size_t
signal_all(const struct wanted *w, const int *signals)
{
	const struct dirent *entry;
	size_t n = 0;
	pid_t pid;
	DIR *d;

	if ((d = opendir("/proc")) == NULL)
		return 0;
	while ((entry = readdir(d)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (!is_wanted(w, pid))
			continue;
		n++;
		if (*signals != 0)
			send_to(w, pid, signals);
	}
	closedir(d);
	return n;
}

size_t
survivors_count(uint32_t audit_session_id, pid_t monitor, gid_t session_gid)
{
	const struct wanted w = { .audit_session_id = audit_session_id,
		.monitor = monitor,
		.session_gid = session_gid };

	if (audit_session_id == UINT32_MAX)
		return 0;
	return signal_all(&w, (const int[]){ 0 });
}

size_t
survivors_end(uint32_t audit_session_id, pid_t monitor, gid_t session_gid)
{
	const struct wanted w = { .audit_session_id = audit_session_id,
		.monitor = monitor,
		.session_gid = session_gid };
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	size_t n;
	int i;

	if (audit_session_id == UINT32_MAX)
		return 0;
	n = signal_all(&w, (const int[]){ SIGHUP, SIGTERM, SIGCONT, 0 });
	for (i = 0; n > 0 && i < GRACE_MS / LOOK_MS; i++) {
		nanosleep(&look, NULL);
		if (signal_all(&w, (const int[]){ 0 }) == 0)
			return n;
	}
	for (i = 0; i < KILL_TIMES; i++) {
		if (signal_all(&w, (const int[]){ SIGKILL, 0 }) == 0)
			break;
		nanosleep(&look, NULL);
	}
	return n;
}

void
survivors_kill_session(pid_t wrapper)
{
	const struct wanted w = { .audit_session_id = UINT32_MAX,
		.leader = wrapper };
	int i;

	/* One may have been forked while the others were found. */
	for (i = 0; i < KILL_TIMES; i++)
		if (signal_all(&w, (const int[]){ SIGKILL, 0 }) == 0)
			return;
}
