/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "program.h"

DEFINE_AUTO(program_free, struct program)

#define ORDERS (SIGMA_GT | SIGMA_GTE | SIGMA_LT | SIGMA_LTE)

struct maker {
	const struct logsource *source;
	struct fields *fields;
	struct matcher *matcher;
	const struct sigma_item *unknown; /* the first */
	struct conf_error *reterr;
};

/* ---- texts that are always the same --------------------------------------- */

/* A matcher of its own says whether a constant fits: there is one meaning. */
static int
constant_fits(struct maker *m, const struct sigma_item *item,
    const struct sigmapattern *p, const struct strv *constants, bool *ret)
{
	struct matcher *one = matcher_new();
	uint32_t atom;
	size_t i;
	int r;

	if (one == NULL)
		return -ENOMEM;
	*ret = false;
	if ((r = matcher_add(one, 0, p, item->line, &atom, m->reterr)) == 0) {
		matcher_need(one, atom);
		r = matcher_compile(one, m->reterr);
	}
	if (r == 0) {
		matcher_begin(one);
		for (i = 0; i < constants->n; i++)
			matcher_look(one, 0,
			    &(struct value){ constants->v[i],
				strlen(constants->v[i]), VALUE_TEXT, NULL });
		*ret = matcher_has(one, atom, NULL);
	}
	matcher_free(one);
	return r;
}

static int
make_pattern(struct maker *m, const struct sigma_item *item,
    const struct place *place, const struct sigmapattern *p, struct test *t)
{
	bool fits = true;
	int r;

	if (place->kind == PLACE_NOWHERE) {
		t->kind = TEST_NEVER;
		return 0;
	}
	if (place->kind == PLACE_CONSTANT) {
		if (p->kind == SIGMAPATTERN_EMPTY)
			fits = false;
		else if (p->kind != SIGMAPATTERN_ANY &&
		    (r = constant_fits(m, item, p, &place->constants, &fits)) <
			0)
			return r;
		t->kind = fits ? TEST_ALWAYS : TEST_NEVER;
		return 0;
	}
	t->field = place->field;
	if (p->kind == SIGMAPATTERN_ANY || p->kind == SIGMAPATTERN_EMPTY) {
		t->kind =
		    p->kind == SIGMAPATTERN_ANY ? TEST_PRESENT : TEST_EMPTY;
		return 0;
	}
	t->kind = TEST_ATOM;
	return matcher_add(m->matcher, t->field, p, item->line, &t->atom,
	    m->reterr);
}

/* ---- one item -------------------------------------------------------------- */

/* Where a field is; a text of no logsource is nowhere. */
static int
find_place(struct maker *m, const struct sigma_item *item, const char *name,
    struct place *ret)
{
	const struct place *known = logsource_place(m->source, name);
	int r;

	if (known != NULL) {
		*ret = *known;
		return 0;
	}
	*ret = (struct place){ .kind = PLACE_NOWHERE };
	if (!m->source->is_open) {
		if (m->unknown == NULL)
			m->unknown = item;
		return 0;
	}
	if ((r = fields_add(m->fields, name)) == -EINVAL)
		return conf_error(m->reterr, item->line,
		    "'%.60s' is no name of a field", name);
	ret->kind = PLACE_FIELD;
	ret->field = r;
	return r < 0 ? r : 0;
}

static int
make_reference(struct maker *m, const struct sigma_item *item,
    const struct sigma_value *v, struct test *t)
{
	struct place other;
	int r;

	if ((r = find_place(m, item, v->text, &other)) < 0)
		return r;
	t->kind = other.kind == PLACE_FIELD ? TEST_REF : TEST_NEVER;
	t->other = other.field;
	return 0;
}

/* What needs no looking for. */
static int
make_special(struct maker *m, const struct sigma_item *item,
    const struct sigma_value *v, const struct place *place, struct test *t)
{
	bool is_there = place->kind != PLACE_NOWHERE;

	t->field = place->field;
	t->number = v->number;
	if ((item->modifiers & SIGMA_FIELDREF) != 0)
		return place->kind == PLACE_FIELD
		    ? make_reference(m, item, v, t)
		    : 0;
	if ((item->modifiers & SIGMA_EXISTS) != 0)
		t->kind =
		    strcmp(v->text, "true") == 0 ? TEST_PRESENT : TEST_ABSENT;
	else if (v->kind == SIGMA_NULL)
		t->kind = TEST_ABSENT;
	else if ((item->modifiers & SIGMA_CIDR) != 0) {
		t->kind = TEST_CIDR;
		(void)cidr_parse(v->text, &t->cidr);
	} else
		t->kind = TEST_NUMBER;
	if (place->kind == PLACE_FIELD)
		return 0;
	/* Nothing of these can be said of a constant but that it is there. */
	t->kind = t->kind == TEST_PRESENT
	    ? (is_there ? TEST_ALWAYS : TEST_NEVER)
	    : t->kind == TEST_ABSENT ? (is_there ? TEST_NEVER : TEST_ALWAYS)
				     : TEST_NEVER;
	return 0;
}

static bool
is_special(const struct sigma_item *item, const struct sigma_value *v)
{
	return v->kind == SIGMA_NULL ||
	    (item->modifiers &
		(ORDERS | SIGMA_CIDR | SIGMA_EXISTS | SIGMA_FIELDREF)) != 0;
}

static int
make_tests(struct maker *m, const struct sigma_item *item,
    const struct sigma_value *v, const struct place *place, struct term *t)
{
	struct sigmapatterns ps;
	struct test *test;
	size_t i;
	int r = 0;

	if (is_special(item, v)) {
		test = &t->tests[t->n++];
		test->modifiers = item->modifiers;
		return make_special(m, item, v, place, test);
	}
	if ((r = sigmapattern_make(item, v, &ps, m->reterr)) < 0)
		return r;
	/* Of three that one text makes, one is enough: also under `all`. */
	for (i = 0; r == 0 && i < ps.n; i++)
		r = make_pattern(m, item, place, &ps.v[i], &t->tests[t->n++]);
	sigmapatterns_clear(&ps);
	return r;
}

static int
make_term(struct maker *m, const struct sigma_item *item, struct term *t)
{
	struct place place = { .kind = PLACE_FIELD,
		.field = m->source->keywords };
	bool is_offset = (item->modifiers & SIGMA_BASE64OFFSET) != 0;
	size_t i;
	int r;

	t->line = item->line;
	t->is_all = (item->modifiers & SIGMA_ALL) != 0;
	if (is_offset && t->is_all && item->n > 1)
		return conf_error(m->reterr, item->line,
		    "base64offset does not go with all");
	if (is_offset)
		t->is_all = false;
	if ((item->modifiers & SIGMA_EXPAND) != 0)
		return conf_error(m->reterr, item->line,
		    "what 'expand' stands for is not known here");
	if (item->field != NULL &&
	    (r = find_place(m, item, item->field, &place)) < 0)
		return r;
	t->tests = calloc(item->n * 3, sizeof(*t->tests));
	if (t->tests == NULL)
		return -ENOMEM;
	for (i = 0; i < item->n; i++)
		if ((r = make_tests(m, item, &item->values[i], &place, t)) < 0)
			return r;
	t->n_rest = t->n;
	return 0;
}

/* ---- the whole -------------------------------------------------------------- */

static int
make_part(struct maker *m, const struct sigma_search *s, struct part *part)
{
	struct clause *c;
	size_t i, k;
	int r;

	if ((part->clauses = calloc(s->n, sizeof(*part->clauses))) == NULL)
		return -ENOMEM;
	for (i = 0; i < s->n; i++) {
		c = &part->clauses[part->n++];
		c->terms = calloc(s->groups[i].n, sizeof(*c->terms));
		if (c->terms == NULL)
			return -ENOMEM;
		for (k = 0; k < s->groups[i].n; k++) {
			c->n++;
			r = make_term(m, &s->groups[i].items[k], &c->terms[k]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int
program_make(const struct sigma_rule *rule, const struct logsource *source,
    struct fields *fields, struct matcher *matcher, struct program **ret,
    const struct sigma_item **ret_unknown, struct conf_error *reterr)
{
	struct maker m = { source, fields, matcher, NULL, reterr };
	AUTO(program_free) struct program *p = calloc(1, sizeof(*p));
	size_t i;
	int r;

	if (p == NULL)
		return -ENOMEM;
	p->rule = rule;
	p->source = source;
	p->event = fields->event;
	p->parts = calloc(rule->names.n, sizeof(*p->parts));
	if (p->parts == NULL)
		return -ENOMEM;
	for (i = 0; i < rule->names.n; i++)
		if ((r = make_part(&m, &rule->searches[i], &p->parts[i])) < 0)
			return r;
	*ret_unknown = m.unknown;
	*ret = TAKE(p);
	return 0;
}

int
program_filter(struct program *p, struct program *filter)
{
	struct program **grown = reallocarray(p->filters, p->n_filters + 1,
	    sizeof(struct program *));

	if (grown == NULL) {
		program_free(filter);
		return -ENOMEM;
	}
	p->filters = grown;
	p->filters[p->n_filters++] = filter;
	return 0;
}

static void
clear_term(struct term *t)
{
	free(t->tests);
	free(t->bits);
}

void
program_free(struct program *p)
{
	size_t i, k, j;

	if (p == NULL)
		return;
	for (i = 0; p->parts != NULL && i < p->rule->names.n; i++) {
		for (k = 0; k < p->parts[i].n; k++) {
			for (j = 0; j < p->parts[i].clauses[k].n; j++)
				clear_term(&p->parts[i].clauses[k].terms[j]);
			free(p->parts[i].clauses[k].terms);
		}
		free(p->parts[i].clauses);
	}
	free(p->parts);
	for (i = 0; i < p->n_filters; i++)
		program_free(p->filters[i]);
	free(p->filters);
	free(p->triggers);
	free(p);
}
