/* SPDX-License-Identifier: ISC */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "detect.h"
#include "explain.h"
#include "ruleset.h"
#include "stream.h"

static const char usage[] =
    "usage: countersign-detect test [-v] [PATH...]\n"
    "\n"
    "Runs the tests in the rules of these files and folders (or of those that are\n"
    "installed), and says of each that fails which field it was.\n"
    "\n"
    "  --logsources FILE  where the fields of rules are in events\n"
    "  -v                 says also which pass\n"
    "Exit status: 0 all pass, 1 some fail, 2 usage, 3 cannot be read.\n";

struct testing {
	struct ruleset rules;
	bool is_verbose;
	size_t passed, failed, untested;
	/* The test at hand. */
	size_t rule;
	bool fired;
};

static void
hold(void *context, size_t rule, uint64_t time_us, const char *line, size_t len)
{
	struct testing *t = context;

	(void)time_us;
	(void)line;
	(void)len;
	t->fired = t->fired || rule == t->rule;
}

/* Each line of a text. */
static void
each_line(const char *text, void (*take)(void *context, const char *, size_t),
    void *context)
{
	size_t n;

	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		if (n > 0)
			take(context, text, n);
	}
}

static void
feed(void *context, const char *line, size_t len)
{
	stream_line(context, line, len);
}

static void
explain(void *context, const char *line, size_t len)
{
	struct testing *t = context;
	struct record *record;

	if (engine_read(t->rules.engine, line, len, &record) < 0 ||
	    record == NULL)
		puts("    an event is neither JSON nor syslog");
	else
		(void)explain_write(t->rules.engine, t->rule, stdout, "    ");
}

static int
run_test(struct testing *t, const struct sigma_rule *rule,
    const struct sigma_test *test)
{
	const struct stream_out out = { .hold = hold, .context = t };
	struct stream *s =
	    stream_new(t->rules.engine, t->rules.correlate, &out);
	bool is_good;

	if (s == NULL)
		return -1;
	t->fired = false;
	each_line(test->events, feed, s);
	stream_end(s);
	is_good = t->fired == test->fires && stream_stats(s)->unreadable == 0;
	stream_free(s);
	if (is_good) {
		t->passed++;
		if (t->is_verbose)
			printf("ok %s: %s\n", rule->title, test->name);
		return 0;
	}
	t->failed++;
	printf("%s:%zu: FAILED %s: %s: %s\n", rule->path, test->line,
	    rule->title, test->name,
	    t->fired ? "it fires" : "it does not fire");
	each_line(test->events, explain, t);
	return 0;
}

static int
run(struct testing *t)
{
	const struct sigma_rule *rule;
	size_t i, k;

	if (ruleset_load(&t->rules) < 0)
		return DETECT_IO;
	for (i = 0; i < engine_rules(t->rules.engine); i++) {
		rule = engine_rule(t->rules.engine, i);
		t->rule = i;
		t->untested += rule->alerting.n_tests == 0;
		for (k = 0; k < rule->alerting.n_tests; k++)
			if (run_test(t, rule, &rule->alerting.tests[k]) < 0)
				return DETECT_IO;
	}
	printf("%zu rules: %zu tests pass, %zu fail; %zu rules have none\n",
	    engine_rules(t->rules.engine), t->passed, t->failed, t->untested);
	return t->failed > 0 || t->rules.bad > 0 ? DETECT_FAILED : DETECT_DONE;
}

static int
read_options(struct testing *t, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "logsources", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "vh", longs, NULL)) != -1)
		if (opt == 'l')
			t->rules.logsources = optarg;
		else if (opt == 'v')
			t->is_verbose = true;
		else {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		}
	for (; optind < argc; optind++)
		if (strv_add(&t->rules.paths, argv[optind]) < 0)
			return DETECT_IO;
	return -1;
}

int
detect_test(int argc, char **argv)
{
	struct testing t = { 0 };
	int status;

	if ((status = read_options(&t, argc, argv)) < 0)
		status = run(&t);
	ruleset_clear(&t.rules);
	return status;
}
