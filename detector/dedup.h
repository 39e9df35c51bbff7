/* SPDX-License-Identifier: ISC */
/* One alert for a rule, a key and a window of time; the rest is counted. The
 * windows stand fast on the clock, so that the order of events does not decide
 * which alerts there are. */
#ifndef CS_DEDUP_H
#define CS_DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "savefile.h"
#include "uuid.h"

#define DEDUP_WINDOWS_MAX 65536
#define DEDUP_WHERE_MAX	  1024
/* Windows are kept so long after their end, for what comes late. */
#define DEDUP_LATE_US (UINT64_C(24) * 3600 * 1000000)

struct dedup_window {
	uint64_t id; /* of rule, key and window */
	uint64_t end_us;
	uint64_t count, told; /* events; how many of them have been told */
	uint64_t first_us, last_us;
	uint32_t rule;
	uint8_t level; /* the highest that has been told */
	bool is_over; /* its end has passed, and its count been told */
	bool is_muted; /* a flood: there is no alert whose count this is */
	uint64_t muted_until_us; /* and in this hour there will be none */
	struct uuid alert;
	char *where; /* the host, as members of an object; NULL: none */
};

struct dedup;

struct dedup *dedup_new(void);
void dedup_free(struct dedup *d);
/*
 * Counts an event at this time, of a key that has the rule in it; *ret_new: it is the window's first,
 * and an alert is due. NULL: out of memory.
 */
struct dedup_window *dedup_count(struct dedup *d, uint32_t rule, uint64_t key,
    uint64_t window_us, uint64_t time_us, bool *ret_new);
/* The window that dedup_count would count in; NULL: there is none yet. */
struct dedup_window *dedup_find(const struct dedup *d, uint64_t key,
    uint64_t window_us, uint64_t time_us);
/*
 * At this time: what of ended windows has not been told goes to tell, in the
 * order of their ends, and what is too old is forgotten.
 */
void dedup_advance(struct dedup *d, uint64_t now_us,
    void (*tell)(void *context, const struct dedup_window *w), void *context);
/* All that has not been told: there will be no more events. */
void dedup_end(struct dedup *d,
    void (*tell)(void *context, const struct dedup_window *w), void *context);
/* rules[i] is today's number of what was rule i, or UINT32_MAX: there is no such
 * rule any more. */
void dedup_save(const struct dedup *d, struct savefile *s);
void dedup_load(struct dedup *d, struct savefile *s, const uint32_t *rules,
    size_t n_rules);
/* Windows that had to go before their time, for want of room. */
uint64_t dedup_lost(const struct dedup *d);

#endif
