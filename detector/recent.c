/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "recent.h"

void
recent_clear(struct recent *r)
{
	free(r->v);
	*r = (struct recent){ 0 };
}

void
recent_add(struct recent *r, uint64_t key, uint64_t time_us, const char *uid,
    size_t len)
{
	struct recent_event *e;

	if (len != sizeof(e->uid.text) - 1)
		return;
	/* As two rules, it is one event. */
	if (r->n > 0) {
		e = &r->v[(r->n - 1) % RECENT_MAX];
		if (e->key == key && memcmp(e->uid.text, uid, len) == 0)
			return;
	}
	if (r->v == NULL && (r->v = calloc(RECENT_MAX, sizeof(*r->v))) == NULL)
		return;
	e = &r->v[r->n++ % RECENT_MAX];
	e->key = key;
	e->time_us = time_us;
	memcpy(e->uid.text, uid, len);
	e->uid.text[len] = '\0';
}

static int
by_time(const void *a, const void *b)
{
	const struct recent_event *x = *(const struct recent_event *const *)a;
	const struct recent_event *y = *(const struct recent_event *const *)b;

	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? -1 : 1;
	return strcmp(x->uid.text, y->uid.text);
}

size_t
recent_find(const struct recent *r, uint64_t key, uint64_t from_us,
    uint64_t to_us, const struct uuid *ret[RECENT_FOUND_MAX])
{
	const struct recent_event *found[RECENT_FOUND_MAX] = { NULL }, *e;
	size_t i, n = 0, all = r->n < RECENT_MAX ? r->n : RECENT_MAX;

	for (i = 0; i < all && n < RECENT_FOUND_MAX; i++) {
		e = &r->v[(r->n - 1 - i) % RECENT_MAX];
		if (e->key == key && e->time_us >= from_us &&
		    e->time_us <= to_us)
			found[n++] = e;
	}
	if (n > 1)
		qsort(found, n, sizeof(const struct recent_event *), by_time);
	for (i = 0; i < n; i++)
		ret[i] = &found[i]->uid;
	return n;
}

void
recent_save(const struct recent *r, struct savefile *s)
{
	size_t n = r->n < RECENT_MAX ? r->n : RECENT_MAX, i;

	save_u64(s, n);
	for (i = 0; i < n; i++)
		save_bytes(s, &r->v[(r->n - n + i) % RECENT_MAX],
		    sizeof(*r->v));
}

void
recent_load(struct recent *r, struct savefile *s)
{
	size_t n = (size_t)load_count(s, RECENT_MAX);
	struct recent_event e;

	recent_clear(r);
	for (; n > 0 && !s->is_bad; n--) {
		load_bytes(s, &e, sizeof(e));
		e.uid.text[sizeof(e.uid.text) - 1] = '\0';
		if (!s->is_bad)
			recent_add(r, e.key, e.time_us, e.uid.text,
			    strlen(e.uid.text));
	}
}
