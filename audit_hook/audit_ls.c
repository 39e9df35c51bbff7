/* SPDX-License-Identifier: ISC */
/* countersign-audit ls: a table of sessions. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit.h"
#include "auto.h"
#include "clock.h"
#include "eventlog.h"
#include "parse.h"
#include "sessionlist.h"

static const char usage[] =
    "usage: countersign-audit ls [--user ID] [--login NAME] [--host NAME]\n"
    "           [--since TIME] [--open] [--json] [--events FILE]\n"
    "TIME: 2026-11-25T14:00:00Z, or how long ago, such as 8h\n";

struct filter {
	const char *user, *login, *host;
	uint64_t since_s;
	bool is_open, is_json;
	const char *events;
};

static int
read_since(const char *text, uint64_t *ret)
{
	uint64_t ago;

	if (clock_parse_rfc3339(text, ret) == 0)
		return 0;
	if (parse_duration(text, &ago) < 0)
		return -1;
	*ret = clock_now_usec() / USEC_PER_SEC - ago;
	return 0;
}

static bool
fits(const char *want, const json_t *event, const char *key)
{
	return want == NULL || strcmp(want, eventlog_text(event, key)) == 0;
}

static bool
is_wanted(const json_t *start, void *context)
{
	const struct filter *f = context;

	return fits(f->user, start, "user") && fits(f->login, start, "login") &&
	    fits(f->host, start, "server_hostname");
}

static const char *
state_of(const struct audit_session *s, char buf[32])
{
	const json_t *code;

	if (s->end == NULL)
		return "open";
	if (*eventlog_text(s->end, "signal") != '\0')
		return eventlog_text(s->end, "signal");
	code = json_object_get(s->end, "exit_code");
	if (code == NULL)
		return "?";
	snprintf(buf, 32, "%lld", (long long)json_integer_value(code));
	return buf;
}

static void
print_row(const struct audit_session *s)
{
	const json_t *command =
	    json_array_get(json_object_get(s->start, "initial_command"), 0);
	char buf[32];

	printf("%.8s  %.19s  %-6.6s  %-4s  ", eventlog_text(s->start, "sid"),
	    eventlog_text(s->start, "time"), state_of(s, buf),
	    strcmp(eventlog_text(s->start, "session_recording"), "off") == 0
		? "-"
		: "rec");
	audit_print_safe(stdout, eventlog_text(s->start, "user"));
	putchar(' ');
	audit_print_safe(stdout, eventlog_text(s->start, "login"));
	putchar('@');
	audit_print_safe(stdout, eventlog_text(s->start, "server_hostname"));
	putchar(' ');
	audit_print_safe(stdout,
	    json_is_string(command) ? json_string_value(command) : "(shell)");
	putchar('\n');
}

static void
print_json(const struct audit_session *s)
{
	json_t *o = json_pack("{s:O, s:O?}", "start", s->start, "end", s->end);

	if (o != NULL) {
		json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
	}
	json_decref(o);
}

static int
list(struct filter *f)
{
	AUTO_CLEAR(sessionlist_clear) struct sessionlist l = { 0 };
	const struct sessionlist_filter filter = { .since_s = f->since_s,
		.is_wanted = is_wanted,
		.context = f };
	size_t i;

	if (sessionlist_read(f->events, &filter, &l) < 0)
		return AUDIT_FAILED;
	if (!f->is_json)
		puts(
		    "SESSION   START (UTC)          EXIT    FILE  WHO WHERE WHAT");
	for (i = 0; i < l.n; i++) {
		AUTO_CLEAR(audit_session_clear)
		struct audit_session s = { 0 };

		if (f->is_open && l.v[i].end != NULL)
			continue;
		s = sessionlist_get(&l, i);
		if (f->is_json)
			print_json(&s);
		else
			print_row(&s);
	}
	return AUDIT_DONE;
}

int
audit_ls(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "user", required_argument, NULL, 'u' },
		{ "login", required_argument, NULL, 'l' },
		{ "host", required_argument, NULL, 'H' },
		{ "since", required_argument, NULL, 's' },
		{ "open", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct filter f = { .events = AUDIT_EVENTS };
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		switch (opt) {
		case 'u':
			f.user = optarg;
			break;
		case 'l':
			f.login = optarg;
			break;
		case 'H':
			f.host = optarg;
			break;
		case 's':
			if (read_since(optarg, &f.since_s) < 0) {
				audit_complain("'%s' is no time: expected "
					       "2026-11-25T14:00:00Z or 8h",
				    optarg);
				return AUDIT_USAGE;
			}
			break;
		case 'o':
			f.is_open = true;
			break;
		case 'j':
			f.is_json = true;
			break;
		case 'e':
			f.events = optarg;
			break;
		default:
			return audit_usage(usage, opt == 'h');
		}
	if (optind != argc)
		return audit_usage(usage, false);
	return list(&f);
}
