/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "tracemap.h"

#define BUCKETS 4096

/* Numbers are given one after the other. */
static struct tracemap_entry **
bucket_of(const struct tracemap *m, uint32_t key)
{
	return &m->buckets[key % BUCKETS];
}

struct tracemap_entry *
tracemap_get(const struct tracemap *m, uint32_t key)
{
	struct tracemap_entry *e = m->n > 0 ? *bucket_of(m, key) : NULL;

	while (e != NULL && e->key != key)
		e = e->next;
	return e;
}

int
tracemap_put(struct tracemap *m, uint32_t key, struct trace_member member)
{
	struct tracemap_entry *e = tracemap_get(m, key), **bucket;

	if (e != NULL) {
		e->member = member;
		e->ended_ms = 0;
		e->has_lost_leader = false;
		e->since_ns = clock_boot_usec() * 1000;
		return 0;
	}
	if (m->n == TRACE_MEMBERS)
		return -ENOSPC;
	if (m->buckets == NULL &&
	    (m->buckets = calloc(BUCKETS, sizeof(struct tracemap_entry *))) ==
		NULL)
		return -ENOMEM;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return -ENOMEM;
	bucket = bucket_of(m, key);
	*e = (struct tracemap_entry){ .key = key,
		.member = member,
		.since_ns = clock_boot_usec() * 1000,
		.next = *bucket };
	*bucket = e;
	m->n++;
	return 0;
}

void
tracemap_remove(struct tracemap *m, uint32_t key)
{
	struct tracemap_entry **at, *e = tracemap_get(m, key);

	if (e == NULL)
		return;
	at = bucket_of(m, key);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	free(e);
	m->n--;
}

void
tracemap_each(struct tracemap *m,
    void (*take)(void *context, struct tracemap_entry *e), void *context)
{
	struct tracemap_entry *e, *next;
	uint32_t i;

	for (i = 0; i < BUCKETS && m->n > 0; i++)
		for (e = m->buckets[i]; e != NULL; e = next) {
			next = e->next;
			take(context, e);
		}
}

void
tracemap_used(const struct tracemap *m, bool *used, uint32_t n)
{
	const struct tracemap_entry *e;
	uint32_t i;

	for (i = 0; i < BUCKETS && m->n > 0; i++)
		for (e = m->buckets[i]; e != NULL; e = e->next)
			if (e->member.connection < n)
				used[e->member.connection] = true;
}

static void
drop(void *context, struct tracemap_entry *e)
{
	tracemap_remove(context, e->key);
}

void
tracemap_clear(struct tracemap *m)
{
	tracemap_each(m, drop, m);
	free(m->buckets);
	m->buckets = NULL;
}
