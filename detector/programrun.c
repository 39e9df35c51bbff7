/* SPDX-License-Identifier: ISC */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "auto.h"
#include "program.h"

/* A number as JSON or a person writes it. */
static bool
number_of(const struct value *v, double *ret)
{
	char text[64], *end;

	if (v->len == 0 || v->len >= sizeof(text))
		return false;
	memcpy(text, v->p, v->len);
	text[v->len] = '\0';
	*ret = strtod(text, &end);
	return end == text + v->len && isfinite(*ret);
}

static bool
number_holds(const struct test *t, const struct value *v)
{
	double x;

	if (!number_of(v, &x))
		return false;
	if ((t->modifiers & SIGMA_GT) != 0)
		return x > t->number;
	if ((t->modifiers & SIGMA_GTE) != 0)
		return x >= t->number;
	if ((t->modifiers & SIGMA_LT) != 0)
		return x < t->number;
	return x <= t->number;
}

/* An address, also with a port: 192.0.2.1:22, [2001:db8::1]:22. */
static bool
cidr_holds(const struct test *t, const struct value *v)
{
	char text[CIDR_TEXT_MAX], *p = text, *colon;
	struct cidr c;

	if (v->len == 0 || v->len >= sizeof(text))
		return false;
	memcpy(text, v->p, v->len);
	text[v->len] = '\0';
	if (*p == '[') {
		p++;
		p[strcspn(p, "]")] = '\0';
	} else if ((colon = strchr(p, ':')) != NULL &&
	    strchr(colon + 1, ':') == NULL)
		*colon = '\0';
	return cidr_parse(p, &c) == 0 && cidr_contains(&t->cidr, &c);
}

static bool
is_at(const struct value *v, size_t at, const struct value *what, bool cased)
{
	size_t i;

	for (i = 0; i < what->len; i++)
		if (cased
			? v->p[at + i] != what->p[i]
			: ascii_lower(v->p[at + i]) != ascii_lower(what->p[i]))
			return false;
	return true;
}

static bool
reference_holds(unsigned m, const struct value *v, const struct value *what)
{
	bool cased = (m & SIGMA_CASED) != 0;
	size_t i;

	if (what->len > v->len)
		return false;
	if ((m & SIGMA_STARTSWITH) != 0)
		return is_at(v, 0, what, cased);
	if ((m & SIGMA_ENDSWITH) != 0)
		return is_at(v, v->len - what->len, what, cased);
	for (i = 0; (m & SIGMA_CONTAINS) != 0 && i <= v->len - what->len; i++)
		if (is_at(v, i, what, cased))
			return true;
	return v->len == what->len && is_at(v, 0, what, cased);
}

static bool
value_holds(const struct test *t, const struct value *v, const struct record *r)
{
	const struct value *other;

	if (t->kind == TEST_EMPTY)
		return v->len == 0;
	if (t->kind == TEST_NUMBER)
		return number_holds(t, v);
	if (t->kind == TEST_CIDR)
		return cidr_holds(t, v);
	for (other = record_get(r, t->other); other != NULL;
	     other = other->next)
		if (reference_holds(t->modifiers, v, other))
			return true;
	return false;
}

static bool
test_holds(const struct test *t, struct matcher *m, const struct record *r)
{
	const struct value *v;

	switch (t->kind) {
	case TEST_NEVER:
		return false;
	case TEST_ALWAYS:
		return true;
	case TEST_ATOM:
		return matcher_has(m, t->atom, r);
	case TEST_PRESENT:
		return record_get(r, t->field) != NULL;
	case TEST_ABSENT:
		return record_get(r, t->field) == NULL;
	case TEST_EMPTY:
	case TEST_NUMBER:
	case TEST_CIDR:
	case TEST_REF:
		break;
	}
	for (v = record_get(r, t->field); v != NULL; v = v->next)
		if (value_holds(t, v, r))
			return true;
	return false;
}

/* What the bits alone say of a term. */
enum verdict {
	REFUSED,
	HOLDS,
	UNSURE /* its other tests decide */
};

static enum verdict
ask_bits(const struct term *t, const uint64_t *found)
{
	const struct bits *b = t->bits;
	enum verdict otherwise = t->n_rest > 0 ? UNSURE
	    : t->is_all			       ? HOLDS
					       : REFUSED;
	size_t i;

	for (i = 0; i < t->n_bits; i++)
		if (t->is_all ? (found[b[i].word] & b[i].mask) != b[i].mask
			      : (found[b[i].word] & b[i].mask) != 0)
			return t->is_all ? REFUSED : HOLDS;
	return otherwise;
}

bool
term_holds(const struct term *t, struct matcher *m, const struct record *r)
{
	enum verdict v = ask_bits(t, matcher_bits(m));
	size_t i;

	if (v != UNSURE)
		return v == HOLDS;
	for (i = 0; i < t->n_rest; i++)
		if (test_holds(&t->tests[i], m, r) != t->is_all)
			return !t->is_all;
	return t->is_all;
}

/* What costs little first. */
static bool
clause_holds(const struct clause *c, struct matcher *m, const struct record *r)
{
	const uint64_t *found = matcher_bits(m);
	size_t i;

	for (i = 0; i < c->n; i++)
		if (ask_bits(&c->terms[i], found) == REFUSED)
			return false;
	for (i = 0; i < c->n; i++)
		if (c->terms[i].n_rest > 0 && !term_holds(&c->terms[i], m, r))
			return false;
	return true;
}

static bool
part_holds(const struct part *p, struct matcher *m, const struct record *r)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (clause_holds(&p->clauses[i], m, r))
			return true;
	return false;
}

/* A rule of an open logsource names its event as the service. */
static bool
is_its_event(const struct program *p, const struct record *r)
{
	const char *service = p->rule->service;
	const struct value *v;

	if (!p->source->is_open || service == NULL)
		return true;
	v = record_get(r, p->event);
	return v != NULL && v->len == strlen(service) &&
	    memcmp(v->p, service, v->len) == 0;
}

static bool
has_enough(const struct program *p, const struct sigmacond *c,
    struct matcher *m, const struct record *r)
{
	size_t i, n = 0;

	for (i = 0; i < p->rule->names.n && n < c->least; i++)
		n += c->of[i] && part_holds(&p->parts[i], m, r);
	return n >= c->least;
}

/* As sigmacond_holds, but only what decides is looked at. */
static bool
condition_holds(const struct program *p, const struct sigmacond *c,
    struct matcher *m, const struct record *r)
{
	switch (c->op) {
	case SIGMACOND_SEARCH:
		return part_holds(&p->parts[c->search], m, r);
	case SIGMACOND_NOT:
		return !condition_holds(p, c->left, m, r);
	case SIGMACOND_AND:
		return condition_holds(p, c->left, m, r) &&
		    condition_holds(p, c->right, m, r);
	case SIGMACOND_OR:
		return condition_holds(p, c->left, m, r) ||
		    condition_holds(p, c->right, m, r);
	case SIGMACOND_OF:
		break;
	}
	return has_enough(p, c, m, r);
}

bool
program_holds(const struct program *p, struct matcher *m,
    const struct record *r)
{
	size_t i;

	if (!is_its_event(p, r) ||
	    !condition_holds(p, p->rule->condition, m, r))
		return false;
	for (i = 0; i < p->n_filters; i++)
		if (!program_holds(p->filters[i], m, r))
			return false;
	return true;
}

enum sigma_level
program_level(const struct program *p, struct matcher *m,
    const struct record *r)
{
	const struct sigma_rule *rule = p->rule;
	size_t level, i;

	for (level = SIGMA_CRITICAL; level > rule->level; level--)
		for (i = 0; i < rule->names.n; i++)
			if (strv_has(&rule->alerting.severe[level],
				rule->names.v[i]) &&
			    part_holds(&p->parts[i], m, r))
				return (enum sigma_level)level;
	return rule->level;
}
