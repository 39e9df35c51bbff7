/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "timecount.h"

/* Sorted; the oldest goes when all places are taken. Its place, or SIZE_MAX if
 * it is older than all. */
static size_t
insert(struct keyentry *e, uint32_t t)
{
	size_t i = e->n;

	if (e->n == TIMECOUNT_SLOTS) {
		if (t < e->slots[0])
			return SIZE_MAX;
		memmove(e->slots, e->slots + 1,
		    (TIMECOUNT_SLOTS - 1) * sizeof(*e->slots));
		i = --e->n;
	}
	for (; i > 0 && e->slots[i - 1] > t; i--)
		e->slots[i] = e->slots[i - 1];
	e->slots[i] = t;
	e->n++;
	return i;
}

static void
add_exact(struct keyentry *e, uint64_t time_ms, uint64_t span_ms,
    uint64_t count, void (*fire)(void *context, uint64_t time_ms, uint64_t n),
    void *context)
{
	uint32_t t = keyentry_offset(e, time_ms, 0, e->n);
	size_t at = insert(e, t), i;

	if (at == SIZE_MAX)
		return;
	/* Each window that ends with an event and has this one in it. */
	for (i = at; i < e->n && i < at + count; i++)
		if (i + 1 >= count &&
		    e->slots[i] - e->slots[i + 1 - count] <= span_ms)
			fire(context, e->base_ms + e->slots[i], count);
}

/* slots[part % 16] is how many came in the part; `head` is the latest part's low
 * bits, base_ms the part itself. */
static void
add_parts(struct keyentry *e, uint64_t time_ms, uint64_t span_ms,
    uint64_t count, void (*fire)(void *context, uint64_t time_ms, uint64_t n),
    void *context)
{
	uint64_t length = span_ms / (TIMECOUNT_SLOTS - 1) + 1,
		 part = time_ms / length,
		 latest = e->n == 0 ? part : e->base_ms, end, p, n;

	if (time_ms > e->last_ms)
		e->last_ms = time_ms;
	for (p = latest + 1; p <= part && p <= latest + TIMECOUNT_SLOTS; p++)
		e->slots[p % TIMECOUNT_SLOTS] = 0;
	if (part > latest)
		latest = part;
	e->base_ms = latest;
	e->n = 1;
	if (part + TIMECOUNT_SLOTS <= latest)
		return;
	if (e->slots[part % TIMECOUNT_SLOTS] < UINT32_MAX)
		e->slots[part % TIMECOUNT_SLOTS]++;
	for (end = part; end <= latest; end++) {
		for (p = end, n = 0; p + TIMECOUNT_SLOTS > end; p--) {
			if (p + TIMECOUNT_SLOTS > latest)
				n += e->slots[p % TIMECOUNT_SLOTS];
			if (p == 0)
				break;
		}
		if (n >= count)
			fire(context, end == part ? time_ms : end * length, n);
	}
}

void
timecount_add(struct keyentry *e, uint64_t time_ms, uint64_t span_ms,
    uint64_t count, void (*fire)(void *context, uint64_t time_ms, uint64_t n),
    void *context)
{
	if (count <= TIMECOUNT_EXACT)
		add_exact(e, time_ms, span_ms, count, fire, context);
	else
		add_parts(e, time_ms, span_ms, count, fire, context);
}
