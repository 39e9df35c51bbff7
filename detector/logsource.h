/* SPDX-License-Identifier: ISC */
/* Which events a rule's logsource means, and where its fields are in them
 * (logsources.yml, countersign-logsources(5)). */
#ifndef CS_LOGSOURCE_H
#define CS_LOGSOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "fieldtree.h"
#include "made.h"
#include "sigmarule.h"

#define LOGSOURCES_MAX	64 /* a bit each */
#define WHEN_VALUES_MAX 32

enum place_kind {
	PLACE_NOWHERE, /* the logsource has the field, these events do not */
	PLACE_FIELD, /* of the record */
	PLACE_CONSTANT /* always one of these */
};

/* Where a field of a rule is. */
struct place {
	char *name;
	enum place_kind kind;
	int field;
	struct strv constants;
};

/* One of these values, exactly. */
struct when {
	int field;
	struct strv values;
	size_t lengths[WHEN_VALUES_MAX];
};

struct logsource {
	char *product, *category, *service; /* NULL: none */
	struct when *whens; /* all of them */
	size_t n_whens;
	struct place *places;
	size_t n_places;
	int keywords; /* the record's field that keywords are looked for in */
	/* For lint; none: any. */
	struct strv known_fields, known_events, number_fields, flag_fields;
	bool is_open; /* a field that is not named is the event's own */
	bool is_through; /* also asked of what sudo, env, sh -c run */
};

/* All fields that anything asks for. */
struct fields {
	struct fieldtree tree;
	int made[MADE_N]; /* numbers of the record */
	int event, program; /* the same, of what decides on the logsource */
};

struct logsources {
	struct logsource *v;
	size_t n;
};

/* Reserves what is always asked for. 0 or -ENOMEM. */
int fields_init(struct fields *f);
void fields_clear(struct fields *f);
/* The record's field of a name as logsources.yml writes it. -ENOMEM, -EINVAL. */
int fields_add(struct fields *f, const char *name);

/* Reads logsources.yml. 0, -ENOMEM, or -EINVAL with line and reason. */
int logsources_read(const char *text, size_t len, struct fields *fields,
    struct logsources *ret, struct conf_error *reterr);
void logsources_clear(struct logsources *l);
/* Does the rule ask this logsource? */
bool logsource_fits(const struct logsource *l, const struct sigma_rule *r);
/* Where fields are the event's own: the rule's first field or event that is not a
 * known one; NULL: all are. */
const char *logsource_unknown(const struct logsource *l,
    const struct sigma_rule *r);
/* The first that is asked for what none of its values can be: a word of a number,
 * more or less of a text; NULL: none. */
const char *logsource_mistyped(const struct logsource *l,
    const struct sigma_rule *r);
/* Is it a field of some event, or made of one? */
bool logsource_knows(const struct logsource *l, const char *field);
/* The place of a field that is named; NULL: it is not. */
const struct place *logsource_place(const struct logsource *l,
    const char *field);

#endif
