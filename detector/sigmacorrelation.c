/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "parse.h"
#include "sigmacorrelation.h"
#include "yamlread.h"

static const char *const types[] = { [SIGMA_EVENT_COUNT] = "event_count",
	[SIGMA_VALUE_COUNT] = "value_count",
	[SIGMA_TEMPORAL] = "temporal",
	[SIGMA_TEMPORAL_ORDERED] = "temporal_ordered",
	[SIGMA_FIRST_SEEN] = "first_seen",
	[SIGMA_ABSENCE] = "absence" };

static const struct {
	const char *name;
	unsigned order;
} orders[] = { { "gt", SIGMA_GT }, { "gte", SIGMA_GTE }, { "lt", SIGMA_LT },
	{ "lte", SIGMA_LTE }, { "eq", 0 } };

static int
read_type(struct sigma_correlation *c, const struct yamlnode *map,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "type");
	size_t i;

	for (i = 0;
	     n != NULL && n->kind == YAMLNODE_SCALAR && i < ARRAY_SIZE(types);
	     i++)
		if (strcmp(types[i], n->text) == 0) {
			c->type = (enum sigma_correlation_type)i;
			return 0;
		}
	return conf_error(reterr, n != NULL ? n->line : map->line,
	    "'type' is one of event_count, value_count, temporal, "
	    "temporal_ordered, first_seen, absence");
}

static int
read_timespan(struct sigma_correlation *c, const struct yamlnode *map,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "timespan");

	if (n == NULL || n->kind != YAMLNODE_SCALAR ||
	    parse_duration(n->text, &c->timespan_s) < 0)
		return conf_error(reterr, n != NULL ? n->line : map->line,
		    "'timespan' is a duration such as 5m");
	return 0;
}

static int
read_order(struct sigma_correlation *c, const char *name,
    const struct yamlnode *value, struct conf_error *reterr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		if (strcmp(orders[i].name, name) == 0)
			break;
	if (i == ARRAY_SIZE(orders))
		return conf_error(reterr, value->line,
		    "'%.40s' is not known in this condition", name);
	c->order = orders[i].order;
	if (value->kind != YAMLNODE_SCALAR ||
	    parse_uint(value->text, 1, SIGMACORRELATION_COUNT_MAX, &c->count) <
		0)
		return conf_error(reterr, value->line,
		    "the condition wants a number from 1 to 1,000,000");
	return 0;
}

/* { gte: 10, field: User } */
static int
read_condition(struct sigma_correlation *c, const struct yamlnode *map,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "condition");
	bool is_counting =
	    c->type == SIGMA_EVENT_COUNT || c->type == SIGMA_VALUE_COUNT;
	size_t i;
	int r;

	if (n == NULL && !is_counting)
		return 0;
	if (n == NULL || n->kind != YAMLNODE_MAP || !is_counting)
		return conf_error(reterr, n != NULL ? n->line : map->line,
		    is_counting
			? "a count has a 'condition' such as { gte: 10 }"
			: "only event_count and value_count have a "
			  "'condition'");
	for (i = 0; i < n->n; i++)
		if (strcmp(n->keys[i]->text, "field") == 0) {
			if (n->items[i]->kind != YAMLNODE_SCALAR ||
			    c->field != NULL)
				return conf_error(reterr, n->items[i]->line,
				    "'field' is one name");
			if ((c->field = strdup(n->items[i]->text)) == NULL)
				return -ENOMEM;
		} else if (c->count > 0)
			return conf_error(reterr, n->keys[i]->line,
			    "a condition has one comparison");
		else if ((r = read_order(c, n->keys[i]->text, n->items[i],
			      reterr)) < 0)
			return r;
	if (c->count == 0)
		return conf_error(reterr, n->line,
		    "the condition says no number");
	/* A count that is small is so before anything has come. */
	if (c->order == SIGMA_LT || c->order == SIGMA_LTE || c->order == 0)
		return conf_error(reterr, n->line,
		    "only gt and gte: what is less, or equal at one moment, "
		    "depends on when one looks");
	return 0;
}

static int
read_field(struct sigma_correlation *c, const struct yamlnode *map,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "field");

	if (n == NULL || n->kind != YAMLNODE_SCALAR)
		return n == NULL
		    ? 0
		    : conf_error(reterr, n->line, "'field' is one name");
	if (c->field != NULL)
		return conf_error(reterr, n->line, "'field' is said twice");
	return (c->field = strdup(n->text)) == NULL ? -ENOMEM : 0;
}

/* name: { rule: field } */
static int
read_aliases(struct sigma_correlation *c, const struct yamlnode *map,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "aliases"), *of;
	struct sigma_alias *a;
	size_t i, k, all = 0;

	if (n == NULL)
		return 0;
	for (i = 0; n->kind == YAMLNODE_MAP && i < n->n; i++)
		all += n->items[i]->n;
	if ((c->aliases = calloc(all + 1, sizeof(*c->aliases))) == NULL)
		return -ENOMEM;
	for (i = 0; n->kind == YAMLNODE_MAP && i < n->n; i++) {
		of = n->items[i];
		for (k = 0; of->kind == YAMLNODE_MAP && k < of->n; k++) {
			a = &c->aliases[c->n_aliases++];
			a->name = strdup(n->keys[i]->text);
			a->rule = strdup(of->keys[k]->text);
			a->field = of->items[k]->kind == YAMLNODE_SCALAR
			    ? strdup(of->items[k]->text)
			    : NULL;
			if (a->name == NULL || a->rule == NULL)
				return -ENOMEM;
			if (a->field == NULL)
				return conf_error(reterr, of->line,
				    "an alias is a name, and of each rule a "
				    "field");
		}
	}
	return 0;
}

static int
check(const struct sigma_correlation *c, size_t line, struct conf_error *reterr)
{
	bool wants_field =
	    c->type == SIGMA_VALUE_COUNT || c->type == SIGMA_FIRST_SEEN;

	if (c->rules.n == 0 || c->rules.n > SIGMACORRELATION_RULES_MAX)
		return conf_error(reterr, line,
		    "a correlation has 1 to %d 'rules'",
		    SIGMACORRELATION_RULES_MAX);
	if (c->type == SIGMA_ABSENCE && c->rules.n != 2)
		return conf_error(reterr, line,
		    "absence has two rules: what is there, and what is missing "
		    "after it");
	if ((c->type == SIGMA_TEMPORAL || c->type == SIGMA_TEMPORAL_ORDERED) &&
	    c->rules.n < 2)
		return conf_error(reterr, line,
		    "one rule alone has no order in time");
	if (wants_field && c->field == NULL)
		return conf_error(reterr, line,
		    "it is not said of which 'field'");
	if (c->type == SIGMA_VALUE_COUNT &&
	    c->count > SIGMACORRELATION_VALUES_MAX)
		return conf_error(reterr, line,
		    "at most %d values are told apart",
		    SIGMACORRELATION_VALUES_MAX);
	return 0;
}

int
sigmacorrelation_read(struct sigma_correlation *c,
    const struct yamlnode *document, struct conf_error *reterr)
{
	static const char *const known[] = { "type", "rules", "group-by",
		"timespan", "condition", "aliases", "generate", "field" };
	const struct yamlnode *map = yamlnode_get(document, "correlation");
	int r;

	if (map->kind != YAMLNODE_MAP)
		return conf_error(reterr, map->line, "'correlation' is a map");
	if ((r = yamlread_keys(map, known, ARRAY_SIZE(known), reterr)) < 0 ||
	    (r = read_type(c, map, reterr)) < 0 ||
	    (r = yamlread_texts(map, "rules", &c->rules, reterr)) < 0 ||
	    (r = yamlread_texts(map, "group-by", &c->group_by, reterr)) < 0 ||
	    (r = read_timespan(c, map, reterr)) < 0 ||
	    (r = read_condition(c, map, reterr)) < 0 ||
	    (r = read_field(c, map, reterr)) < 0 ||
	    (r = read_aliases(c, map, reterr)) < 0 ||
	    (r = yamlread_flag(document, "generate", &c->generates, reterr)) <
		0 ||
	    (r = yamlread_flag(map, "generate", &c->generates, reterr)) < 0)
		return r;
	return check(c, map->line, reterr);
}

void
sigmacorrelation_clear(struct sigma_correlation *c)
{
	strv_clear(&c->rules);
	strv_clear(&c->group_by);
	free(c->field);
	while (c->n_aliases > 0) {
		free(c->aliases[--c->n_aliases].name);
		free(c->aliases[c->n_aliases].rule);
		free(c->aliases[c->n_aliases].field);
	}
	free(c->aliases);
}
