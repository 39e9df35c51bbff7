/* SPDX-License-Identifier: ISC */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "auto.h"
#include "detect.h"
#include "rulefile.h"
#include "ruleset.h"

static const char usage[] =
    "usage: countersign-detect lint [--syntax] [PATH...]\n"
    "\n"
    "Says of each Sigma rule in these files, or in *.yml and *.yaml below these\n"
    "folders (or of those that are installed), what is wrong with it: no test that\n"
    "fires or none that does not, a field or an event that there is not, an ATT&CK\n"
    "technique that there is not, a condition that cannot be true, no id, the id of\n"
    "another.\n"
    "\n"
    "  --syntax           only whether each can be read\n"
    "  --logsources FILE  where the fields of rules are in events\n"
    "  --attack FILE      which techniques there are\n"
    "Exit status: 0 nothing is wrong, 1 something is, 2 usage, 3 cannot be opened.\n";

struct lint {
	struct ruleset rules;
	const char *attack;
	struct attack techniques;
	bool is_syntax;
	size_t good, bad;
};

/* ---- syntax ------------------------------------------------------------------ */

static void
take(void *context, struct sigma_rule *rule)
{
	struct lint *l = context;

	l->good++;
	sigmarule_free(rule);
}

static void
fail(void *context, const char *path, const struct conf_error *e)
{
	AUTO(free) char *text = conf_error_text(e, path);
	struct lint *l = context;

	l->bad++;
	fprintf(stderr, "%s\n", text != NULL ? text : path);
}

static int
lint_syntax(struct lint *l)
{
	const struct rulefile_reader reader = { take, NULL, fail, l };
	size_t i;
	int r;

	for (i = 0; i < l->rules.paths.n; i++)
		if ((r = rulefile_read(l->rules.paths.v[i], &reader)) < 0) {
			fprintf(stderr,
			    "countersign-detect: cannot open '%s': %s\n",
			    l->rules.paths.v[i], strerror(-r));
			return DETECT_IO;
		}
	printf("%zu rules can be read, %zu cannot\n", l->good, l->bad);
	return l->bad > 0 ? DETECT_FAILED : DETECT_DONE;
}

/* ---- more than syntax -------------------------------------------------------- */

static void
say(struct lint *l, const struct sigma_rule *rule, const char *what,
    const char *about)
{
	l->bad++;
	fprintf(stderr, "%s:%zu: %s: %s%s\n", rule->path, rule->line,
	    rule->title, what, about);
}

static void
check_tests(struct lint *l, const struct sigma_rule *rule)
{
	bool fires = false, stays = false;
	size_t i;

	for (i = 0; i < rule->alerting.n_tests; i++) {
		fires = fires || rule->alerting.tests[i].fires;
		stays = stays || !rule->alerting.tests[i].fires;
	}
	if (!fires || !stays)
		say(l, rule,
		    fires	? "no test says what it does not fire for"
			: stays ? "no test says what it fires for"
				: "it has no tests",
		    "");
}

static void
check_id(struct lint *l, size_t i)
{
	const struct sigma_rule *rule = engine_rule(l->rules.engine, i), *other;
	size_t k;

	if (rule->id == NULL) {
		say(l, rule, "it has no id", "");
		return;
	}
	for (k = 0; k < i; k++) {
		other = engine_rule(l->rules.engine, k);
		if (other->id != NULL && strcmp(other->id, rule->id) == 0)
			say(l, rule, "its id is that of ", other->title);
	}
}

/* "{name}"s that nothing has, or a `dedup` that makes all alerts one. */
static void
check_names(struct lint *l, const struct sigma_rule *rule, const char *text)
{
	char name[FIELDTREE_NAME_MAX + 1];
	const char *end;
	size_t n;

	while (text != NULL && (text = strchr(text, '{')) != NULL &&
	    (end = strchr(text, '}')) != NULL) {
		n = (size_t)(end - text) - 1;
		if (n < sizeof(name)) {
			memcpy(name, text + 1, n);
			name[n] = '\0';
			if (!engine_knows(l->rules.engine, name))
				say(l, rule,
				    "no event has what its text wants: ", name);
		}
		text = end;
	}
}

static void
check_alerting(struct lint *l, const struct sigma_rule *rule)
{
	const struct sigma_alerting *a = &rule->alerting;
	size_t i;

	for (i = 0; i < a->dedup.n; i++)
		if (!engine_knows(l->rules.engine, a->dedup.v[i]))
			say(l, rule, "no event has what its dedup is of: ",
			    a->dedup.v[i]);
	check_names(l, rule, a->title);
	for (i = 0; i < a->runbook.n; i++)
		check_names(l, rule, a->runbook.v[i]);
	for (i = 0; i < a->n_respond; i++)
		if (a->respond[i].action == SIGMA_END &&
		    !strv_has(&a->dedup, "connection_id"))
			say(l, rule,
			    "it ends connections, and only the first of several: "
			    "its dedup needs connection_id",
			    "");
}

static void
check_rule(struct lint *l, size_t i)
{
	const struct sigma_rule *rule = engine_rule(l->rules.engine, i);
	const char *name;
	size_t k;

	check_id(l, i);
	check_alerting(l, rule);
	for (k = 0; k < rule->tags.n; k++)
		if (!attack_has(&l->techniques, rule->tags.v[k]))
			say(l, rule, "there is no ", rule->tags.v[k]);
	if ((name = engine_unknown(l->rules.engine, i)) != NULL)
		say(l, rule, "no event has, or is, ", name);
	if ((name = engine_mistyped(l->rules.engine, i)) != NULL)
		say(l, rule, "it is asked for what it cannot be: ", name);
	if (rule->kind == SIGMA_EVENT_RULE &&
	    !engine_can_hold(l->rules.engine, i))
		say(l, rule, "no event can make its condition true", "");
	/* What only serves a correlation is tested with it. */
	if (!correlate_is_part(l->rules.correlate, i))
		check_tests(l, rule);
}

static int
lint_all(struct lint *l)
{
	const char *attack = l->attack != NULL ? l->attack : CS_ATTACK;
	size_t i;
	int r;

	if ((r = attack_read(attack, &l->techniques)) < 0) {
		fprintf(stderr, "countersign-detect: cannot read '%s': %s\n",
		    attack, strerror(-r));
		return DETECT_IO;
	}
	if (ruleset_load(&l->rules) < 0)
		return DETECT_IO;
	for (i = 0; i < engine_rules(l->rules.engine); i++)
		check_rule(l, i);
	printf("%zu rules; %zu problems\n", engine_rules(l->rules.engine),
	    l->bad + l->rules.bad);
	return l->bad + l->rules.bad > 0 ? DETECT_FAILED : DETECT_DONE;
}

static int
read_options(struct lint *l, int argc, char **argv)
{
	static const struct option longs[] = { { "syntax", no_argument, NULL,
						   's' },
		{ "logsources", required_argument, NULL, 'l' },
		{ "attack", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (opt == 's')
			l->is_syntax = true;
		else if (opt == 'l')
			l->rules.logsources = optarg;
		else if (opt == 'a')
			l->attack = optarg;
		else {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		}
	for (; optind < argc; optind++)
		if (strv_add(&l->rules.paths, argv[optind]) < 0)
			return DETECT_IO;
	if (!l->is_syntax || l->rules.paths.n > 0)
		return -1;
	fputs(usage, stderr);
	return DETECT_USAGE;
}

int
detect_lint(int argc, char **argv)
{
	struct lint l = { 0 };
	int status = read_options(&l, argc, argv);

	if (status < 0)
		status = l.is_syntax ? lint_syntax(&l) : lint_all(&l);
	ruleset_clear(&l.rules);
	return status;
}
