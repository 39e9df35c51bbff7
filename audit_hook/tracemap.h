/* SPDX-License-Identifier: ISC */
/* Numbers, of processes or audit sessions, and whose they are: what the kernel's
 * maps are to eBPF. */
#ifndef CS_TRACEMAP_H
#define CS_TRACEMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "tracerecord.h"

struct tracemap_entry {
	uint32_t key;
	struct trace_member member;
	uint64_t ended_ms; /* since boot; 0: it lives */
	bool has_lost_leader; /* its first thread is gone, others are there */
	uint64_t since_ns; /* since boot: when it was put there */
	struct tracemap_entry *next;
};

/* All zero is an empty one. */
struct tracemap {
	struct tracemap_entry **buckets;
	uint32_t n;
};

/* NULL: it is not there. Borrowed until the next change. */
struct tracemap_entry *tracemap_get(const struct tracemap *m, uint32_t key);
/* In the place of what is there. 0, -ENOSPC (TRACE_MEMBERS), -ENOMEM. */
int tracemap_put(struct tracemap *m, uint32_t key, struct trace_member member);
void tracemap_remove(struct tracemap *m, uint32_t key);
/* Calls back for each, which may remove that one. */
void tracemap_each(struct tracemap *m,
    void (*take)(void *context, struct tracemap_entry *e), void *context);
/* Marks each connection that has an entry. */
void tracemap_used(const struct tracemap *m, bool *used, uint32_t n);
void tracemap_clear(struct tracemap *m);

#endif
