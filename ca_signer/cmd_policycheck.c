/* SPDX-License-Identifier: ISC */
/* countersign policy check: mistakes, with line and column. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "policylint.h"
#include "show.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign policy check [--strict] [-q] [--json] FILE...\n"
    "\n"
    "Errors (a host would refuse the policy), warnings (most likely a mistake) "
    "and\n"
    "notes, as FILE:LINE:COLUMN. Exit status 1: there are errors.\n"
    "\n"
    "  --strict      exit status 1 also for warnings\n"
    "  -q, --quiet   no notes\n"
    "  --json        one JSON object a finding\n"
    "  --help        this text\n";

struct checker {
	bool strict, quiet, json;
	size_t errors, warnings;
};

static void
print_json(const char *path, const char *level, const struct lint *lint)
{
	json_auto_t *o = json_object();

	json_object_set_new(o, "file", json_string(path));
	json_object_set_new(o, "line", json_integer((json_int_t)lint->line));
	json_object_set_new(o, "column",
	    json_integer((json_int_t)lint->column));
	json_object_set_new(o, "level", json_string(level));
	json_object_set_new(o, "where", json_string(lint->where));
	json_object_set_new(o, "text", json_string(lint->text));
	json_dumpf(o, stdout, JSON_ENSURE_ASCII | JSON_COMPACT);
	fputc('\n', stdout);
}

static void
print_text(const char *path, const char *level, const struct lint *lint)
{
	AUTO(free) char *said = NULL, *text = NULL;
	struct conf_error e = { .line = lint->line, .column = lint->column };

	if (asprintf(&text, "%s: %s%s%s", level, lint->where,
		lint->where[0] != '\0' ? ": " : "", lint->text) < 0) {
		text = NULL;
		return;
	}
	snprintf(e.what, sizeof(e.what), "%s", text);
	if ((said = conf_error_text(&e, path)) == NULL)
		return;
	show_text(stdout, said, strlen(said));
	fputc('\n', stdout);
}

static void
print(const struct checker *c, const char *path, const char *level,
    const struct lint *lint)
{
	if (c->json)
		print_json(path, level, lint);
	else
		print_text(path, level, lint);
}

static int
lint_file(struct checker *c, const struct policyfile *p)
{
	AUTO_CLEAR(lints_clear) struct lints lints = { 0 };
	size_t i;

	if (policylint(p, clock_now_usec() / USEC_PER_SEC, &lints) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	for (i = 0; i < lints.n; i++) {
		if (lints.v[i].level == LINT_WARNING) {
			c->warnings++;
			print(c, p->path, "warning", &lints.v[i]);
		} else if (!c->quiet) {
			print(c, p->path, "note", &lints.v[i]);
		}
	}
	return -1;
}

static int
check_file(struct checker *c, const char *path)
{
	AUTO_CLEAR(policyfile_clear) struct policyfile p = { 0 };
	struct conf_error e = { 0 };
	struct lint error;
	int r;

	if ((r = policyfile_read(path, &p)) >= 0)
		return r;
	r = policy_parse(p.text, p.len, &p.policy, &e);
	if (r == -ENOMEM)
		return show_error(EXIT_INPUT, "out of memory");
	if (r == 0)
		return lint_file(c, &p);
	error = (struct lint){ .line = e.line,
		.column = e.column,
		.where = (char[]){ "" },
		.text = e.what };
	c->errors++;
	print(c, path, "error", &error);
	return -1;
}

int
cmd_policy_check(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "strict", no_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct checker check = { 0 };
	int c, i, r;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		if (c == 's') {
			check.strict = true;
		} else if (c == 'j') {
			check.json = true;
		} else if (c == 'q') {
			check.quiet = true;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	for (i = optind; i < argc; i++)
		if ((r = check_file(&check, argv[i])) >= 0)
			return r;
	if (check.errors > 0 || (check.strict && check.warnings > 0))
		return EXIT_REFUSED;
	return EXIT_DONE;
}
