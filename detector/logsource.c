/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "logsource.h"
#include "yamlread.h"

DEFINE_AUTO(yamlnode_free, struct yamlnode)

int
fields_init(struct fields *f)
{
	size_t i;
	int r;

	*f = (struct fields){ 0 };
	if ((r = fieldtree_add(&f->tree, "event")) < 0)
		return r;
	f->event = r;
	for (i = 0; i < MADE_N; i++)
		f->made[i] = fieldtree_reserve(&f->tree);
	f->program = f->made[MADE_PROGRAM];
	return 0;
}

void
fields_clear(struct fields *f)
{
	fieldtree_clear(&f->tree);
}

int
fields_add(struct fields *f, const char *name)
{
	int made;

	if (*name != '@')
		return fieldtree_add(&f->tree, name);
	made = made_find(name, strlen(name));
	return made < 0 ? -EINVAL : f->made[made];
}

static int
field_named(struct fields *f, const struct yamlnode *n,
    struct conf_error *reterr)
{
	int r = n->kind == YAMLNODE_SCALAR ? fields_add(f, n->text) : -EINVAL;

	if (r == -EINVAL)
		return conf_error(reterr, n->line,
		    "this is no field that can be read or made");
	return r;
}

static int
read_whens(const struct yamlnode *map, struct fields *f, struct logsource *l,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "when");
	struct when *w;
	size_t i, k;
	int r;

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_MAP)
		return conf_error(reterr, n->line,
		    "'when' is a map of fields and what they are");
	if ((l->whens = calloc(n->n + 1, sizeof(*l->whens))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n->n; i++) {
		w = &l->whens[l->n_whens++];
		if ((r = field_named(f, n->keys[i], reterr)) < 0)
			return r;
		w->field = r;
		if ((r = yamlread_list(n->items[i], n->keys[i]->text,
			 &w->values, reterr)) < 0)
			return r;
		if (w->values.n > WHEN_VALUES_MAX)
			return conf_error(reterr, n->line,
			    "there are more than %d values", WHEN_VALUES_MAX);
		for (k = 0; k < w->values.n; k++)
			w->lengths[k] = strlen(w->values.v[k]);
	}
	return 0;
}

/* "path", "@made", { constant: [a, b] } or nothing: never there. */
static int
read_place(const struct yamlnode *n, struct fields *f, struct place *p,
    struct conf_error *reterr)
{
	const struct yamlnode *constant = yamlnode_get(n, "constant");
	int r;

	if (yamlnode_is_null(n))
		return 0;
	if (constant != NULL) {
		p->kind = PLACE_CONSTANT;
		return yamlread_list(constant, "constant", &p->constants,
		    reterr);
	}
	if ((r = field_named(f, n, reterr)) < 0)
		return r;
	p->kind = PLACE_FIELD;
	p->field = r;
	return 0;
}

static int
read_places(const struct yamlnode *map, struct fields *f, struct logsource *l,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "fields");
	size_t i;
	int r;

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_MAP)
		return conf_error(reterr, n->line, "'fields' is a map");
	if ((l->places = calloc(n->n + 1, sizeof(*l->places))) == NULL)
		return -ENOMEM;
	for (i = 0; i < n->n; i++) {
		struct place *p = &l->places[l->n_places++];

		if ((p->name = strdup(n->keys[i]->text)) == NULL)
			return -ENOMEM;
		if ((r = read_place(n->items[i], f, p, reterr)) < 0)
			return r;
	}
	return 0;
}

static int
read_logsource(const struct yamlnode *map, struct fields *f,
    struct logsource *l, struct conf_error *reterr)
{
	static const char *const known[] = { "product", "category", "service",
		"when", "fields", "keywords", "own_fields", "through",
		"known_fields", "known_events", "number_fields",
		"flag_fields" };
	const struct yamlnode *n;
	int r;

	if (map->kind != YAMLNODE_MAP)
		return conf_error(reterr, map->line, "a logsource is a map");
	if ((r = yamlread_keys(map, known, ARRAY_SIZE(known), reterr)) < 0)
		return r;
	l->keywords = f->made[MADE_LINE];
	if ((n = yamlnode_get(map, "keywords")) != NULL) {
		if ((r = field_named(f, n, reterr)) < 0)
			return r;
		l->keywords = r;
	}
	if ((r = yamlread_text(map, "product", &l->product, reterr)) < 0 ||
	    (r = yamlread_text(map, "category", &l->category, reterr)) < 0 ||
	    (r = yamlread_text(map, "service", &l->service, reterr)) < 0 ||
	    (r = yamlread_texts(map, "known_fields", &l->known_fields,
		 reterr)) < 0 ||
	    (r = yamlread_texts(map, "known_events", &l->known_events,
		 reterr)) < 0 ||
	    (r = yamlread_texts(map, "number_fields", &l->number_fields,
		 reterr)) < 0 ||
	    (r = yamlread_texts(map, "flag_fields", &l->flag_fields, reterr)) <
		0 ||
	    (r = yamlread_flag(map, "own_fields", &l->is_open, reterr)) < 0 ||
	    (r = yamlread_flag(map, "through", &l->is_through, reterr)) < 0)
		return r;
	if ((r = read_whens(map, f, l, reterr)) < 0)
		return r;
	return read_places(map, f, l, reterr);
}

int
logsources_read(const char *text, size_t len, struct fields *fields,
    struct logsources *ret, struct conf_error *reterr)
{
	AUTO(yamlnode_free) struct yamlnode *all = NULL;
	size_t i;
	int r;

	if ((r = yamltree_read(text, len, &all, reterr)) < 0)
		return r;
	if (all->n > LOGSOURCES_MAX)
		return conf_error(reterr, 0,
		    "there are more than %d logsources", LOGSOURCES_MAX);
	*ret = (struct logsources){ .v = calloc(all->n + 1, sizeof(*ret->v)) };
	if (ret->v == NULL)
		return -ENOMEM;
	for (i = 0, r = 0; r == 0 && i < all->n; i++)
		r = read_logsource(all->items[i], fields, &ret->v[ret->n++],
		    reterr);
	if (r < 0)
		logsources_clear(ret);
	return r;
}

static void
clear(struct logsource *l)
{
	free(l->product);
	free(l->category);
	free(l->service);
	while (l->n_whens > 0)
		strv_clear(&l->whens[--l->n_whens].values);
	free(l->whens);
	while (l->n_places > 0) {
		strv_clear(&l->places[--l->n_places].constants);
		free(l->places[l->n_places].name);
	}
	free(l->places);
	strv_clear(&l->known_fields);
	strv_clear(&l->known_events);
	strv_clear(&l->number_fields);
	strv_clear(&l->flag_fields);
}

void
logsources_clear(struct logsources *l)
{
	while (l->n > 0)
		clear(&l->v[--l->n]);
	free(l->v);
	*l = (struct logsources){ 0 };
}

static bool
is_asked(const char *asked, const char *there)
{
	return asked == NULL || (there != NULL && strcmp(asked, there) == 0);
}

bool
logsource_fits(const struct logsource *l, const struct sigma_rule *r)
{
	/* An open one takes any service: that is the event's name. */
	return is_asked(r->product, l->product) &&
	    is_asked(r->category, l->category) &&
	    (l->is_open || is_asked(r->service, l->service)) &&
	    (!l->is_open || r->product != NULL);
}

/* A dot goes into an object, of which the members need not be known. */
static bool
knows_field(const struct logsource *l, const char *field)
{
	size_t i, n;

	if (l->known_fields.n == 0 || logsource_place(l, field) != NULL)
		return true;
	for (i = 0; i < l->known_fields.n; i++) {
		n = strlen(l->known_fields.v[i]);
		if (strncmp(field, l->known_fields.v[i], n) == 0 &&
		    (field[n] == '\0' || field[n] == '.'))
			return true;
	}
	return false;
}

bool
logsource_knows(const struct logsource *l, const char *field)
{
	return logsource_place(l, field) != NULL ||
	    made_find(field, strlen(field)) >= 0 ||
	    (l->is_open && knows_field(l, field));
}

static const char *
unknown_in(const struct logsource *l, const struct sigma_item *item)
{
	size_t i;

	if (item->field == NULL)
		return NULL;
	if (!knows_field(l, item->field))
		return item->field;
	if (strcmp(item->field, "event") != 0 || item->modifiers != 0 ||
	    l->known_events.n == 0)
		return NULL;
	for (i = 0; i < item->n; i++)
		if (item->values[i].text != NULL &&
		    strpbrk(item->values[i].text, "*?") == NULL &&
		    !strv_has(&l->known_events, item->values[i].text))
			return item->values[i].text;
	return NULL;
}

/* What an item is asked about. */
struct asking {
	const struct logsource *l;
	const char *found;
};

static int
look_for_unknown(struct sigma_item *item, void *context)
{
	struct asking *a = context;

	return (a->found = unknown_in(a->l, item)) != NULL;
}

const char *
logsource_unknown(const struct logsource *l, const struct sigma_rule *r)
{
	struct asking a = { .l = l };

	if (!l->is_open || !logsource_fits(l, r))
		return NULL;
	if (r->service != NULL && l->known_events.n > 0 &&
	    !strv_has(&l->known_events, r->service))
		return r->service;
	(void)sigma_rule_each_item(r, look_for_unknown, &a);
	return a.found;
}

/* Could any value of the field be what the item asks for? */
static bool
has_type(const struct logsource *l, const struct sigma_item *item)
{
	const unsigned orders = SIGMA_GT | SIGMA_GTE | SIGMA_LT | SIGMA_LTE;
	bool is_number = strv_has(&l->number_fields, item->field);
	bool is_flag = strv_has(&l->flag_fields, item->field);
	const struct sigma_value *v;
	size_t i;

	if ((item->modifiers & orders) != 0)
		return is_number || logsource_place(l, item->field) != NULL ||
		    l->number_fields.n == 0;
	/* Another modifier asks about the text of a number. */
	if ((!is_number && !is_flag) ||
	    (item->modifiers & ~(unsigned)SIGMA_CASED) != 0)
		return true;
	for (i = 0; i < item->n; i++) {
		v = &item->values[i];
		if (v->kind == SIGMA_TEXT &&
		    (is_number ||
			(strcmp(v->text, "true") != 0 &&
			    strcmp(v->text, "false") != 0)) &&
		    strpbrk(v->text, "*?") == NULL)
			return false;
		if (v->kind == SIGMA_NUMBER && is_flag)
			return false;
	}
	return true;
}

static int
look_for_type(struct sigma_item *item, void *context)
{
	struct asking *a = context;

	if (item->field != NULL && !has_type(a->l, item))
		a->found = item->field;
	return a->found != NULL;
}

const char *
logsource_mistyped(const struct logsource *l, const struct sigma_rule *r)
{
	struct asking a = { .l = l };

	if (l->is_open && logsource_fits(l, r))
		(void)sigma_rule_each_item(r, look_for_type, &a);
	return a.found;
}

const struct place *
logsource_place(const struct logsource *l, const char *field)
{
	size_t i;

	for (i = 0; i < l->n_places; i++)
		if (strcmp(l->places[i].name, field) == 0)
			return &l->places[i];
	return NULL;
}
