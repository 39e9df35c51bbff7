/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "placeholders.h"
#include "yamlread.h"

int
placeholders_add(struct placeholders *p, const struct yamlnode *map,
    struct conf_error *reterr)
{
	struct strv *grown;
	size_t i;
	int r;

	if (map->kind != YAMLNODE_MAP)
		return conf_error(reterr, map->line,
		    "'placeholders' is a map of names and lists of values");
	for (i = 0; i < map->n; i++) {
		if (strv_has(&p->names, map->keys[i]->text))
			return conf_error(reterr, map->keys[i]->line,
			    "'%.60s' has been said already",
			    map->keys[i]->text);
		grown = reallocarray(p->values, p->names.n + 1, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		p->values = grown;
		p->values[p->names.n] = (struct strv){ 0 };
		if ((r = strv_add(&p->names, map->keys[i]->text)) < 0 ||
		    (r = yamlread_list(map->items[i], map->keys[i]->text,
			 &p->values[p->names.n - 1], reterr)) < 0)
			return r;
	}
	return 0;
}

void
placeholders_clear(struct placeholders *p)
{
	size_t i;

	for (i = 0; i < p->names.n; i++)
		strv_clear(&p->values[i]);
	free(p->values);
	strv_clear(&p->names);
	*p = (struct placeholders){ 0 };
}

static int
wants(struct sigma_item *item, void *context)
{
	(void)context;
	return (item->modifiers & SIGMA_EXPAND) != 0;
}

bool
placeholders_wanted(const struct sigma_rule *r)
{
	return sigma_rule_each_item(r, wants, NULL) != 0;
}

struct expanding {
	const struct placeholders *p;
	struct conf_error *reterr;
	struct sigma_item *item;
	struct sigma_value *values; /* what has been made */
	size_t n;
};

static int
add_value(struct expanding *e, const struct sigma_value *v, char *text,
    size_t len)
{
	struct sigma_value *grown;

	if (e->n == SIGMARULE_VALUES_MAX)
		return conf_error(e->reterr, e->item->line,
		    "over %d values of one field", SIGMARULE_VALUES_MAX);
	grown = reallocarray(e->values, e->n + 1, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	e->values = grown;
	e->values[e->n] = *v;
	e->values[e->n].text = text;
	e->values[e->n++].len = len;
	return 0;
}

/* The first "%name%" from p on; NULL: there is none. */
static const char *
find_name(const char *p, const char *end, size_t *ret_len)
{
	const char *close;

	while ((p = memchr(p, '%', (size_t)(end - p))) != NULL) {
		close = memchr(p + 1, '%', (size_t)(end - p) - 1);
		if (close == NULL)
			return NULL;
		if (close > p + 1) {
			*ret_len = (size_t)(close - p) + 1;
			return p;
		}
		p = close;
	}
	return NULL;
}

static const struct strv *
values_of(const struct expanding *e, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < e->p->names.n; i++)
		if (strlen(e->p->names.v[i]) == len &&
		    memcmp(e->p->names.v[i], name, len) == 0)
			return &e->p->values[i];
	return NULL;
}

/* From `from` on: what is before has no names. */
static int
expand_value(struct expanding *e, const struct sigma_value *v, const char *text,
    size_t len, size_t from)
{
	const struct strv *values;
	const char *name;
	size_t n, i, before, after, size;
	char *made;
	int r = 0;

	name = find_name(text + from, text + len, &n);
	if (name == NULL) {
		if ((made = malloc(len + 1)) == NULL)
			return -ENOMEM;
		memcpy(made, text, len);
		made[len] = '\0';
		if ((r = add_value(e, v, made, len)) < 0)
			free(made);
		return r;
	}
	if ((values = values_of(e, name + 1, n - 2)) == NULL)
		return conf_error(e->reterr, e->item->line,
		    "nothing says what %%%.*s%% stands for: a document with "
		    "'placeholders', beside the rules",
		    (int)(n - 2 < 60 ? n - 2 : 60), name + 1);
	before = (size_t)(name - text);
	after = len - before - n;
	for (i = 0; r == 0 && i < values->n; i++) {
		size = strlen(values->v[i]);
		if ((made = malloc(before + size + after + 1)) == NULL)
			return -ENOMEM;
		memcpy(made, text, before);
		memcpy(made + before, values->v[i], size);
		memcpy(made + before + size, name + n, after);
		r = expand_value(e, v, made, before + size + after,
		    before + size);
		free(made);
	}
	return r;
}

static void
free_values(struct sigma_value *values, size_t n)
{
	while (n > 0)
		free(values[--n].text);
	free(values);
}

static int
expand_item(struct sigma_item *item, void *context)
{
	struct expanding *e = context;
	size_t i;
	int r = 0;

	if ((item->modifiers & SIGMA_EXPAND) == 0)
		return 0;
	e->item = item;
	e->values = NULL;
	e->n = 0;
	for (i = 0; r == 0 && i < item->n; i++)
		r = expand_value(e, &item->values[i],
		    item->values[i].text != NULL ? item->values[i].text : "",
		    item->values[i].len, 0);
	if (r == 0 && e->n == 0)
		r = conf_error(e->reterr, item->line,
		    "its placeholders have no values");
	if (r < 0) {
		free_values(e->values, e->n);
		return r;
	}
	free_values(item->values, item->n);
	item->values = e->values;
	item->n = e->n;
	item->modifiers &= ~(unsigned)SIGMA_EXPAND;
	return 0;
}

int
placeholders_expand(struct sigma_rule *r, const struct placeholders *p,
    struct conf_error *reterr)
{
	struct expanding e = { .p = p, .reterr = reterr };

	return sigma_rule_each_item(r, expand_item, &e);
}
