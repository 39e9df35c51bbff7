/* SPDX-License-Identifier: ISC */
/* countersign-audit show: everything that is known of one session. */
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "auto.h"
#include "eventlog.h"
#include "jumps.h"
#include "sessionlist.h"

static const char usage[] =
    "usage: countersign-audit show [--json] [--events FILE] SESSION\n"
    "SESSION: the beginning of a session's or a connection's id\n";

#define JUMPS_MAX 16

struct story {
	const char *sid, *connection;
	bool is_json;
	size_t n;
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
tell(const json_t *event, void *context)
{
	struct story *s = context;

	if (!is_of(s, event))
		return 0;
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
	return 0;
}

static void
print_connection(const char *how, const json_t *start)
{
	printf("%s ", how);
	audit_print_safe(stdout, eventlog_text(start, "login"));
	fputs(" on ", stdout);
	audit_print_safe(stdout, eventlog_text(start, "server_hostname"));
	printf(", connection %s, as ", eventlog_text(start, "connection_id"));
	audit_print_safe(stdout, eventlog_text(start, "user"));
	putchar('\n');
}

/* Hosts that it jumped over, each way, one after the other. */
static void
print_jumps(const struct jumps *j, const char *connection)
{
	const json_t *start = jumps_start(j, connection), *at, *next;
	size_t hops, i;

	for (at = start, hops = 0; at != NULL && hops < JUMPS_MAX; hops++)
		if ((at = jumps_before(j, at)) != NULL)
			print_connection("came through", at);
	for (at = start, hops = 0; at != NULL && hops < JUMPS_MAX;
	     at = next, hops++) {
		next = jumps_after(j, at, 0);
		for (i = 0; jumps_after(j, at, i) != NULL; i++)
			print_connection("went on to", jumps_after(j, at, i));
	}
}

/* A session's, or a connection's own. */
static int
find(const struct sessionlist *l, const struct jumps *j, const char *text,
    struct story *ret)
{
	const struct audit_session *s;
	const json_t *start;
	size_t n;

	if ((s = sessionlist_find(l, text, &n)) != NULL) {
		ret->sid = eventlog_text(s->start, "sid");
		ret->connection = eventlog_text(s->start, "connection_id");
		return 0;
	}
	if (n == 0 && (start = jumps_find(j, text, &n)) != NULL) {
		ret->connection = eventlog_text(start, "connection_id");
		return 0;
	}
	if (n > 1)
		audit_complain("%zu begin with '%s': give more of it "
			       "(countersign-audit ls --json)",
		    n, text);
	else
		audit_complain("no session or connection '%s' in the events",
		    text);
	return -1;
}

static int
show(const char *text, const char *events, bool is_json)
{
	AUTO_CLEAR(sessionlist_clear) struct sessionlist l = { 0 };
	AUTO_CLEAR(jumps_clear) struct jumps j = { 0 };
	struct story s = { .is_json = is_json };
	size_t bad;

	if (sessionlist_read(events, &l) < 0)
		return AUDIT_FAILED;
	if (jumps_read(events, &j) < 0)
		return audit_complain("out of memory");
	if (*text == '\0' || find(&l, &j, text, &s) < 0)
		return AUDIT_NOT_FOUND;
	(void)eventlog_read(events, tell, &s, &bad);
	if (!is_json)
		print_jumps(&j, s.connection);
	return AUDIT_DONE;
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
