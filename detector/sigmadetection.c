/* SPDX-License-Identifier: ISC */
/* A search is a map (all of its fields), a list of maps (one of them), or a list
 * of texts (one of these, anywhere). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "cidr.h"
#include "sigmadetection.h"

static const struct {
	const char *name;
	unsigned bits;
} modifiers[] = { { "contains", SIGMA_CONTAINS },
	{ "startswith", SIGMA_STARTSWITH }, { "endswith", SIGMA_ENDSWITH },
	{ "all", SIGMA_ALL }, { "re", SIGMA_RE }, { "i", SIGMA_RE_I },
	{ "m", SIGMA_RE_M }, { "s", SIGMA_RE_S }, { "cidr", SIGMA_CIDR },
	{ "exists", SIGMA_EXISTS }, { "fieldref", SIGMA_FIELDREF },
	{ "windash", SIGMA_WINDASH }, { "base64", SIGMA_BASE64 },
	{ "base64offset", SIGMA_BASE64OFFSET }, { "wide", SIGMA_UTF16LE },
	{ "utf16le", SIGMA_UTF16LE }, { "utf16be", SIGMA_UTF16BE },
	{ "utf16", SIGMA_UTF16 }, { "gt", SIGMA_GT }, { "gte", SIGMA_GTE },
	{ "lt", SIGMA_LT }, { "lte", SIGMA_LTE }, { "cased", SIGMA_CASED },
	{ "expand", SIGMA_EXPAND } };

#define PLACES	 (SIGMA_CONTAINS | SIGMA_STARTSWITH | SIGMA_ENDSWITH)
#define RE_FLAGS (SIGMA_RE_I | SIGMA_RE_M | SIGMA_RE_S)
#define ENCODERS                                                             \
	(SIGMA_BASE64 | SIGMA_BASE64OFFSET | SIGMA_UTF16LE | SIGMA_UTF16BE | \
	    SIGMA_UTF16 | SIGMA_WINDASH)
#define ORDERS (SIGMA_GT | SIGMA_GTE | SIGMA_LT | SIGMA_LTE)

/* What excludes the rest but these. */
static const struct {
	unsigned bit, with;
	const char *name;
} alone[] = { { SIGMA_RE, RE_FLAGS | SIGMA_ALL | SIGMA_CASED, "re" },
	{ SIGMA_CIDR, SIGMA_ALL, "cidr" }, { SIGMA_EXISTS, 0, "exists" },
	{ SIGMA_FIELDREF, PLACES | SIGMA_ALL | SIGMA_CASED, "fieldref" },
	{ SIGMA_GT, SIGMA_ALL, "gt" }, { SIGMA_GTE, SIGMA_ALL, "gte" },
	{ SIGMA_LT, SIGMA_ALL, "lt" }, { SIGMA_LTE, SIGMA_ALL, "lte" } };

static int
read_modifier(const char *name, size_t n, size_t line, unsigned *modifiers_ret,
    struct conf_error *reterr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modifiers); i++)
		if (strlen(modifiers[i].name) == n &&
		    strncmp(modifiers[i].name, name, n) == 0) {
			*modifiers_ret |= modifiers[i].bits;
			return 0;
		}
	return conf_error(reterr, line, "the modifier '%.*s' is not known",
	    n < 60 ? (int)n : 60, name);
}

static int
check_modifiers(unsigned m, size_t line, struct conf_error *reterr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(alone); i++)
		if ((m & alone[i].bit) != 0 &&
		    (m & ~(alone[i].bit | alone[i].with)) != 0)
			return conf_error(reterr, line,
			    "'%s' does not go with the other modifiers here",
			    alone[i].name);
	if ((m & RE_FLAGS) != 0 && (m & SIGMA_RE) == 0)
		return conf_error(reterr, line, "'i', 'm' and 's' follow 're'");
	if (((m & PLACES) & ((m & PLACES) - 1)) != 0)
		return conf_error(reterr, line,
		    "only one of contains, startswith, endswith");
	if ((m & SIGMA_BASE64) != 0 && (m & SIGMA_BASE64OFFSET) != 0)
		return conf_error(reterr, line,
		    "only one of base64, base64offset");
	return 0;
}

/* "Image|endswith|all" */
static int
read_key(const struct yamlnode *key, struct sigma_item *ret,
    struct conf_error *reterr)
{
	const char *p = key->text;
	size_t n = strcspn(p, "|");
	int r;

	if (n > 0 && (ret->field = strndup(p, n)) == NULL)
		return -ENOMEM;
	ret->line = key->line;
	for (p += n; *p == '|'; p += n) {
		n = strcspn(++p, "|");
		if ((r = read_modifier(p, n, key->line, &ret->modifiers,
			 reterr)) < 0)
			return r;
	}
	return check_modifiers(ret->modifiers, key->line, reterr);
}

static bool
is_number(const struct yamlnode *n, double *ret)
{
	char *end;

	if (!n->is_plain || n->len == 0 ||
	    n->text[strspn(n->text, "+-.0123456789eE")] != '\0' ||
	    n->text[strcspn(n->text, "0123456789")] == '\0')
		return false;
	*ret = strtod(n->text, &end);
	return *end == '\0' && isfinite(*ret);
}

static int
check_value(const struct sigma_item *item, const struct sigma_value *v,
    size_t line, struct conf_error *reterr)
{
	struct cidr c;

	if ((item->modifiers & ORDERS) != 0 && v->kind != SIGMA_NUMBER)
		return conf_error(reterr, line,
		    "gt, gte, lt and lte want a number");
	if ((item->modifiers & SIGMA_CIDR) != 0 &&
	    (v->kind != SIGMA_TEXT || cidr_parse(v->text, &c) < 0))
		return conf_error(reterr, line, "this is no network address");
	if ((item->modifiers & SIGMA_EXISTS) != 0 &&
	    (v->kind != SIGMA_TEXT ||
		(strcmp(v->text, "true") != 0 &&
		    strcmp(v->text, "false") != 0)))
		return conf_error(reterr, line, "exists wants true or false");
	if (v->kind == SIGMA_NULL &&
	    (item->modifiers != 0 || item->field == NULL))
		return conf_error(reterr, line,
		    "null goes with a field and no modifier");
	if (item->field == NULL && v->kind == SIGMA_TEXT && v->len == 0)
		return conf_error(reterr, line,
		    "a keyword that is empty is in every event");
	return 0;
}

static int
read_value(struct sigma_item *item, const struct yamlnode *n,
    struct conf_error *reterr)
{
	struct sigma_value *v = &item->values[item->n];

	if (n->kind != YAMLNODE_SCALAR)
		return conf_error(reterr, n->line,
		    "a field has texts and numbers");
	if ((v->text = malloc(n->len + 1)) == NULL)
		return -ENOMEM;
	memcpy(v->text, n->text, n->len + 1);
	v->len = n->len;
	v->kind = yamlnode_is_null(n)  ? SIGMA_NULL
	    : is_number(n, &v->number) ? SIGMA_NUMBER
				       : SIGMA_TEXT;
	item->n++;
	return check_value(item, v, n->line, reterr);
}

/* One value, or a list of them. */
static int
read_values(struct sigma_item *item, const struct yamlnode *n,
    struct conf_error *reterr)
{
	size_t i, count = n->kind == YAMLNODE_LIST ? n->n : 1;
	int r;

	if (count == 0 || count > SIGMARULE_VALUES_MAX)
		return conf_error(reterr, n->line,
		    count == 0 ? "a list is empty: nothing is in it"
			       : "a list has more than 65,536 values");
	if ((item->values = calloc(count, sizeof(*item->values))) == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		if ((r = read_value(item,
			 n->kind == YAMLNODE_LIST ? n->items[i] : n, reterr)) <
		    0)
			return r;
	return 0;
}

static int
read_map(struct sigma_group *g, const struct yamlnode *map,
    struct conf_error *reterr)
{
	size_t i;
	int r;

	if (map->n == 0)
		return conf_error(reterr, map->line, "a search has no field");
	if ((g->items = calloc(map->n, sizeof(*g->items))) == NULL)
		return -ENOMEM;
	for (i = 0; i < map->n; i++) {
		g->n++;
		if ((r = read_key(map->keys[i], &g->items[i], reterr)) < 0 ||
		    (r = read_values(&g->items[i], map->items[i], reterr)) < 0)
			return r;
	}
	return 0;
}

/* Texts that are anywhere in the event. */
static int
read_keyword(struct sigma_group *g, const struct yamlnode *n,
    struct conf_error *reterr)
{
	if ((g->items = calloc(1, sizeof(*g->items))) == NULL)
		return -ENOMEM;
	g->n = 1;
	g->items->line = n->line;
	return read_values(g->items, n, reterr);
}

static int
read_search(struct sigma_search *s, const struct yamlnode *n,
    struct conf_error *reterr)
{
	size_t i, count = n->kind == YAMLNODE_LIST ? n->n : 1;
	const struct yamlnode *item;
	int r;

	if (count == 0)
		return conf_error(reterr, n->line, "a search is empty");
	if ((s->groups = calloc(count, sizeof(*s->groups))) == NULL)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		item = n->kind == YAMLNODE_LIST ? n->items[i] : n;
		if (item->kind == YAMLNODE_LIST)
			return conf_error(reterr, item->line,
			    "a list in a list is no search");
		s->n++;
		r = item->kind == YAMLNODE_MAP
		    ? read_map(&s->groups[i], item, reterr)
		    : read_keyword(&s->groups[i], item, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One condition, or a list: any of them, in brackets each. */
static int
join_conditions(const struct yamlnode *n, char **ret, struct conf_error *reterr)
{
	size_t i, size = 1, count = n->kind == YAMLNODE_LIST ? n->n : 1;
	const struct yamlnode *item;
	char *p;

	for (i = 0; i < count; i++) {
		item = n->kind == YAMLNODE_LIST ? n->items[i] : n;
		if (item->kind != YAMLNODE_SCALAR ||
		    strlen(item->text) != item->len)
			return conf_error(reterr, item->line,
			    "a 'condition' is a text");
		size += item->len + sizeof("() or ");
	}
	if ((p = *ret = malloc(size)) == NULL)
		return -ENOMEM;
	*p = '\0';
	for (i = 0; i < count; i++) {
		item = n->kind == YAMLNODE_LIST ? n->items[i] : n;
		p += sprintf(p, "%s(%s)", i > 0 ? " or " : "", item->text);
	}
	return 0;
}

/* Not whether it holds, but how bad it is. */
static bool
is_for_level(const struct sigma_alerting *a, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(a->severe); i++)
		if (strv_has(&a->severe[i], name))
			return true;
	return false;
}

static int
read_condition(struct sigma_rule *r, const struct yamlnode *detection,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(detection, "condition");
	AUTO(free) char *text = NULL;
	char why[SIGMACOND_TEXT_MAX];
	size_t i;
	int x;

	if (n == NULL || n->kind == YAMLNODE_MAP)
		return conf_error(reterr, detection->line,
		    "a 'detection' has a 'condition'");
	if ((x = join_conditions(n, &text, reterr)) < 0)
		return x;
	x = sigmacond_parse(text, &r->names, &r->condition, why);
	if (x == -EINVAL)
		return conf_error(reterr, n->line, "%s", why);
	for (i = 0; x == 0 && i < r->names.n; i++)
		if (!sigmacond_uses(r->condition, i) &&
		    !is_for_level(&r->alerting, r->names.v[i]))
			return conf_error(reterr, n->line,
			    "the condition does not ask for '%.60s'",
			    r->names.v[i]);
	return x;
}

int
sigmadetection_read(struct sigma_rule *r, const struct yamlnode *d,
    const char *beside, struct conf_error *reterr)
{
	size_t i;
	int x;

	if ((r->searches = calloc(d->n, sizeof(*r->searches))) == NULL)
		return -ENOMEM;
	for (i = 0; i < d->n; i++) {
		if (strcmp(d->keys[i]->text, "condition") == 0 ||
		    (beside != NULL && strcmp(d->keys[i]->text, beside) == 0))
			continue;
		if ((x = strv_add(&r->names, d->keys[i]->text)) < 0 ||
		    (x = read_search(&r->searches[r->names.n - 1], d->items[i],
			 reterr)) < 0)
			return x;
	}
	return read_condition(r, d, reterr);
}

static void
clear_group(struct sigma_group *g)
{
	struct sigma_item *item;

	for (item = g->items; g->n > 0; item++, g->n--) {
		while (item->n > 0)
			free(item->values[--item->n].text);
		free(item->values);
		free(item->field);
	}
	free(g->items);
}

void
sigmadetection_clear(struct sigma_rule *r)
{
	size_t i, k;

	for (i = 0; i < r->names.n; i++) {
		for (k = 0; k < r->searches[i].n; k++)
			clear_group(&r->searches[i].groups[k]);
		free(r->searches[i].groups);
	}
	free(r->searches);
	strv_clear(&r->names);
	sigmacond_free(r->condition);
}
