/* SPDX-License-Identifier: ISC */
/* The monitor and the post-auth sshd end together, or are killed together. */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "ending.h"

#define RECHECK_MS 30000

void
ending_init(struct ending *e, const struct monitor *m,
    const struct keeper_limits *limits, uint32_t audit_session_id)
{
	*e = (struct ending){ .monitor = m,
		.limits = *limits,
		.audit_session_id = audit_session_id,
		.began_ms = clock_boot_ms() };
}

static uint64_t
left_of(uint64_t end_ms, uint64_t now_ms)
{
	return end_ms > now_ms ? end_ms - now_ms : 0;
}

static bool
expires(const struct ending *e)
{
	return e->limits.expires_s != 0;
}

static bool
is_limited(const struct ending *e)
{
	return e->limits.max_connection_s != 0;
}

static uint64_t
expiry_left_ms(const struct ending *e)
{
	return left_of(e->limits.expires_s * 1000, clock_now_usec() / 1000);
}

static uint64_t
time_left_ms(const struct ending *e)
{
	return left_of(e->began_ms + e->limits.max_connection_s * 1000,
	    clock_boot_ms());
}

static const uint64_t warnings_s[] = { 60, 300 };

/* Until the next warning; UINT64_MAX: there is none. */
static uint64_t
warning_left_ms(const struct ending *e)
{
	uint64_t left = expiry_left_ms(e), before;
	size_t i;

	for (i = ARRAY_SIZE(warnings_s); i-- > 0;) {
		before = warnings_s[i] * 1000;
		if (left > before)
			return left - before;
		if (e->warned_s == 0 || e->warned_s > warnings_s[i])
			return 0;
	}
	return UINT64_MAX;
}

bool
ending_warns(struct ending *e, char *ret_text, size_t size)
{
	uint64_t left_s;

	if (!expires(e) || e->told_ms != 0 || warning_left_ms(e) != 0)
		return false;
	left_s = (expiry_left_ms(e) + 999) / 1000;
	e->warned_s = left_s > warnings_s[0] ? warnings_s[1] : warnings_s[0];
	snprintf(ret_text, size,
	    "your certificate ends in %llu seconds, and this connection with "
	    "it",
	    (unsigned long long)left_s);
	return true;
}

int
ending_due_ms(const struct ending *e)
{
	uint64_t left = RECHECK_MS, t;

	if (e->is_killed || (e->told_ms == 0 && !expires(e) && !is_limited(e)))
		return -1;
	if (e->told_ms != 0)
		return (
		    int)left_of(e->told_ms + ENDING_GRACE_MS, clock_boot_ms());
	if (expires(e) && (t = expiry_left_ms(e)) < left)
		left = t;
	if (expires(e) && (t = warning_left_ms(e)) < left)
		left = t;
	if (is_limited(e) && (t = time_left_ms(e)) < left)
		left = t;
	return (int)left;
}

bool
ending_is_due(const struct ending *e, char *ret_why, size_t size)
{
	char when[CLOCK_TEXT_MAX];

	if (expires(e) && expiry_left_ms(e) == 0) {
		snprintf(ret_why, size, "what the certificate gave ended at %s",
		    clock_rfc3339(e->limits.expires_s, when));
		return true;
	}
	if (is_limited(e) && time_left_ms(e) == 0) {
		snprintf(ret_why, size,
		    "the connection has lasted for %llu seconds, which is all "
		    "that its role allows",
		    (unsigned long long)e->limits.max_connection_s);
		return true;
	}
	return false;
}

/* A descriptor stays on the process that was asked about, whoever has its
 * number later. */
static void
hold(struct ending *e, pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return;
	if (!monitor_has_sshd(e->monitor, pid, e->audit_session_id)) {
		close(fd);
		return;
	}
	e->sshd[e->n_sshds++] = fd;
}

static void
find_sshds(struct ending *e)
{
	DIR *d = opendir("/proc");
	const struct dirent *entry;
	pid_t pid;

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL && e->n_sshds < ENDING_SSHDS_MAX) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (monitor_has_sshd(e->monitor, pid, e->audit_session_id))
			hold(e, pid);
	}
	closedir(d);
}

static void
signal_sshds(const struct ending *e, int sig)
{
	size_t i;

	for (i = 0; i < e->n_sshds; i++)
		(void)pidfd_send_signal(e->sshd[i], sig, NULL, 0);
}

static void
release(struct ending *e)
{
	while (e->n_sshds > 0)
		close(e->sshd[--e->n_sshds]);
}

size_t
ending_end(struct ending *e)
{
	size_t n;

	if (e->told_ms == 0) {
		e->told_ms = clock_boot_ms();
		find_sshds(e);
		signal_sshds(e, SIGTERM);
		return e->n_sshds;
	}
	if (e->is_killed ||
	    left_of(e->told_ms + ENDING_GRACE_MS, clock_boot_ms()))
		return e->n_sshds;
	signal_sshds(e, SIGKILL);
	e->is_killed = true;
	n = e->n_sshds;
	release(e);
	return n;
}

void
ending_clear(struct ending *e)
{
	release(e);
}
