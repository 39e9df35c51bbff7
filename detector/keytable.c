/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "keytable.h"

#define FIRST_SIZE 64

void
keytable_init(struct keytable *t, size_t slots)
{
	*t = (struct keytable){ .slots = slots };
}

void
keytable_clear(struct keytable *t)
{
	free(t->entries);
	t->entries = NULL;
	t->size = t->used = 0;
}

static size_t
entry_size(const struct keytable *t)
{
	return (sizeof(struct keyentry) + t->slots * sizeof(uint32_t) + 7) &
	    ~(size_t)7;
}

static struct keyentry *
at(const struct keytable *t, unsigned char *entries, size_t i)
{
	return (struct keyentry *)(void *)(entries + i * entry_size(t));
}

/* Where the key is, or would be. */
static struct keyentry *
place(const struct keytable *t, unsigned char *entries, size_t size,
    uint64_t key)
{
	size_t i = (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (size - 1);

	while (at(t, entries, i)->n != 0 && at(t, entries, i)->key != key)
		i = (i + 1) & (size - 1);
	return at(t, entries, i);
}

/* All that is not older into a table of this size; false: no memory. */
static bool
move_to(struct keytable *t, size_t size, uint64_t oldest_ms)
{
	unsigned char *entries = calloc(size, entry_size(t));
	const struct keyentry *e;
	size_t i, used = 0;

	if (entries == NULL)
		return false;
	for (i = 0; i < t->size; i++) {
		e = at(t, t->entries, i);
		if (e->n == 0 || e->last_ms < oldest_ms)
			continue;
		memcpy(place(t, entries, size, e->key), e, entry_size(t));
		used++;
	}
	free(t->entries);
	t->entries = entries;
	t->size = size;
	t->used = used;
	return true;
}

/* The time that about an eighth of all are older than. */
static uint64_t
an_eighth(const struct keytable *t)
{
	uint64_t low = UINT64_MAX, high = 0, ms;
	size_t i;

	for (i = 0; i < t->size; i += 1 + t->size / 4096)
		if (at(t, t->entries, i)->n != 0) {
			ms = at(t, t->entries, i)->last_ms;
			low = ms < low ? ms : low;
			high = ms > high ? ms : high;
		}
	return low + (high - low) / 8 + 1;
}

static bool
make_room(struct keytable *t, uint64_t oldest_ms)
{
	size_t had = t->used;

	if (t->size == 0)
		return move_to(t, FIRST_SIZE, 0);
	if (t->used * 4 < t->size * 3)
		return true;
	/* What is old first: the table may be large enough without it. */
	if (!move_to(t, t->size, oldest_ms))
		return false;
	if (t->used * 2 < t->size)
		return true;
	if (t->used < KEYTABLE_KEYS_MAX)
		return move_to(t, t->size * 2, 0);
	had = t->used;
	if (!move_to(t, t->size, an_eighth(t)))
		return false;
	t->lost += had - t->used;
	/* All at the same time: then all of them go. */
	return t->used < t->size || move_to(t, t->size, UINT64_MAX);
}

struct keyentry *
keytable_get(struct keytable *t, uint64_t key, uint64_t oldest_ms)
{
	struct keyentry *e;

	if (!make_room(t, oldest_ms))
		return NULL;
	e = place(t, t->entries, t->size, key);
	if (e->n == 0) {
		memset(e, 0, entry_size(t));
		e->key = key;
		t->used++;
	}
	return e;
}

void
keytable_save(const struct keytable *t, struct savefile *s)
{
	size_t i;

	save_u64(s, t->slots);
	save_u64(s, t->used);
	for (i = 0; i < t->size; i++)
		if (at(t, t->entries, i)->n != 0)
			save_bytes(s, at(t, t->entries, i), entry_size(t));
}

void
keytable_load(struct keytable *t, struct savefile *s)
{
	struct keyentry *e, *one;
	uint64_t n;

	if (load_u64(s) != t->slots)
		s->is_bad = true;
	n = load_count(s, KEYTABLE_KEYS_MAX * UINT64_C(2));
	if ((one = malloc(entry_size(t))) == NULL)
		return;
	for (; n > 0 && !s->is_bad; n--) {
		load_bytes(s, one, entry_size(t));
		if (s->is_bad || one->n == 0 ||
		    (e = keytable_get(t, one->key, 0)) == NULL)
			break;
		memcpy(e, one, entry_size(t));
	}
	free(one);
}

struct keyentry *
keytable_find(const struct keytable *t, uint64_t key)
{
	struct keyentry *e;

	if (t->size == 0)
		return NULL;
	e = place(t, t->entries, t->size, key);
	return e->n == 0 ? NULL : e;
}

uint32_t
keyentry_offset(struct keyentry *e, uint64_t time_ms, size_t first,
    size_t n_times)
{
	uint64_t shift;
	size_t i;

	if (e->n == 0)
		e->base_ms =
		    time_ms > UINT32_MAX / 2 ? time_ms - UINT32_MAX / 2 : 0;
	if (time_ms > e->last_ms)
		e->last_ms = time_ms;
	if (time_ms < e->base_ms)
		return 0;
	if (time_ms - e->base_ms <= UINT32_MAX)
		return (uint32_t)(time_ms - e->base_ms);
	shift = time_ms - e->base_ms - UINT32_MAX / 2;
	for (i = first; i < first + n_times; i++)
		e->slots[i] =
		    e->slots[i] > shift ? (uint32_t)(e->slots[i] - shift) : 0;
	e->base_ms += shift;
	return (uint32_t)(time_ms - e->base_ms);
}
