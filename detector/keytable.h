/* SPDX-License-Identifier: ISC */
/* What correlations keep for each of their keys: entries of one size, found by
 * their key. */
#ifndef CS_KEYTABLE_H
#define CS_KEYTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "savefile.h"

#define KEYTABLE_KEYS_MAX 1000000 /* of one correlation */

#pragma pack(push, 4)
/* Times are milliseconds after base_ms: 32 bits are 49 days. */
struct keyentry {
	uint64_t key;
	uint64_t base_ms;
	uint64_t
	    last_ms; /* the latest event, of the clock and not of the base */
	uint32_t n;
	uint32_t slots[];
};
#pragma pack(pop)

struct keytable {
	unsigned char *entries; /* one after the other */
	size_t used, room, slots;
	uint32_t *index; /* of entries, by key; a power of two */
	size_t index_size;
	uint64_t lost; /* keys that had to go for others */
};

/* Entries with so many slots. */
void keytable_init(struct keytable *t, size_t slots);
void keytable_clear(struct keytable *t);
/*
 * The key's entry, which may be new: n is 0, and stays so for the caller to
 * count up. What has had no event since oldest_ms may go when there is no room.
 * NULL: out of memory.
 */
struct keyentry *keytable_get(struct keytable *t, uint64_t key,
    uint64_t oldest_ms);
void keytable_save(const struct keytable *t, struct savefile *s);
/* Into an empty one; other slots than these are bad. */
void keytable_load(struct keytable *t, struct savefile *s);
/* NULL: there is none. */
struct keyentry *keytable_find(const struct keytable *t, uint64_t key);
/* What one takes, the index left out. */
size_t keytable_entry_bytes(const struct keytable *t);
/* Moves an entry's base so that this time is not before it; what is then too
 * far away is cut to the furthest. */
uint32_t keyentry_offset(struct keyentry *e, uint64_t time_ms, size_t first,
    size_t n_times);

#endif
