/* SPDX-License-Identifier: ISC */
/* countersign policy test: policies have tests, too. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "input.h"
#include "policycase.h"
#include "policyfile.h"
#include "show.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign policy test [-q] [--json] POLICY TESTS...\n"
    "\n"
    "Asks the policy the questions of each file of TESTS "
    "(countersign-policy(5)).\n"
    "Exit status 0: all are answered as expected; 1: not.\n"
    "\n"
    "  -q, --quiet   only what fails\n"
    "  --json        one JSON object a test\n"
    "  --help        this text\n";

struct tester {
	const struct policy *policy;
	const char *path;
	bool quiet, json;
	size_t n, failed;
};

static void
print_json(const struct policy_case *c, size_t index, const char *why)
{
	json_auto_t *o = json_object();

	json_object_set_new(o, "test", json_integer((json_int_t)index));
	json_object_set_new(o, "name",
	    c->name != NULL ? json_string(c->name) : json_null());
	json_object_set_new(o, "passed", json_boolean(why == NULL));
	json_object_set_new(o, "error",
	    why != NULL ? json_string(why) : json_null());
	json_dumpf(o, stdout, JSON_ENSURE_ASCII | JSON_COMPACT);
	fputc('\n', stdout);
}

static void
print_text(const struct tester *t, const struct policy_case *c, size_t index,
    const char *why)
{
	AUTO(free) char *text = NULL;

	if (asprintf(&text, "%s: test %zu%s%s%s: %s\n", t->path, index,
		c->name != NULL ? " '" : "", c->name != NULL ? c->name : "",
		c->name != NULL ? "'" : "", why) < 0)
		text = NULL;
	else
		show_text(stdout, text, strlen(text) - 1);
	fputc('\n', stdout);
}

static int
run_cases(struct tester *t, struct policy_cases *cases)
{
	size_t i;
	int r;

	for (i = 0; i < cases->n; i++) {
		AUTO(free) char *why = NULL;

		r = policy_case_run(&cases->v[i], t->policy, &why);
		if (r < 0)
			return show_error(EXIT_INPUT, "out of memory");
		t->n++;
		t->failed += r == 0;
		if (t->json)
			print_json(&cases->v[i], i, why);
		else if (r == 0)
			print_text(t, &cases->v[i], i, why);
	}
	return -1;
}

static int
run_file(struct tester *t, const char *path)
{
	AUTO_CLEAR(policy_cases_clear) struct policy_cases cases = { 0 };
	AUTO(free) char *text = NULL, *said = NULL;
	struct conf_error e = { 0 };
	int r;

	t->path = path;
	if ((r = input_read(path, POLICY_CASES_MAX_BYTES, &text)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    strerror(-r));
	if ((r = policy_cases_parse(text, strlen(text), &cases, &e)) < 0) {
		said = conf_error_text(&e, path);
		return show_error(EXIT_INPUT, "%s",
		    r == -ENOMEM || said == NULL ? "out of memory" : said);
	}
	return run_cases(t, &cases);
}

int
cmd_policy_test(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO_CLEAR(policyfile_clear) struct policyfile p = { 0 };
	struct tester t = { 0 };
	int c, i, r;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		if (c == 'j') {
			t.json = true;
		} else if (c == 'q') {
			t.quiet = true;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (argc - optind < 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if ((r = policyfile_load(argv[optind], &p)) >= 0)
		return r;
	t.policy = p.policy;
	for (i = optind + 1; i < argc; i++)
		if ((r = run_file(&t, argv[i])) >= 0)
			return r;
	if (!t.json && !t.quiet)
		printf("%zu tests, %zu failed\n", t.n, t.failed);
	/* No test at all is a mistake, not a success. */
	if (t.n == 0)
		return show_error(EXIT_INPUT, "there is no test in there");
	return t.failed > 0 ? EXIT_REFUSED : EXIT_DONE;
}
