/* SPDX-License-Identifier: ISC */
/* The last events that a correlation has counted, by their uids: an alert names
 * those that made it, as far as they are still known. */
#ifndef CS_RECENT_H
#define CS_RECENT_H

#include <stddef.h>
#include <stdint.h>

#include "savefile.h"
#include "uuid.h"

#define RECENT_MAX	 512 /* of one correlation */
#define RECENT_FOUND_MAX 32

struct recent_event {
	uint64_t key, time_us;
	struct uuid uid;
};

struct recent {
	struct recent_event *v; /* a ring, made with the first */
	size_t n; /* that there have been */
};

void recent_clear(struct recent *r);
/* uid need not be terminated; one of another length is left out, as is all
 * without memory. */
void recent_add(struct recent *r, uint64_t key, uint64_t time_us,
    const char *uid, size_t len);
/* The latest of this key from then on, in the order of their times; they are
 * borrowed until the next recent_add. */
size_t recent_find(const struct recent *r, uint64_t key, uint64_t from_us,
    uint64_t to_us, const struct uuid *ret[RECENT_FOUND_MAX]);
void recent_save(const struct recent *r, struct savefile *s);
void recent_load(struct recent *r, struct savefile *s);

#endif
