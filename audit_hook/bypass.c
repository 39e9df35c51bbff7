/* SPDX-License-Identifier: ISC */
/* Children of children (proc(5), task/TID/children). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "bypass.h"
#include "clock.h"
#include "proc.h"

#define WRAPPER	     CS_LIBEXEC "/session"
#define CHILDREN_MAX 256

void
bypass_init(struct bypass *b, bool is_watched)
{
	*b = (struct bypass){ .next_ms = clock_boot_ms() + BYPASS_LOOK_MS };
	b->is_watched = is_watched && stat(WRAPPER, &b->wrapper) == 0;
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

static bool
is_old_enough(pid_t pid)
{
	struct proc_stat ps;
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);

	return proc_stat(pid, &ps) == 0 && ps.state != 'Z' &&
	    ps.start_ticks * 1000 / ticks + BYPASS_START_MS < clock_boot_ms();
}

/* Neither sshd nor the wrapper, and longer there than a shell needs. */
static bool
is_bypass(const struct bypass *b, const struct monitor *m, pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &st) < 0)
		return false;
	return !(st.st_dev == m->dev && st.st_ino == m->ino) &&
	    !(st.st_dev == b->wrapper.st_dev &&
		st.st_ino == b->wrapper.st_ino) &&
	    is_old_enough(pid);
}

static bool
started_by(const struct bypass *b, const struct monitor *m, pid_t sshd,
    char *ret_why, size_t size)
{
	pid_t child[CHILDREN_MAX];
	size_t n = children_of(sshd, child), i;
	char path[64], name[64];

	for (i = 0; i < n; i++) {
		if (!is_bypass(b, m, child[i]))
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

bool
bypass_sees(struct bypass *b, const struct monitor *m, char *ret_why,
    size_t size)
{
	pid_t child[CHILDREN_MAX];
	size_t n, i;

	if (!b->is_watched || bypass_due_ms(b) != 0)
		return false;
	b->next_ms = clock_boot_ms() + BYPASS_LOOK_MS;
	/* Root's sshd is its own monitor. */
	if (started_by(b, m, m->pid, ret_why, size))
		return true;
	n = children_of(m->pid, child);
	for (i = 0; i < n; i++)
		if (started_by(b, m, child[i], ret_why, size))
			return true;
	return false;
}
