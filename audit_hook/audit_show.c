/* SPDX-License-Identifier: ISC */
/* countersign-audit show: everything that is known of one session. */
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit.h"
#include "auto.h"
#include "eventlog.h"
#include "jumps.h"

static const char usage[] =
    "usage: countersign-audit show [--json] [--events FILE] SESSION\n"
    "SESSION: the beginning of a session's or a connection's id\n";

#define JUMPS_MAX 16

struct story {
	const char *sid, *connection;
	bool is_json;
	size_t n;
	struct jumps jumps;
};

/* Fields that every event has, or that head the story. */
static bool
is_common(const char *key)
{
	static const char *const common[] = { "event", "code", "time", "uid",
		"user", "login", "connection_id", "sid", "audit_session_id",
		"server_hostname", "server_id", "server_labels", "cluster_name",
		"emitter", "ei", "v" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(common); i++)
		if (strcmp(common[i], key) == 0)
			return true;
	return false;
}

static void
print_value(const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		audit_print_safe(stdout, json_string_value(value));
		return;
	}
	text = json_dumps(value,
	    JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	fputs(text != NULL ? text : "?", stdout);
	free(text);
}

static void
print_event(const json_t *event)
{
	const char *key;
	json_t *value;

	printf("%.23s  %-18s", eventlog_text(event, "time"),
	    eventlog_text(event, "event"));
	json_object_foreach ((json_t *)(uintptr_t)event, key, value)
		if (!is_common(key)) {
			printf(" %s=", key);
			print_value(value);
		}
	putchar('\n');
}

static bool
is_of(const struct story *s, const json_t *event)
{
	const char *sid = eventlog_text(event, "sid");

	if (strcmp(eventlog_text(event, "connection_id"), s->connection) != 0)
		return false;
	/* What the connection did, and of its sessions this one. */
	return s->sid == NULL || *sid == '\0' || strcmp(sid, s->sid) == 0;
}

static int
tell(const struct eventlog_line *line, void *context)
{
	const json_t *event = line->event;
	struct story *s = context;

	if (!is_of(s, event))
		return jumps_take(line, &s->jumps);
	if (s->n++ == 0 && !s->is_json) {
		audit_print_safe(stdout, eventlog_text(event, "user"));
		fputs(" as ", stdout);
		audit_print_safe(stdout, eventlog_text(event, "login"));
		fputs(" on ", stdout);
		audit_print_safe(stdout,
		    eventlog_text(event, "server_hostname"));
		printf(", connection %s\n", s->connection);
	}
	if (s->is_json) {
		json_dumpf(event, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
	} else {
		print_event(event);
	}
	return jumps_take(line, &s->jumps);
}

static void
print_connection(const char *how, const struct jump_start *start)
{
	printf("%s ", how);
	audit_print_safe(stdout, start->login);
	fputs(" on ", stdout);
	audit_print_safe(stdout, start->host);
	printf(", connection %s, as ", start->id);
	audit_print_safe(stdout, start->user);
	putchar('\n');
}

/* Hosts that it jumped over, each way, one after the other. */
static void
print_jumps(const struct jumps *j, const char *connection)
{
	const struct jump_start *start = jumps_start(j, connection), *at, *next;
	size_t hops;

	for (at = start, hops = 0; at != NULL && hops < JUMPS_MAX; hops++)
		if ((at = jumps_before(j, at)) != NULL)
			print_connection("came through", at);
	for (at = start, hops = 0; at != NULL && hops < JUMPS_MAX; hops++) {
		const struct jump_start *first = jumps_after(j, at, NULL);

		for (next = first; next != NULL;
		     next = jumps_after(j, at, next))
			print_connection("went on to", next);
		at = first;
	}
}

/* ---- which it is */

struct found {
	const char *text; /* that an id begins with */
	json_t
	    *start; /* the last session.start, or connection.start, with it */
	size_t sessions, connections;
};

static void
found_clear(struct found *f)
{
	json_decref(f->start);
}

static bool
begins(const struct found *f, const json_t *event, const char *key)
{
	return strncmp(eventlog_text(event, key), f->text, strlen(f->text)) ==
	    0;
}

/* A session's rather than a connection's. */
static int
look(const struct eventlog_line *line, void *context)
{
	const char *name = eventlog_text(line->event, "event");
	struct found *f = context;

	if (strcmp(name, "session.start") == 0 && begins(f, line->event, "sid"))
		f->sessions++;
	else if (strcmp(name, "connection.start") == 0 &&
	    begins(f, line->event, "connection_id"))
		f->connections++;
	else
		return 0;
	if (f->sessions > 0 && strcmp(name, "session.start") != 0)
		return 0;
	json_decref(f->start);
	f->start = json_incref((json_t *)(uintptr_t)line->event);
	return 0;
}

static int
find(const char *events, struct found *ret)
{
	static const char *const words[] = { "\"session.start\"",
		"\"connection.start\"", NULL };
	const struct eventlog_query q = { events, words, ret->text, 0 };
	struct eventlog_report report;
	size_t n;

	if (eventlog_read(&q, look, ret, &report) < 0)
		return audit_complain("%s", report.error);
	if (report.bad > 0)
		audit_complain("%zu lines of '%s' are no events", report.bad,
		    events);
	n = ret->sessions > 0 ? ret->sessions : ret->connections;
	if (n == 1)
		return AUDIT_DONE;
	if (n > 1)
		audit_complain("%zu begin with '%s': give more of it "
			       "(countersign-audit ls --json)",
		    n, ret->text);
	else
		audit_complain("no session or connection '%s' in the events",
		    ret->text);
	return AUDIT_NOT_FOUND;
}

/* ---- the story */

static int
tell_story(const char *events, struct story *s)
{
	const char *const words[] = { s->connection, JUMPS_WORDS, NULL };
	const struct eventlog_query q = { .path = events, .words = words };
	struct eventlog_report report;

	if (eventlog_read(&q, tell, s, &report) < 0)
		return audit_complain("%s", report.error);
	if (jumps_sort(&s->jumps) < 0)
		return audit_complain("out of memory");
	if (!s->is_json)
		print_jumps(&s->jumps, s->connection);
	return AUDIT_DONE;
}

static int
show(const char *text, const char *events, bool is_json)
{
	AUTO_CLEAR(found_clear) struct found f = { .text = text };
	struct story s = { .is_json = is_json };
	struct stat st;
	int status;

	if (*text == '\0')
		return AUDIT_NOT_FOUND;
	if (stat(events, &st) == 0 && !S_ISREG(st.st_mode) &&
	    !S_ISDIR(st.st_mode))
		return audit_complain("'%s' is read twice: that takes a file",
		    events);
	if ((status = find(events, &f)) != AUDIT_DONE)
		return status;
	s.connection = eventlog_text(f.start, "connection_id");
	if (f.sessions > 0)
		s.sid = eventlog_text(f.start, "sid");
	status = tell_story(events, &s);
	jumps_clear(&s.jumps);
	return status;
}

int
audit_show(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *events = AUDIT_EVENTS;
	bool is_json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		switch (opt) {
		case 'j':
			is_json = true;
			break;
		case 'e':
			events = optarg;
			break;
		default:
			return audit_usage(usage, opt == 'h');
		}
	if (argc - optind != 1)
		return audit_usage(usage, false);
	return show(argv[optind], events, is_json);
}
