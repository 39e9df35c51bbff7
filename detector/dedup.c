/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "dedup.h"

#define TABLE (DEDUP_WINDOWS_MAX * 2)
#define EMPTY UINT32_MAX

struct dedup {
	struct dedup_window *windows; /* n of them, grown as needed */
	size_t n, size;
	uint32_t *table; /* of windows, by id */
	uint64_t next_us; /* nothing ends before */
	uint64_t lost;
};

struct dedup *
dedup_new(void)
{
	struct dedup *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	if ((d->table = malloc(TABLE * sizeof(*d->table))) == NULL) {
		free(d);
		return NULL;
	}
	memset(d->table, 0xff, TABLE * sizeof(*d->table));
	d->next_us = UINT64_MAX;
	return d;
}

/* What these windows own. */
static void
forget(struct dedup_window *w, size_t n)
{
	for (; n > 0; n--, w++)
		free(w->where);
}

void
dedup_free(struct dedup *d)
{
	if (d == NULL)
		return;
	forget(d->windows, d->n);
	free(d->windows);
	free(d->table);
	free(d);
}

void
dedup_save(const struct dedup *d, struct savefile *s)
{
	struct dedup_window w;
	size_t i;

	save_u64(s, sizeof(*d->windows));
	save_u64(s, d->n);
	for (i = 0; i < d->n; i++) {
		w = d->windows[i];
		w.where = NULL;
		save_bytes(s, &w, sizeof(w));
		save_text(s,
		    d->windows[i].where != NULL ? d->windows[i].where : "");
	}
}

static void rebuild(struct dedup *d);

static char *
load_where(struct savefile *s)
{
	char *text = load_text(s, DEDUP_WHERE_MAX);

	if (text != NULL && *text != '\0')
		return text;
	free(text);
	return NULL;
}

void
dedup_load(struct dedup *d, struct savefile *s, const uint32_t *rules,
    size_t n_rules)
{
	struct dedup_window w;
	size_t n;

	if (load_u64(s) != sizeof(w))
		s->is_bad = true;
	n = (size_t)load_count(s, DEDUP_WINDOWS_MAX);
	forget(d->windows, d->n);
	free(d->windows);
	d->windows = calloc(n + 1, sizeof(*d->windows));
	d->size = d->windows == NULL ? 0 : n + 1;
	d->n = 0;
	for (; n > 0 && d->size > 0 && !s->is_bad; n--) {
		load_bytes(s, &w, sizeof(w));
		w.where = load_where(s);
		if (s->is_bad || w.rule >= n_rules ||
		    rules[w.rule] == UINT32_MAX) {
			free(w.where);
			continue;
		}
		w.rule = rules[w.rule];
		d->windows[d->n++] = w;
	}
	if (s->is_bad) {
		forget(d->windows, d->n);
		d->n = 0;
	}
	rebuild(d);
}

uint64_t
dedup_lost(const struct dedup *d)
{
	return d->lost;
}

static uint64_t
mix(uint64_t h, uint64_t x)
{
	h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 29);
}

static uint32_t *
place_of(const struct dedup *d, uint64_t id)
{
	size_t i = id % TABLE;

	while (d->table[i] != EMPTY && d->windows[d->table[i]].id != id)
		i = (i + 1) % TABLE;
	return &d->table[i];
}

/* The table anew, after windows have moved. */
static void
rebuild(struct dedup *d)
{
	size_t i;

	memset(d->table, 0xff, TABLE * sizeof(*d->table));
	d->next_us = UINT64_MAX;
	for (i = 0; i < d->n; i++) {
		const struct dedup_window *w = &d->windows[i];
		uint64_t next = w->end_us + (w->is_over ? DEDUP_LATE_US : 0);

		*place_of(d, w->id) = (uint32_t)i;
		if (next < d->next_us)
			d->next_us = next;
	}
}

static int
by_end(const void *a, const void *b)
{
	const struct dedup_window *x = a, *y = b;

	if (x->end_us != y->end_us)
		return x->end_us < y->end_us ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The eighth that ends first goes. */
static void
make_room(struct dedup *d)
{
	size_t gone = d->n / 8;

	qsort(d->windows, d->n, sizeof(*d->windows), by_end);
	forget(d->windows, gone);
	memmove(d->windows, d->windows + gone,
	    (d->n - gone) * sizeof(*d->windows));
	d->n -= gone;
	d->lost += gone;
	rebuild(d);
}

static struct dedup_window *
add(struct dedup *d, uint64_t id)
{
	size_t size = d->size == 0 ? 64 : d->size * 2;
	struct dedup_window *grown;

	if (d->n == DEDUP_WINDOWS_MAX)
		make_room(d);
	if (d->n == d->size) {
		grown = reallocarray(d->windows, size, sizeof(*grown));
		if (grown == NULL)
			return NULL;
		d->windows = grown;
		d->size = size;
	}
	*place_of(d, id) = (uint32_t)d->n;
	d->windows[d->n] = (struct dedup_window){ .id = id };
	return &d->windows[d->n++];
}

static uint64_t
id_of(uint64_t key, uint64_t number)
{
	return mix(mix(0, key), number);
}

struct dedup_window *
dedup_find(const struct dedup *d, uint64_t key, uint64_t window_us,
    uint64_t time_us)
{
	uint32_t place = *place_of(d, id_of(key, time_us / window_us));

	return place != EMPTY ? &d->windows[place] : NULL;
}

struct dedup_window *
dedup_count(struct dedup *d, uint32_t rule, uint64_t key, uint64_t window_us,
    uint64_t time_us, bool *ret_new)
{
	uint64_t number = time_us / window_us, id = id_of(key, number);
	uint32_t place = *place_of(d, id);
	struct dedup_window *w =
	    place != EMPTY ? &d->windows[place] : add(d, id);

	if (w == NULL)
		return NULL;
	*ret_new = w->count == 0;
	if (*ret_new) {
		w->rule = rule;
		w->end_us = (number + 1) * window_us;
		w->first_us = w->last_us = time_us;
	}
	w->count++;
	if (time_us < w->first_us)
		w->first_us = time_us;
	if (time_us > w->last_us)
		w->last_us = time_us;
	if (!w->is_over && w->end_us < d->next_us)
		d->next_us = w->end_us;
	return w;
}

/* At its end a window is told; what came late, when it is forgotten. */
static void
tell_one(struct dedup_window *w,
    void (*tell)(void *context, const struct dedup_window *w), void *context)
{
	if (w->count > 1 && w->count > w->told && !w->is_muted)
		tell(context, w);
	w->told = w->count;
	w->is_over = true;
}

static void
tell_ended(struct dedup *d, uint64_t now_us,
    void (*tell)(void *context, const struct dedup_window *w), void *context)
{
	size_t i;

	qsort(d->windows, d->n, sizeof(*d->windows), by_end);
	for (i = 0; i < d->n && d->windows[i].end_us <= now_us; i++)
		if (!d->windows[i].is_over ||
		    d->windows[i].end_us + DEDUP_LATE_US <= now_us)
			tell_one(&d->windows[i], tell, context);
}

void
dedup_advance(struct dedup *d, uint64_t now_us,
    void (*tell)(void *context, const struct dedup_window *w), void *context)
{
	size_t gone = 0;

	if (now_us < d->next_us)
		return;
	tell_ended(d, now_us, tell, context);
	while (gone < d->n && d->windows[gone].end_us + DEDUP_LATE_US <= now_us)
		gone++;
	forget(d->windows, gone);
	memmove(d->windows, d->windows + gone,
	    (d->n - gone) * sizeof(*d->windows));
	d->n -= gone;
	rebuild(d);
}

void
dedup_end(struct dedup *d,
    void (*tell)(void *context, const struct dedup_window *w), void *context)
{
	if (d->n == 0)
		return;
	tell_ended(d, UINT64_MAX - DEDUP_LATE_US, tell, context);
	rebuild(d);
}
