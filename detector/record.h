/* SPDX-License-Identifier: ISC */
/* What one event says in the fields that rules ask for. */
#ifndef CS_RECORD_H
#define CS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_ARENA_MAX (4U * 1024U * 1024U)

enum value_kind {
	VALUE_TEXT,
	VALUE_NUMBER, /* and its text */
	VALUE_BOOLEAN /* "true", "false" */
};

/* Not terminated. It stands until the next event. */
struct value {
	const char *p;
	size_t len;
	enum value_kind kind;
	struct value *next; /* a list's values, in their order */
};

struct record {
	struct value *first, *last; /* by number of the field: a chain's ends */
	bool *is_set;
	int *used; /* which are set */
	size_t n_used;
	size_t n; /* fields */
	struct arena_block *blocks;
	size_t arena_bytes;
	bool is_cut; /* the arena was too small for all of it */
};

/* Room for this many fields. 0 or -ENOMEM. */
int record_init(struct record *r, size_t fields);
void record_clear(struct record *r);
/* Nothing is set any more; what was allocated is used again. */
void record_reset(struct record *r);
/* Adds another value to a field that has one. */
void record_add_more(struct record *r, int field, const struct value *more);
/* Adds a value, which is borrowed; without room the record is_cut. */
static inline void
record_add(struct record *r, int field, const char *p, size_t len,
    enum value_kind kind)
{
	const struct value v = { p, len, kind, NULL };

	if (r->is_set[field]) {
		record_add_more(r, field, &v);
		return;
	}
	r->is_set[field] = true;
	r->used[r->n_used++] = field;
	r->first[field] = v;
}
struct record_values {
	struct value first, last;
	bool is_set;
};
/* Takes the field's values out, for record_put. */
void record_take(struct record *r, int field, struct record_values *ret);
/* Instead of what there is. */
void record_put(struct record *r, int field, const struct record_values *v);
/* NULL: the field is not there, or null. */
static inline const struct value *
record_get(const struct record *r, int field)
{
	return field >= 0 && r->is_set[field] ? &r->first[field] : NULL;
}
/* Bytes until the next event; NULL: there is no room. */
void *record_alloc(struct record *r, size_t size);

#endif
