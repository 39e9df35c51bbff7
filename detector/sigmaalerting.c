/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "parse.h"
#include "sigmaalerting.h"
#include "yamlread.h"

static int
read_window(const struct yamlnode *map, uint64_t *ret,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "window");

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_SCALAR || parse_duration(n->text, ret) < 0)
		return conf_error(reterr, n->line,
		    "'window' is a duration such as 15m");
	return 0;
}

static int
read_test(const struct yamlnode *n, struct sigma_test *t,
    struct conf_error *reterr)
{
	static const char *const known[] = { "name", "fires", "events" };
	const struct yamlnode *fires = yamlnode_get(n, "fires");
	int r;

	t->line = n->line;
	if (n->kind != YAMLNODE_MAP)
		return conf_error(reterr, n->line,
		    "a test is a map of 'name', 'fires', 'events'");
	if ((r = yamlread_keys(n, known, ARRAY_SIZE(known), reterr)) < 0 ||
	    (r = yamlread_text(n, "name", &t->name, reterr)) < 0 ||
	    (r = yamlread_text(n, "events", &t->events, reterr)) < 0)
		return r;
	if (t->name == NULL || t->events == NULL || fires == NULL ||
	    fires->kind != YAMLNODE_SCALAR ||
	    (strcmp(fires->text, "true") != 0 &&
		strcmp(fires->text, "false") != 0))
		return conf_error(reterr, n->line,
		    "a test has a 'name', 'fires' (true or false) and "
		    "'events'");
	t->fires = fires->text[0] == 't';
	return 0;
}

static int
read_tests(const struct yamlnode *map, struct sigma_alerting *a,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "tests");
	size_t i;
	int r;

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_LIST)
		return conf_error(reterr, n->line, "'tests' is a list");
	if ((a->tests = calloc(n->n + 1, sizeof(*a->tests))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n->n; i++)
		if ((r = read_test(n->items[i], &a->tests[a->n_tests++],
			 reterr)) < 0)
			return r;
	return 0;
}

int
sigmaalerting_read(struct sigma_alerting *a, const struct yamlnode *rule,
    struct conf_error *reterr)
{
	static const char *const known[] = { "dedup", "window", "title",
		"runbook", "tests" };
	static const char *const whose[] = { "server_hostname", "user" };
	const struct yamlnode *map = yamlnode_get(rule, "countersign");
	size_t i;
	int r;

	a->window_s = SIGMA_WINDOW_DEFAULT_S;
	if (map != NULL && map->kind != YAMLNODE_MAP)
		return conf_error(reterr, map->line, "'countersign' is a map");
	if (map != NULL &&
	    ((r = yamlread_keys(map, known, ARRAY_SIZE(known), reterr)) < 0 ||
		(r = yamlread_texts(map, "dedup", &a->dedup, reterr)) < 0 ||
		(r = yamlread_texts(map, "runbook", &a->runbook, reterr)) < 0 ||
		(r = yamlread_text(map, "title", &a->title, reterr)) < 0 ||
		(r = read_window(map, &a->window_s, reterr)) < 0 ||
		(r = read_tests(map, a, reterr)) < 0))
		return r;
	if (a->dedup.n > 0)
		return 0;
	for (i = 0; i < ARRAY_SIZE(whose); i++)
		if ((r = strv_add(&a->dedup, whose[i])) < 0)
			return r;
	return 0;
}

void
sigmaalerting_clear(struct sigma_alerting *a)
{
	strv_clear(&a->dedup);
	strv_clear(&a->runbook);
	free(a->title);
	while (a->n_tests > 0) {
		free(a->tests[--a->n_tests].name);
		free(a->tests[a->n_tests].events);
	}
	free(a->tests);
}
