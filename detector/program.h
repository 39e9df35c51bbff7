/* SPDX-License-Identifier: ISC */
/* A rule as it is asked of the events of one logsource. */
#ifndef CS_PROGRAM_H
#define CS_PROGRAM_H

#include "cidr.h"
#include "logsource.h"
#include "matcher.h"
#include "sigmarule.h"

enum test_kind {
	TEST_NEVER,
	TEST_ALWAYS,
	TEST_ATOM, /* the matcher has found it */
	TEST_EMPTY, /* there is an empty text */
	TEST_PRESENT,
	TEST_ABSENT,
	TEST_NUMBER, /* it is this, or more, or less: by the modifiers */
	TEST_CIDR,
	TEST_REF /* it is what another field is */
};

struct test {
	enum test_kind kind;
	int field, other;
	unsigned modifiers;
	uint32_t atom;
	double number;
	struct cidr cidr;
};

/* Some of the matcher's bits. */
struct bits {
	uint32_t word;
	uint64_t mask;
};

/* One item of a rule: one of its tests, or all of them. */
struct term {
	struct test *tests;
	size_t n;
	bool is_all;
	size_t line; /* of the item */
	/* What the matcher has found already is asked as bits, the first n_rest
	 * of the tests one by one. */
	struct bits *bits;
	size_t n_bits, n_rest;
};

struct clause { /* all of these */
	struct term *terms;
	size_t n;
};

struct part { /* a search: one of these */
	struct clause *clauses;
	size_t n;
};

struct program {
	const struct sigma_rule *rule;
	const struct logsource *source;
	struct part *parts; /* rule->names.n of them */
	struct program **filters; /* all of which must hold, too */
	size_t n_filters;
	int event; /* the record's field, for service */
	bool is_constant; /* no event can make it hold: it is not asked */
	uint32_t *triggers; /* it holds only where one of these is found */
	size_t n_triggers;
	bool is_always; /* there is no such set */
};

/*
 * Makes the rule's program for a logsource that fits it. unknown, if it is not
 * NULL, is set to the first field that the logsource does not have. 0, -ENOMEM,
 * or -EINVAL with line and reason. The caller frees *ret.
 */
int program_make(const struct sigma_rule *rule, const struct logsource *source,
    struct fields *fields, struct matcher *m, struct program **ret,
    const struct sigma_item **ret_unknown, struct conf_error *reterr);
void program_free(struct program *p);
/* Takes the filter, also on failure. 0 or -ENOMEM. */
int program_filter(struct program *p, struct program *filter);
/* Once all are made: fills triggers, from what the matcher expects. 0 or
 * -ENOMEM. */
int program_plan(struct program *p, const struct matcher *m);

/* Once the matcher has been compiled: makes the terms' bits. 0 or -ENOMEM. */
int program_prepare(struct program *p, const struct matcher *m);

/* Does it hold for the record that the matcher has looked at? */
bool program_holds(const struct program *p, struct matcher *m,
    const struct record *r);
/* How bad it is then: by the searches that the rule's `levels` name. */
enum sigma_level program_level(const struct program *p, struct matcher *m,
    const struct record *r);
bool term_holds(const struct term *t, struct matcher *m,
    const struct record *r);

#endif
