/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define BLOCK 65536

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(16) char bytes[];
};

int
record_init(struct record *r, size_t fields)
{
	*r = (struct record){ .n = fields };
	r->first = calloc(fields + 1, sizeof(*r->first));
	r->last = calloc(fields + 1, sizeof(*r->last));
	r->is_set = calloc(fields + 1, sizeof(*r->is_set));
	r->used = calloc(fields + 1, sizeof(*r->used));
	if (r->first == NULL || r->last == NULL || r->is_set == NULL ||
	    r->used == NULL) {
		record_clear(r);
		return -ENOMEM;
	}
	return 0;
}

static void
free_blocks(struct arena_block *b)
{
	struct arena_block *next;

	for (; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

void
record_clear(struct record *r)
{
	free(r->first);
	free(r->last);
	free(r->is_set);
	free(r->used);
	free_blocks(r->blocks);
	*r = (struct record){ 0 };
}

void
record_reset(struct record *r)
{
	while (r->n_used > 0)
		r->is_set[r->used[--r->n_used]] = false;
	/* One block is enough for nearly all. */
	if (r->blocks != NULL && r->blocks->next != NULL) {
		free_blocks(r->blocks->next);
		r->blocks->next = NULL;
	}
	if (r->blocks != NULL)
		r->blocks->used = 0;
	r->arena_bytes = 0;
	r->is_cut = false;
}

static struct arena_block *
add_block(struct record *r, size_t size)
{
	struct arena_block *b;

	if (size < BLOCK)
		size = BLOCK;
	if ((b = malloc(sizeof(*b) + size)) == NULL)
		return NULL;
	b->size = size;
	b->used = 0;
	b->next = r->blocks;
	r->blocks = b;
	return b;
}

void *
record_alloc(struct record *r, size_t size)
{
	struct arena_block *b = r->blocks;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (size > RECORD_ARENA_MAX - r->arena_bytes ||
	    ((b == NULL || b->size - b->used < size) &&
		(b = add_block(r, size)) == NULL)) {
		r->is_cut = true;
		return NULL;
	}
	p = b->bytes + b->used;
	b->used += size;
	r->arena_bytes += size;
	return p;
}

void
record_add_more(struct record *r, int field, const struct value *more)
{
	struct value *v = record_alloc(r, sizeof(*v));

	if (v == NULL)
		return;
	*v = *more;
	if (r->first[field].next == NULL)
		r->first[field].next = v;
	else
		r->last[field].next->next = v;
	r->last[field].next = v;
}

void
record_take(struct record *r, int field, struct record_values *ret)
{
	size_t i;

	*ret = (struct record_values){ r->first[field], r->last[field],
		r->is_set[field] };
	if (!r->is_set[field])
		return;
	r->is_set[field] = false;
	for (i = 0; r->used[i] != field; i++)
		;
	r->used[i] = r->used[--r->n_used];
}

void
record_put(struct record *r, int field, const struct record_values *v)
{
	struct record_values gone;

	record_take(r, field, &gone);
	if (!v->is_set)
		return;
	r->first[field] = v->first;
	r->last[field] = v->last;
	r->is_set[field] = true;
	r->used[r->n_used++] = field;
}
