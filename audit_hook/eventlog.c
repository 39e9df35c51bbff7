/* SPDX-License-Identifier: ISC */
/* One JSON object a line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "eventlog.h"
#include "logparts.h"

#define DAY_S UINT64_C(86400)

extern char **environ;

static bool
is_of_interest(const struct eventlog_query *q, const char *line, size_t n)
{
	size_t i;

	if (q->text != NULL &&
	    memmem(line, n, q->text, strlen(q->text)) == NULL)
		return false;
	for (i = 0; q->words != NULL && q->words[i] != NULL; i++)
		if (memmem(line, n, q->words[i], strlen(q->words[i])) != NULL)
			return true;
	return q->words == NULL;
}

static int
take_line(const struct eventlog_query *q, const char *text, size_t n,
    eventlog_reader *read, void *context, struct eventlog_report *ret)
{
	struct eventlog_line line = { text, n, NULL };
	bool is_whole = text[n - 1] == '\n'; /* else it is being written */
	bool is_torn;
	json_t *event = NULL;
	int r = 0;

	line.len -= is_whole;
	is_torn = *text != '{' ||
	    (text[line.len - 1] != '}' && text[line.len - 1] != '\r');
	if (!is_torn && !is_of_interest(q, text, line.len))
		return 0;
	line.event = event = json_loadb(text, line.len, 0, NULL);
	if (json_is_object(event))
		r = read(&line, context);
	else if (is_whole)
		ret->bad++;
	json_decref(event);
	return r;
}

static int
read_lines(const struct eventlog_query *q, FILE *f, eventlog_reader *read,
    void *context, struct eventlog_report *ret)
{
	AUTO(free) char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = getline(&line, &room, f)) > 0)
		r = take_line(q, line, (size_t)n, read, context, ret);
	return r == 0 && ferror(f) ? -errno : r;
}

/* The tool that logrotate(8) has compressed it with, from fd to a pipe. */
static int
start_unpacking(const char *tool, int fd, FILE **ret_f, pid_t *ret_pid)
{
	char *argv[] = { (char *)(uintptr_t)tool, (char[]){ "-dc" }, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], e;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if (posix_spawn_file_actions_init(&actions) != 0) {
		close(ends[0]);
		close(ends[1]);
		return -ENOMEM;
	}
	(void)posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1],
	    STDOUT_FILENO);
	e = posix_spawnp(ret_pid, tool, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (e == 0 && (*ret_f = fdopen(ends[0], "re")) != NULL)
		return 0;
	close(ends[0]);
	return e != 0 ? -e : -ENOMEM;
}

static int
read_compressed(const struct eventlog_query *q, const char *tool,
    const struct logpart *part, eventlog_reader *read, void *context,
    struct eventlog_report *ret)
{
	int r, status = 0;
	FILE *f = NULL;
	pid_t pid = -1;

	/* Else there is no telling whether it could. */
	(void)signal(SIGCHLD, SIG_DFL);
	if ((r = start_unpacking(tool, part->fd, &f, &pid)) < 0) {
		snprintf(ret->error, sizeof(ret->error),
		    "cannot unpack '%.150s': %s", part->path, strerror(-r));
		return r;
	}
	r = read_lines(q, f, read, context, ret);
	fclose(f);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* Who is not read to the end may die of it. */
	if (r != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return r;
	snprintf(ret->error, sizeof(ret->error),
	    "'%.150s' is damaged, or cut short", part->path);
	return -EBADMSG;
}

static int
read_part(const struct eventlog_query *q, struct logpart *part,
    eventlog_reader *read, void *context, struct eventlog_report *ret)
{
	const char *tool = logparts_tool(part->path);
	FILE *f;
	int r;

	if (tool != NULL)
		return read_compressed(q, tool, part, read, context, ret);
	if ((f = fdopen(part->fd, "re")) == NULL)
		return -ENOMEM;
	part->fd = -1;
	r = read_lines(q, f, read, context, ret);
	fclose(f);
	return r;
}

static void
say_error(struct eventlog_report *ret, const char *path, int r)
{
	if (r < 0 && ret->error[0] == '\0')
		snprintf(ret->error, sizeof(ret->error),
		    "cannot read '%.150s': %s", path, strerror(-r));
}

/* Written long before that? Clocks of hosts differ. */
static bool
is_too_old(const struct logpart *part, uint64_t since_s)
{
	return (uint64_t)part->written.tv_sec + DAY_S < since_s;
}

int
eventlog_read(const struct eventlog_query *q, eventlog_reader *read,
    void *context, struct eventlog_report *ret)
{
	AUTO_CLEAR(logparts_clear) struct logparts parts = { 0 };
	size_t i;
	int r;

	*ret = (struct eventlog_report){ 0 };
	if ((r = logparts_open(q->path, &parts)) == 0 && parts.error != 0)
		r = parts.error;
	say_error(ret, parts.failed != NULL ? parts.failed : q->path, r);
	for (i = 0; r == 0 && i < parts.n; i++) {
		if (strcmp(parts.v[i].path, q->path) != 0 &&
		    is_too_old(&parts.v[i], q->since_s))
			continue;
		r = read_part(q, &parts.v[i], read, context, ret);
		say_error(ret, parts.v[i].path, r);
	}
	return r;
}

const char *
eventlog_text(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text != NULL ? text : "";
}
