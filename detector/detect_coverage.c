/* SPDX-License-Identifier: ISC */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "auto.h"
#include "detect.h"
#include "ruleset.h"

static const char usage[] =
    "usage: countersign-detect coverage [--navigator] [PATH...]\n"
    "\n"
    "Says for each ATT&CK technique which rules in these files and folders (or of\n"
    "those that are installed) find it.\n"
    "\n"
    "  --navigator        a layer for the ATT&CK Navigator, as JSON\n"
    "  --logsources FILE  where the fields of rules are in events\n"
    "Exit status: 0 done, 1 a rule cannot be read, 2 usage, 3 cannot be read.\n";

struct found {
	char technique[ATTACK_TEXT_MAX];
	const struct sigma_rule *rule;
};

struct coverage {
	struct ruleset rules;
	bool is_layer;
	struct found *found;
	size_t n;
	size_t untagged;
};

static int
by_technique(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int c = strcmp(x->technique, y->technique);

	return c != 0 ? c : strcmp(x->rule->title, y->rule->title);
}

static int
gather(struct coverage *c)
{
	const struct sigma_rule *rule;
	size_t i, k, all = 0, had;

	for (i = 0; i < engine_rules(c->rules.engine); i++)
		all += engine_rule(c->rules.engine, i)->tags.n;
	if ((c->found = calloc(all + 1, sizeof(*c->found))) == NULL)
		return -1;
	for (i = 0; i < engine_rules(c->rules.engine); i++) {
		rule = engine_rule(c->rules.engine, i);
		had = c->n;
		for (k = 0; k < rule->tags.n; k++)
			if (attack_technique(rule->tags.v[k],
				c->found[c->n].technique) != NULL)
				c->found[c->n++].rule = rule;
		/* What is only a part of others is no rule of its own. */
		c->untagged +=
		    had == c->n && !correlate_is_part(c->rules.correlate, i);
	}
	qsort(c->found, c->n, sizeof(*c->found), by_technique);
	return 0;
}

static size_t
same_as(const struct coverage *c, size_t i)
{
	size_t n = 1;

	while (i + n < c->n &&
	    strcmp(c->found[i].technique, c->found[i + n].technique) == 0)
		n++;
	return n;
}

static void
write_table(const struct coverage *c)
{
	size_t i, k, n, techniques = 0;

	for (i = 0; i < c->n; i += n, techniques++) {
		n = same_as(c, i);
		printf("%-10s %zu\n", c->found[i].technique, n);
		for (k = i; k < i + n; k++)
			printf("           %-13s %s\n",
			    sigma_level_name(c->found[k].rule->level),
			    c->found[k].rule->title);
	}
	printf("%zu techniques, %zu rules; %zu rules name none\n", techniques,
	    engine_rules(c->rules.engine), c->untagged);
}

/* The format of ATT&CK Navigator layers, 4.5. */
static int
write_layer(const struct coverage *c)
{
	json_auto_t *list = json_array(), *layer = NULL;
	size_t i, k, n;

	for (i = 0; i < c->n; i += n) {
		json_t *titles = json_array();

		n = same_as(c, i);
		for (k = i; k < i + n; k++)
			(void)json_array_append_new(titles,
			    json_pack("{s:s, s:s}", "name",
				sigma_level_name(c->found[k].rule->level),
				"value", c->found[k].rule->title));
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:I, s:o}", "techniqueID",
			c->found[i].technique, "score", (json_int_t)n,
			"metadata", titles));
	}
	layer = json_pack("{s:s, s:{s:s, s:s}, s:s, s:O}", "name",
	    "countersign-detect", "versions", "layer", "4.5", "navigator",
	    "4.9.1", "domain", "enterprise-attack", "techniques", list);
	if (layer == NULL || json_dumpf(layer, stdout, JSON_INDENT(1)) < 0 ||
	    putchar('\n') == EOF)
		return DETECT_IO;
	return DETECT_DONE;
}

static int
read_options(struct coverage *c, int argc, char **argv)
{
	static const struct option longs[] = { { "navigator", no_argument, NULL,
						   'n' },
		{ "logsources", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (opt == 'n')
			c->is_layer = true;
		else if (opt == 'l')
			c->rules.logsources = optarg;
		else {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		}
	for (; optind < argc; optind++)
		if (strv_add(&c->rules.paths, argv[optind]) < 0)
			return DETECT_IO;
	return -1;
}

int
detect_coverage(int argc, char **argv)
{
	struct coverage c = { 0 };
	int status;

	if ((status = read_options(&c, argc, argv)) < 0) {
		if (ruleset_load(&c.rules) < 0 || gather(&c) < 0)
			status = DETECT_IO;
		else if (c.is_layer)
			status = write_layer(&c);
		else
			write_table(&c);
		if (status < 0)
			status = c.rules.bad > 0 ? DETECT_FAILED : DETECT_DONE;
	}
	free(c.found);
	ruleset_clear(&c.rules);
	return status;
}
