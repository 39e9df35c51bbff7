/* SPDX-License-Identifier: ISC */
/* Which findings make a program worth asking: of each `and` the rarest side, of
 * each `or` both. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "program.h"

/* What must be found, one of these at least, for something to hold. */
struct need {
	enum {
		NEED_NOTHING, /* it may hold whatever is found */
		NEED_ONE, /* of the atoms */
		NEED_IMPOSSIBLE /* it never holds */
	} kind;
	uint32_t *atoms;
	size_t n;
	double weight;
	int error;
};

static struct need
nothing(void)
{
	return (struct need){ .kind = NEED_NOTHING };
}

static struct need
impossible(void)
{
	return (struct need){ .kind = NEED_IMPOSSIBLE };
}

static void
drop(struct need *n)
{
	free(n->atoms);
}

/* Takes both: what either needs. */
static struct need
either(struct need a, struct need b)
{
	uint32_t *grown;

	if (a.kind == NEED_IMPOSSIBLE || b.kind == NEED_NOTHING) {
		drop(&a);
		b.error |= a.error;
		return b;
	}
	if (b.kind == NEED_IMPOSSIBLE || a.kind == NEED_NOTHING) {
		drop(&b);
		a.error |= b.error;
		return a;
	}
	grown = reallocarray(a.atoms, a.n + b.n, sizeof(*grown));
	if (grown == NULL) {
		a.error = -ENOMEM;
	} else {
		a.atoms = grown;
		memcpy(a.atoms + a.n, b.atoms, b.n * sizeof(*grown));
		a.n += b.n;
		a.weight += b.weight;
	}
	a.error |= b.error;
	drop(&b);
	return a;
}

/* Takes both: the better one. */
static struct need
both(struct need a, struct need b)
{
	bool is_b = a.kind == NEED_NOTHING || b.kind == NEED_IMPOSSIBLE ||
	    (a.kind == NEED_ONE && b.kind == NEED_ONE && b.weight < a.weight);
	int error = a.error | b.error;

	drop(is_b ? &a : &b);
	if (is_b)
		a = b;
	a.error = error;
	return a;
}

static struct need
test_needs(const struct test *t, const struct matcher *m)
{
	struct need n = { .kind = NEED_ONE };

	if (t->kind == TEST_NEVER)
		return impossible();
	if (t->kind != TEST_ATOM)
		return nothing();
	if ((n.atoms = malloc(sizeof(*n.atoms))) == NULL) {
		n.error = -ENOMEM;
		return n;
	}
	n.atoms[n.n++] = t->atom;
	n.weight = matcher_weight(m, t->atom);
	return n;
}

static struct need
term_needs(const struct term *t, const struct matcher *m)
{
	struct need n = t->is_all ? nothing() : impossible();
	size_t i;

	for (i = 0; i < t->n; i++)
		n = t->is_all ? both(n, test_needs(&t->tests[i], m))
			      : either(n, test_needs(&t->tests[i], m));
	return n;
}

static struct need
part_needs(const struct part *p, const struct matcher *m)
{
	struct need n = impossible(), c;
	size_t i, k;

	for (i = 0; i < p->n; i++) {
		c = nothing();
		for (k = 0; k < p->clauses[i].n; k++)
			c = both(c, term_needs(&p->clauses[i].terms[k], m));
		n = either(n, c);
	}
	return n;
}

static struct need condition_needs(const struct program *p,
    const struct sigmacond *c, const struct matcher *m);

/* At least so many of them: of all but least - 1, one holds. */
static struct need
of_needs(const struct program *p, const struct sigmacond *c,
    const struct matcher *m)
{
	struct need n = impossible();
	size_t i, possible = 0;

	for (i = 0; i < p->rule->names.n; i++) {
		struct need one;

		if (!c->of[i])
			continue;
		one = part_needs(&p->parts[i], m);
		possible += one.kind != NEED_IMPOSSIBLE;
		n = either(n, one);
	}
	if (possible >= c->least)
		return n;
	drop(&n);
	return impossible();
}

static struct need
condition_needs(const struct program *p, const struct sigmacond *c,
    const struct matcher *m)
{
	switch (c->op) {
	case SIGMACOND_SEARCH:
		return part_needs(&p->parts[c->search], m);
	case SIGMACOND_AND:
		return both(condition_needs(p, c->left, m),
		    condition_needs(p, c->right, m));
	case SIGMACOND_OR:
		return either(condition_needs(p, c->left, m),
		    condition_needs(p, c->right, m));
	case SIGMACOND_OF:
		return of_needs(p, c, m);
	case SIGMACOND_NOT:
		break;
	}
	return nothing();
}

int
program_plan(struct program *p, const struct matcher *m)
{
	struct need n = condition_needs(p, p->rule->condition, m);

	if (n.error < 0) {
		drop(&n);
		return n.error;
	}
	p->is_constant = n.kind == NEED_IMPOSSIBLE;
	p->is_always = n.kind == NEED_NOTHING;
	p->triggers = n.atoms;
	p->n_triggers = n.n;
	return 0;
}

/* ---- bits ---------------------------------------------------------------------- */

static bool
is_bit(const struct test *t, const struct matcher *m)
{
	return t->kind == TEST_ATOM && !matcher_is_asked_for(m, t->atom);
}

/* Those that are no bits first. */
static void
sort_tests(struct term *t, const struct matcher *m)
{
	struct test swapped;
	size_t i;

	t->n_rest = 0;
	for (i = 0; i < t->n; i++) {
		if (is_bit(&t->tests[i], m))
			continue;
		swapped = t->tests[t->n_rest];
		t->tests[t->n_rest++] = t->tests[i];
		t->tests[i] = swapped;
	}
}

static void
add_bit(struct term *t, uint32_t atom)
{
	uint64_t mask = UINT64_C(1) << (atom & 63);
	size_t i;

	for (i = 0; i < t->n_bits; i++)
		if (t->bits[i].word == atom / 64) {
			t->bits[i].mask |= mask;
			return;
		}
	t->bits[t->n_bits++] = (struct bits){ atom / 64, mask };
}

static int
prepare_term(struct term *t, const struct matcher *m)
{
	size_t i;

	sort_tests(t, m);
	if (t->n_rest == t->n)
		return 0;
	t->bits = calloc(t->n - t->n_rest, sizeof(*t->bits));
	if (t->bits == NULL)
		return -ENOMEM;
	for (i = t->n_rest; i < t->n; i++)
		add_bit(t, t->tests[i].atom);
	return 0;
}

int
program_prepare(struct program *p, const struct matcher *m)
{
	const struct part *part;
	size_t i, k, j;
	int r;

	for (i = 0; i < p->rule->names.n; i++) {
		part = &p->parts[i];
		for (k = 0; k < part->n; k++)
			for (j = 0; j < part->clauses[k].n; j++)
				if ((r = prepare_term(
					 &part->clauses[k].terms[j], m)) < 0)
					return r;
	}
	for (i = 0; i < p->n_filters; i++)
		if ((r = program_prepare(p->filters[i], m)) < 0)
			return r;
	return 0;
}
