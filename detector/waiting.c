/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "waiting.h"

/* A list in the order of deadlines: they mostly come in it. */
struct one {
	uint64_t key, time_us, deadline_us;
	char *line;
	size_t len;
};

struct waiting {
	struct one *v;
	size_t n, size;
	uint64_t lost;
};

struct waiting *
waiting_new(void)
{
	return calloc(1, sizeof(struct waiting));
}

void
waiting_clear(struct waiting *w)
{
	while (w->n > 0)
		free(w->v[--w->n].line);
}

void
waiting_free(struct waiting *w)
{
	if (w == NULL)
		return;
	waiting_clear(w);
	free(w->v);
	free(w);
}

uint64_t
waiting_lost(const struct waiting *w)
{
	return w->lost;
}

static void
drop(struct waiting *w, size_t from, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	for (i = from; i < from + n; i++)
		free(w->v[i].line);
	memmove(w->v + from, w->v + from + n,
	    (w->n - from - n) * sizeof(*w->v));
	w->n -= n;
}

static int
grow(struct waiting *w)
{
	size_t size = w->size == 0 ? 64 : w->size * 2;
	struct one *v;

	if (w->n < w->size)
		return 0;
	if (size > WAITING_MAX) {
		drop(w, 0, 1);
		w->lost++;
		return 0;
	}
	if ((v = reallocarray(w->v, size, sizeof(*v))) == NULL)
		return -1;
	w->v = v;
	w->size = size;
	return 0;
}

void
waiting_add(struct waiting *w, uint64_t key, uint64_t time_us,
    uint64_t deadline_us, const char *line, size_t len)
{
	size_t i, n = len < WAITING_LINE_MAX ? len : WAITING_LINE_MAX;
	char *copy = malloc(n + 1);

	if (copy == NULL || grow(w) < 0) {
		free(copy);
		w->lost++;
		return;
	}
	memcpy(copy, line, n);
	copy[n] = '\0';
	for (i = w->n; i > 0 && w->v[i - 1].deadline_us > deadline_us; i--)
		;
	memmove(w->v + i + 1, w->v + i, (w->n - i) * sizeof(*w->v));
	w->v[i] = (struct one){ key, time_us, deadline_us, copy, n };
	w->n++;
}

void
waiting_came(struct waiting *w, uint64_t key, uint64_t time_us)
{
	size_t i = 0;

	while (i < w->n)
		if (w->v[i].key == key && w->v[i].time_us <= time_us)
			drop(w, i, 1);
		else
			i++;
}

void
waiting_advance(struct waiting *w, uint64_t now_us,
    void (*tell)(void *context, uint64_t key, uint64_t deadline_us,
	const char *line, size_t len),
    void *context)
{
	size_t n = 0;

	for (; n < w->n && w->v[n].deadline_us < now_us; n++)
		tell(context, w->v[n].key, w->v[n].deadline_us, w->v[n].line,
		    w->v[n].len);
	drop(w, 0, n);
}

void
waiting_save(const struct waiting *w, struct savefile *s)
{
	size_t i;

	save_u64(s, w->n);
	for (i = 0; i < w->n; i++) {
		save_u64(s, w->v[i].key);
		save_u64(s, w->v[i].time_us);
		save_u64(s, w->v[i].deadline_us);
		save_u64(s, w->v[i].len);
		save_bytes(s, w->v[i].line, w->v[i].len);
	}
}

void
waiting_load(struct waiting *w, struct savefile *s)
{
	uint64_t n = load_count(s, WAITING_MAX), key, time_us, deadline_us;
	char line[WAITING_LINE_MAX];
	size_t len;

	for (; n > 0 && !s->is_bad; n--) {
		key = load_u64(s);
		time_us = load_u64(s);
		deadline_us = load_u64(s);
		len = (size_t)load_count(s, WAITING_LINE_MAX);
		load_bytes(s, line, len);
		if (!s->is_bad)
			waiting_add(w, key, time_us, deadline_us, line, len);
	}
}
