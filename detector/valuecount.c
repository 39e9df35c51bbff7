/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "valuecount.h"

struct cluster {
	uint32_t value, first, last;
};

size_t
valuecount_slots(uint64_t count)
{
	/* A value may have two in one span: it came, and came back. */
	return (size_t)(count * 2) * VALUECOUNT_WORDS;
}

static struct cluster
get(const struct keyentry *e, size_t i)
{
	const uint32_t *w = e->slots + i * VALUECOUNT_WORDS;

	return (struct cluster){ w[0], w[1], w[2] };
}

static void
put(struct keyentry *e, size_t i, struct cluster c)
{
	uint32_t *w = e->slots + i * VALUECOUNT_WORDS;

	w[0] = c.value;
	w[1] = c.first;
	w[2] = c.last;
}

/* As keyentry_offset, with the values left alone. */
static uint32_t
offset_of(struct keyentry *e, uint64_t time_ms)
{
	uint64_t had = e->base_ms, shift;
	uint32_t t = keyentry_offset(e, time_ms, 0, 0);
	struct cluster c;
	size_t i;

	shift = e->base_ms - had;
	for (i = 0; i < e->n && shift > 0; i++) {
		c = get(e, i);
		c.first = c.first > shift ? (uint32_t)(c.first - shift) : 0;
		c.last = c.last > shift ? (uint32_t)(c.last - shift) : 0;
		put(e, i, c);
	}
	return t;
}

static void
remember(struct keyentry *e, size_t slots, uint32_t value, uint32_t t,
    uint64_t span_ms)
{
	size_t i, oldest = 0, room = slots / VALUECOUNT_WORDS;
	struct cluster c;

	for (i = 0; i < e->n; i++) {
		c = get(e, i);
		if (c.value != value)
			continue;
		if (t < c.first && c.last - t <= span_ms)
			c.first = t;
		else if (t > c.last && t - c.first <= span_ms)
			c.last = t;
		else if (t < c.first || t > c.last)
			continue;
		put(e, i, c);
		return;
	}
	if (e->n < room) {
		put(e, e->n++, (struct cluster){ value, t, t });
		return;
	}
	for (i = 1; i < e->n; i++)
		if (get(e, i).last < get(e, oldest).last)
			oldest = i;
	if (t >= get(e, oldest).last)
		put(e, oldest, (struct cluster){ value, t, t });
}

/* Different values with a time in [from, to]. Clusters of one value are few and
 * apart: a value counts where it is first found. */
static uint64_t
distinct(const struct keyentry *e, uint64_t from, uint64_t to)
{
	struct cluster c, d;
	uint64_t n = 0;
	size_t i, k;

	for (i = 0; i < e->n; i++) {
		c = get(e, i);
		if (!((c.first >= from && c.first <= to) ||
			(c.last >= from && c.last <= to)))
			continue;
		for (k = 0; k < i; k++) {
			d = get(e, k);
			if (d.value == c.value &&
			    ((d.first >= from && d.first <= to) ||
				(d.last >= from && d.last <= to)))
				break;
		}
		n += k == i;
	}
	return n;
}

void
valuecount_add(struct keyentry *e, size_t slots, uint32_t value,
    uint64_t time_ms, uint64_t span_ms, uint64_t count,
    void (*fire)(void *context, uint64_t time_ms, uint64_t n), void *context)
{
	uint32_t t = offset_of(e, time_ms), ends[2];
	struct cluster c;
	size_t i, k;
	uint64_t n;

	remember(e, slots, value, t, span_ms);
	if (e->n < count)
		return;
	for (i = 0; i < e->n; i++) {
		c = get(e, i);
		ends[0] = c.first;
		ends[1] = c.last;
		for (k = 0; k < (c.first == c.last ? 1 : 2); k++) {
			if (ends[k] < t || ends[k] - t > span_ms)
				continue;
			n = distinct(e,
			    ends[k] > span_ms ? ends[k] - span_ms : 0, ends[k]);
			if (n >= count)
				fire(context, e->base_ms + ends[k], n);
		}
	}
}

/* The earliest time of this value that is not before `from`. */
static bool
earliest(const struct keyentry *e, uint32_t value, uint64_t from, uint64_t *ret)
{
	struct cluster c;
	bool is_found = false;
	size_t i;

	for (i = 0; i < e->n; i++) {
		c = get(e, i);
		if (c.value != value || c.last < from)
			continue;
		if (c.first >= from && (!is_found || c.first < *ret)) {
			*ret = c.first;
			is_found = true;
		} else if (c.first < from && (!is_found || c.last < *ret)) {
			*ret = c.last;
			is_found = true;
		}
	}
	return is_found;
}

void
valuecount_add_ordered(struct keyentry *e, size_t slots, uint32_t value,
    uint64_t time_ms, uint64_t span_ms, uint64_t count,
    void (*fire)(void *context, uint64_t time_ms, uint64_t n), void *context)
{
	uint32_t t = offset_of(e, time_ms), v, starts[2];
	struct cluster c;
	uint64_t at, end;
	size_t i, k;

	remember(e, slots, value, t, span_ms);
	for (i = 0; i < e->n; i++) {
		c = get(e, i);
		if (c.value != 0)
			continue;
		starts[0] = c.first;
		starts[1] = c.last;
		for (k = 0; k < 2; k++) {
			at = starts[k];
			end = at + span_ms;
			for (v = 1; v < count; v++)
				if (!earliest(e, v, at, &at) || at > end)
					break;
			if (v == count && (starts[k] <= t && t <= at)) {
				fire(context, e->base_ms + at, count);
				break;
			}
		}
	}
}
