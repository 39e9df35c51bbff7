/* SPDX-License-Identifier: ISC */
/* countersign-audit search: text in what was shown and what was run. */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "auditfind.h"
#include "auto.h"
#include "castreader.h"
#include "clock.h"
#include "eventlog.h"
#include "plaintext.h"
#include "sessionlist.h"

DEFINE_AUTO(castreader_close, struct castreader)

static const char usage[] =
    "usage: countersign-audit search [--ignore-case] [--user ID]\n"
    "           [--events FILE] TEXT\n"
    "Prints each line with TEXT of what sessions have shown, and each command.\n";

struct search {
	const char *text;
	bool ignores_case;
	struct audit_session session;
	size_t found;
	size_t unreadable;
};

static bool
has(const struct search *s, const char *where)
{
	return s->ignores_case ? strcasestr(where, s->text) != NULL
			       : strstr(where, s->text) != NULL;
}

static void
print_hit(struct search *s, const char *when, const char *line)
{
	printf("%.8s %s ", eventlog_text(s->session.start, "sid"), when);
	audit_print_safe(stdout, eventlog_text(s->session.start, "user"));
	fputs(": ", stdout);
	audit_print_safe(stdout, line);
	putchar('\n');
	s->found++;
}

static int
look_at_line(const struct plaintext_line *line, void *context)
{
	struct search *s = context;
	char when[32];

	if (!has(s, line->text))
		return 0;
	snprintf(when, sizeof(when), "%llu:%02llu",
	    (unsigned long long)(line->usec / USEC_PER_SEC / 60),
	    (unsigned long long)(line->usec / USEC_PER_SEC % 60));
	print_hit(s, when, line->text);
	return 0;
}

static void
look_at_session(struct search *s, const char *dir)
{
	const json_t *command =
	    json_array_get(json_object_get(s->session.start, "initial_command"),
		0);
	AUTO(castreader_close) struct castreader *reader = NULL;
	char path[PATH_MAX];
	int e;

	if (json_is_string(command) && has(s, json_string_value(command)))
		print_hit(s, "command", json_string_value(command));
	if (sessionlist_recording(&s->session, dir, path, sizeof(path)) < 0)
		return;
	if ((reader = castreader_open(path, &e)) == NULL ||
	    plaintext_read(reader, look_at_line, s) < 0)
		s->unreadable++;
}

static bool
is_of_user(const json_t *start, void *user)
{
	return user == NULL || strcmp(user, eventlog_text(start, "user")) == 0;
}

static int
search(struct search *s, const char *events, char *user)
{
	AUTO_CLEAR(sessionlist_clear) struct sessionlist l = { 0 };
	const struct sessionlist_filter filter = { .is_wanted = is_of_user,
		.context = user };
	char dir[PATH_MAX];
	size_t i;
	int r;

	if ((r = auditfind_folder(dir, sizeof(dir))) != 0)
		return r;
	if (sessionlist_read(events, &filter, &l) < 0)
		return AUDIT_FAILED;
	for (i = 0; i < l.n; i++) {
		s->session = sessionlist_get(&l, i);
		look_at_session(s, dir);
		audit_session_clear(&s->session);
	}
	if (s->unreadable > 0)
		return audit_complain("%zu recordings cannot be read to their "
				      "end",
		    s->unreadable);
	return s->found > 0 ? AUDIT_DONE : AUDIT_NOT_FOUND;
}

int
audit_search(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "ignore-case", no_argument, NULL, 'i' },
		{ "user", required_argument, NULL, 'u' },
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *events = AUDIT_EVENTS;
	struct search s = { 0 };
	char *user = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "hi", longs, NULL)) != -1)
		switch (opt) {
		case 'i':
			s.ignores_case = true;
			break;
		case 'u':
			user = optarg;
			break;
		case 'e':
			events = optarg;
			break;
		default:
			return audit_usage(usage, opt == 'h');
		}
	if (argc - optind != 1 || *argv[optind] == '\0')
		return audit_usage(usage, false);
	s.text = argv[optind];
	return search(&s, events, user);
}
