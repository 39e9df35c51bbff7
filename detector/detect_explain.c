/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "detect.h"
#include "explain.h"
#include "path.h"
#include "ruleset.h"

#define EVENTS_MAX (16U * 1024U * 1024U)

static const char usage[] =
    "usage: countersign-detect explain [--rules PATH]... EVENT RULE\n"
    "\n"
    "Says of each event in the file EVENT (- is standard input) whether the rule\n"
    "holds, and why: each of its fields, and what it is in the event. RULE is a\n"
    "rule's file, or the id or title of one of the rules.\n"
    "\n"
    "  --rules PATH       rules (files, folders) instead of those installed\n"
    "  --logsources FILE  where the fields of rules are in events\n"
    "Exit status: 0 it holds for one, 1 for none, 2 usage, 3 input failed.\n";

static int
read_options(struct ruleset *r, int argc, char **argv)
{
	static const struct option longs[] = { { "rules", required_argument,
						   NULL, 'r' },
		{ "logsources", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (opt == 'l')
			r->logsources = optarg;
		else if (opt != 'r') {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		} else if (strv_add(&r->paths, optarg) < 0)
			return DETECT_IO;
	if (argc - optind == 2)
		return -1;
	fputs(usage, stderr);
	return DETECT_USAGE;
}

/* The rules of a file, or those of this id or title. */
static bool
is_asked(const struct sigma_rule *rule, const char *what)
{
	return strcmp(rule->path, what) == 0 ||
	    (rule->id != NULL && strcmp(rule->id, what) == 0) ||
	    strcmp(rule->title, what) == 0;
}

static size_t
explain_event(struct engine *e, const char *what, const char *line, size_t len)
{
	const struct sigma_rule *rule;
	struct record *record;
	size_t i, held = 0;

	if (engine_read(e, line, len, &record) < 0) {
		puts("this line is neither JSON nor syslog");
		return 0;
	}
	if (record == NULL)
		return 0;
	for (i = 0; i < engine_rules(e); i++) {
		rule = engine_rule(e, i);
		if (!is_asked(rule, what))
			continue;
		printf("%s (%s:%zu)\n", rule->title, rule->path, rule->line);
		held += explain_write(e, i, stdout, "");
		(void)engine_read(e, line, len, &record);
	}
	return held;
}

static int
explain(struct ruleset *r, const char *event, const char *what)
{
	bool is_stdin = strcmp(event, "-") == 0;
	AUTO(fclose) FILE *owned = is_stdin ? NULL : fopen(event, "re");
	FILE *f = is_stdin ? stdin : owned;
	AUTO(free) char *text = NULL;
	const char *p, *eol;
	size_t i, n, len, held = 0, asked = 0;

	for (i = 0; i < engine_rules(r->engine); i++)
		asked += is_asked(engine_rule(r->engine, i), what);
	if (asked == 0) {
		fprintf(stderr,
		    "countersign-detect: no rule has this file, id or title: "
		    "'%s'\n",
		    what);
		return DETECT_IO;
	}
	if (f == NULL || path_read(f, EVENTS_MAX, &text, &len) < 0) {
		fprintf(stderr, "countersign-detect: cannot read '%s': %s\n",
		    event, strerror(errno));
		return DETECT_IO;
	}
	for (p = text; p < text + len; p += n + 1) {
		eol = memchr(p, '\n', (size_t)(text + len - p));
		n = (size_t)((eol != NULL ? eol : text + len) - p);
		held += explain_event(r->engine, what, p, n);
	}
	return held > 0 ? DETECT_DONE : DETECT_FAILED;
}

int
detect_explain(int argc, char **argv)
{
	struct ruleset r = { 0 };
	int status = read_options(&r, argc, argv);
	const char *what;

	if (status < 0) {
		what = argv[optind + 1];
		/* A file is read also if it is none of the installed. */
		if (r.paths.n == 0 && path_ends_with(what, ".yml") &&
		    strv_add(&r.paths, what) < 0)
			status = DETECT_IO;
		else
			status = ruleset_load(&r) < 0
			    ? DETECT_IO
			    : explain(&r, argv[optind], what);
	}
	ruleset_clear(&r);
	return status;
}
