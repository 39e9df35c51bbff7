/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "parse.h"
#include "sigmaalerting.h"
#include "yamlread.h"

#define RESPONSES_MAX 8

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

static int
read_lock(const struct yamlnode *n, struct sigma_response *r,
    struct conf_error *reterr)
{
	static const char *const targets[] = { "user", "login", "serial" };
	const struct yamlnode *time = yamlnode_get(n, "for");
	size_t i;
	int x;

	r->action = SIGMA_LOCK;
	if ((x = yamlread_text(n, "lock", &r->what, reterr)) < 0)
		return x;
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (strcmp(r->what, targets[i]) == 0)
			break;
	if (i == ARRAY_SIZE(targets))
		return conf_error(reterr, n->line,
		    "'lock' is user, login or serial");
	if (time == NULL || time->kind != YAMLNODE_SCALAR ||
	    parse_duration(time->text, &r->for_s) < 0 || r->for_s == 0)
		return conf_error(reterr, n->line,
		    "a lock has an end: 'for' with a duration such as 1h");
	return 0;
}

static int
read_response(const struct yamlnode *n, struct sigma_response *r,
    struct conf_error *reterr)
{
	static const char *const known[] = { "end", "lock", "for", "run" };
	bool ends = yamlnode_get(n, "end") != NULL;
	bool locks = yamlnode_get(n, "lock") != NULL;
	bool runs = yamlnode_get(n, "run") != NULL;
	int x;

	if (n->kind != YAMLNODE_MAP || ends + locks + runs != 1)
		return conf_error(reterr, n->line,
		    "a response is one of 'end: connection', 'lock: user' "
		    "with 'for', 'run: NAME'");
	if ((x = yamlread_keys(n, known, ARRAY_SIZE(known), reterr)) < 0)
		return x;
	if (locks)
		return read_lock(n, r, reterr);
	if (yamlnode_get(n, "for") != NULL)
		return conf_error(reterr, n->line, "only a lock has a 'for'");
	r->action = ends ? SIGMA_END : SIGMA_RUN;
	if ((x = yamlread_text(n, ends ? "end" : "run", &r->what, reterr)) < 0)
		return x;
	if (ends && strcmp(r->what, "connection") != 0)
		return conf_error(reterr, n->line, "'end' is connection");
	if (runs && !is_simple_name(r->what))
		return conf_error(reterr, n->line,
		    "'run' is the name of a command in respond.json");
	return 0;
}

static int
read_respond(const struct yamlnode *map, struct sigma_alerting *a,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "respond");
	size_t i;
	int r;

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_LIST || n->n > RESPONSES_MAX)
		return conf_error(reterr, n->line,
		    "'respond' is a list of at most 8 responses");
	if ((a->respond = calloc(n->n + 1, sizeof(*a->respond))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n->n; i++)
		if ((r = read_response(n->items[i], &a->respond[a->n_respond++],
			 reterr)) < 0)
			return r;
	return 0;
}

/* Levels, and the searches that make the alert so bad. */
static int
read_levels(const struct yamlnode *map, struct sigma_alerting *a,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "levels");
	enum sigma_level level;
	size_t i;
	int r;

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_MAP)
		return conf_error(reterr, n->line,
		    "'levels' is a map such as 'critical: SEARCH'");
	for (i = 0; i < n->n; i++) {
		if (sigma_level_parse(n->keys[i]->text, &level) < 0)
			return conf_error(reterr, n->keys[i]->line,
			    "'%.40s' is no level", n->keys[i]->text);
		if ((r = yamlread_list(n->items[i], "levels", &a->severe[level],
			 reterr)) < 0)
			return r;
	}
	return 0;
}

static int
read_flood(const struct yamlnode *map, uint64_t *ret, struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "flood");

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_SCALAR ||
	    parse_uint(n->text, 0, UINT32_MAX, ret) < 0)
		return conf_error(reterr, n->line,
		    "'flood' is a number of alerts in an hour; 0 for any");
	return 0;
}

static bool
ends_connections(const struct sigma_alerting *a)
{
	size_t i;

	for (i = 0; i < a->n_respond; i++)
		if (a->respond[i].action == SIGMA_END)
			return true;
	return false;
}

int
sigmaalerting_read(struct sigma_alerting *a, const struct yamlnode *rule,
    struct conf_error *reterr)
{
	static const char *const known[] = { "dedup", "window", "title",
		"runbook", "respond", "levels", "flood", "tests" };
	static const char *const whose[] = { "server_hostname", "user" };
	const struct yamlnode *map = yamlnode_get(rule, "countersign");
	size_t i;
	int r;

	a->window_s = SIGMA_WINDOW_DEFAULT_S;
	a->flood = SIGMA_FLOOD_DEFAULT;
	if (map != NULL && map->kind != YAMLNODE_MAP)
		return conf_error(reterr, map->line, "'countersign' is a map");
	if (map != NULL &&
	    ((r = yamlread_keys(map, known, ARRAY_SIZE(known), reterr)) < 0 ||
		(r = yamlread_texts(map, "dedup", &a->dedup, reterr)) < 0 ||
		(r = yamlread_texts(map, "runbook", &a->runbook, reterr)) < 0 ||
		(r = yamlread_text(map, "title", &a->title, reterr)) < 0 ||
		(r = read_window(map, &a->window_s, reterr)) < 0 ||
		(r = read_levels(map, a, reterr)) < 0 ||
		(r = read_flood(map, &a->flood, reterr)) < 0 ||
		(r = read_respond(map, a, reterr)) < 0 ||
		(r = read_tests(map, a, reterr)) < 0))
		return r;
	if (a->dedup.n > 0)
		return 0;
	for (i = 0; i < ARRAY_SIZE(whose); i++)
		if ((r = strv_add(&a->dedup, whose[i])) < 0)
			return r;
	/* Each connection that is to end is an alert of its own. */
	return ends_connections(a) ? strv_add(&a->dedup, "connection_id") : 0;
}

void
sigmaalerting_clear(struct sigma_alerting *a)
{
	size_t i;

	strv_clear(&a->dedup);
	strv_clear(&a->runbook);
	for (i = 0; i < ARRAY_SIZE(a->severe); i++)
		strv_clear(&a->severe[i]);
	free(a->title);
	while (a->n_respond > 0)
		free(a->respond[--a->n_respond].what);
	free(a->respond);
	while (a->n_tests > 0) {
		free(a->tests[--a->n_tests].name);
		free(a->tests[a->n_tests].events);
	}
	free(a->tests);
}
