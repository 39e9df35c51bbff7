/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "keytable.h"

#define EMPTY	   UINT32_MAX
#define FIRST_ROOM 32

void
keytable_init(struct keytable *t, size_t slots)
{
	*t = (struct keytable){ .slots = slots };
}

void
keytable_clear(struct keytable *t)
{
	free(t->entries);
	free(t->index);
	t->entries = NULL;
	t->index = NULL;
	t->used = t->room = t->index_size = 0;
}

/* Its numbers of eight bytes stand at four: one entry has not to be longer than
 * it is. */
size_t
keytable_entry_bytes(const struct keytable *t)
{
	return offsetof(struct keyentry, slots) + t->slots * sizeof(uint32_t);
}

static struct keyentry *
at(const struct keytable *t, size_t i)
{
	return (struct keyentry *)(void *)(t->entries +
	    i * keytable_entry_bytes(t));
}

/* Where the key's number is in the index, or would be. */
static uint32_t *
place(const struct keytable *t, uint64_t key)
{
	size_t i =
	    (key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->index_size - 1);

	while (t->index[i] != EMPTY && at(t, t->index[i])->key != key)
		i = (i + 1) & (t->index_size - 1);
	return &t->index[i];
}

/* The index anew, of this size; false: no memory. */
static bool
reindex(struct keytable *t, size_t size)
{
	uint32_t *index = t->index;
	size_t i;

	if (size != t->index_size &&
	    (index = reallocarray(t->index, size, sizeof(*index))) == NULL)
		return false;
	t->index = index;
	t->index_size = size;
	memset(index, 0xff, size * sizeof(*index));
	for (i = 0; i < t->used; i++)
		*place(t, at(t, i)->key) = (uint32_t)i;
	return true;
}

/* Those that have had no event since go. */
static void
forget(struct keytable *t, uint64_t oldest_ms)
{
	size_t i, left = 0, size = keytable_entry_bytes(t);

	for (i = 0; i < t->used; i++) {
		if (at(t, i)->last_ms < oldest_ms)
			continue;
		if (i != left)
			memcpy(at(t, left), at(t, i), size);
		left++;
	}
	t->used = left;
	(void)reindex(t, t->index_size);
}

/* The time that about an eighth of all are older than. */
static uint64_t
an_eighth(const struct keytable *t)
{
	uint64_t low = UINT64_MAX, high = 0, ms;
	size_t i;

	for (i = 0; i < t->used; i += 1 + t->used / 4096) {
		ms = at(t, i)->last_ms;
		low = ms < low ? ms : low;
		high = ms > high ? ms : high;
	}
	return low + (high - low) / 8 + 1;
}

static bool
grow(struct keytable *t)
{
	size_t room = t->room == 0 ? FIRST_ROOM : t->room + t->room / 2;
	unsigned char *entries =
	    reallocarray(t->entries, room, keytable_entry_bytes(t));

	if (entries == NULL)
		return false;
	t->entries = entries;
	t->room = room;
	/* At most three quarters of it are used. */
	return t->index_size * 3 / 4 >= room ||
	    reindex(t,
		t->index_size == 0 ? (size_t)FIRST_ROOM * 2
				   : t->index_size * 2);
}

static bool
make_room(struct keytable *t, uint64_t oldest_ms)
{
	size_t had = t->used;

	if (t->used < t->room)
		return true;
	/* What is old first: there may be room enough without it. */
	if (t->used > 0)
		forget(t, oldest_ms);
	if (t->used < t->room / 2)
		return true;
	if (t->used < KEYTABLE_KEYS_MAX)
		return grow(t);
	had = t->used;
	forget(t, an_eighth(t));
	/* All at the same time: then all of them go. */
	if (t->used == had)
		forget(t, UINT64_MAX);
	t->lost += had - t->used;
	return true;
}

struct keyentry *
keytable_get(struct keytable *t, uint64_t key, uint64_t oldest_ms)
{
	struct keyentry *e;
	uint32_t *i;

	if (t->index_size > 0 && *(i = place(t, key)) != EMPTY)
		return at(t, *i);
	if (!make_room(t, oldest_ms))
		return NULL;
	e = at(t, t->used);
	memset(e, 0, keytable_entry_bytes(t));
	e->key = key;
	*place(t, key) = (uint32_t)t->used++;
	return e;
}

void
keytable_save(const struct keytable *t, struct savefile *s)
{
	size_t i;

	save_u64(s, t->slots);
	save_u64(s, t->used);
	for (i = 0; i < t->used; i++)
		save_bytes(s, at(t, i), keytable_entry_bytes(t));
}

void
keytable_load(struct keytable *t, struct savefile *s)
{
	struct keyentry *e, *one;
	uint64_t n;

	if (load_u64(s) != t->slots)
		s->is_bad = true;
	n = load_count(s, KEYTABLE_KEYS_MAX * UINT64_C(2));
	if ((one = malloc(keytable_entry_bytes(t))) == NULL)
		return;
	for (; n > 0 && !s->is_bad; n--) {
		load_bytes(s, one, keytable_entry_bytes(t));
		if (one->n > (t->slots > 0 ? t->slots : 1))
			s->is_bad = true;
		if (s->is_bad || one->n == 0 ||
		    (e = keytable_get(t, one->key, 0)) == NULL)
			break;
		memcpy(e, one, keytable_entry_bytes(t));
	}
	free(one);
}

struct keyentry *
keytable_find(const struct keytable *t, uint64_t key)
{
	const uint32_t *i;

	if (t->index_size == 0 || *(i = place(t, key)) == EMPTY)
		return NULL;
	return at(t, *i);
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
