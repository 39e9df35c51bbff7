/* SPDX-License-Identifier: ISC */
/* Children of children (proc(5), task/TID/children). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "bypass.h"
#include "clock.h"
#include "proc.h"

#define CHILDREN_MAX 256

void
bypass_init(struct bypass *b, bool is_watched)
{
	*b = (struct bypass){ .is_watched = is_watched,
		.began_ms = clock_boot_ms(),
		.next_ms = clock_boot_ms() + BYPASS_SOON_MS };
}

int
bypass_due_ms(const struct bypass *b)
{
	uint64_t now = clock_boot_ms();

	if (!b->is_watched)
		return -1;
	return b->next_ms > now ? (int)(b->next_ms - now) : 0;
}

static size_t
children_of(pid_t pid, pid_t ret[CHILDREN_MAX])
{
	char path[64], text[4096], *word, *at = text;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if (proc_read_line(path, text, sizeof(text)) < 0)
		return 0;
	while (n < CHILDREN_MAX && (word = strsep(&at, " ")) != NULL)
		if (*word != '\0')
			ret[n++] = (pid_t)strtol(word, NULL, 10);
	return n;
}

/* Longer there than a shell needs, or sshd to start one; at once if somebody
 * has stopped or traces it, who could have taken its descriptors then. */
static bool
is_suspect(pid_t pid)
{
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	struct proc_stat ps;
	char path[64];
	struct statx sx;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (proc_stat(pid, &ps) < 0 || ps.state == 'Z')
		return false;
	/* One that is ending has no program any more. */
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE, &sx) < 0)
		return false;
	return ps.state == 'T' || ps.state == 't' ||
	    ps.start_ticks * 1000 / ticks + BYPASS_START_MS < clock_boot_ms();
}

static bool
is_known(const struct bypass_known *known, pid_t pid)
{
	size_t i;

	for (i = 0; i < known->n; i++)
		if (known->pids[i] == pid)
			return true;
	return false;
}

/* The monitor's child: somebody else's program may be sshd's, too, further on. */
static bool
is_post_auth_sshd(const struct monitor *m, pid_t pid)
{
	return monitor_has_sshd(m, pid, UINT32_MAX);
}

static bool
started_by(struct bypass *b, const struct monitor *m, pid_t sshd,
    const struct bypass_known *known, char *ret_why, size_t size)
{
	pid_t child[CHILDREN_MAX];
	size_t n = children_of(sshd, child), i;
	char path[64], name[64];

	for (i = 0; i < n; i++) {
		if ((sshd == m->pid && is_post_auth_sshd(m, child[i])) ||
		    is_known(known, child[i]))
			continue;
		b->has_unknown = true;
		if (!is_suspect(child[i]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/comm", child[i]);
		if (proc_read_line(path, name, sizeof(name)) < 0)
			name[0] = '\0';
		snprintf(ret_why, size,
		    "'%s' (pid %d) runs in it and has not come by the session "
		    "wrapper",
		    name, child[i]);
		return true;
	}
	return false;
}

static bool
look(struct bypass *b, const struct monitor *m,
    const struct bypass_known *known, char *ret_why, size_t size)
{
	pid_t child[CHILDREN_MAX];
	size_t n, i;

	/* Root's sshd is its own monitor. */
	if (started_by(b, m, m->pid, known, ret_why, size))
		return true;
	n = children_of(m->pid, child);
	for (i = 0; i < n; i++)
		if (is_post_auth_sshd(m, child[i]) &&
		    started_by(b, m, child[i], known, ret_why, size))
			return true;
	return false;
}

bool
bypass_sees(struct bypass *b, const struct monitor *m,
    const struct bypass_known *known, char *ret_why, size_t size)
{
	bool is_seen;

	if (!b->is_watched || bypass_due_ms(b) != 0)
		return false;
	b->has_unknown = false;
	is_seen = look(b, m, known, ret_why, size);
	b->next_ms = clock_boot_ms() +
	    (b->has_unknown || clock_boot_ms() < b->began_ms + BYPASS_BEGIN_MS
		    ? BYPASS_SOON_MS
		    : BYPASS_LOOK_MS);
	return is_seen;
}
