/* SPDX-License-Identifier: ISC */
/* The keeper's word to trace(8), if that runs here. */
#ifndef CS_TRACELINK_H
#define CS_TRACELINK_H

#include <stdbool.h>
#include <stdint.h>

#include "tracemsg.h"

struct connection;
struct ksession;

struct tracelink {
	int fd; /* -1: it does not run, or does not answer */
	enum trace_level level; /* as it said last */
	uint64_t tried_ms; /* since boot: when it was looked for last */
};

void tracelink_init(struct tracelink *t);
/* Announces the connection, before anything runs in it, or a session, before
 * its program does: at which level it is traced. Waits at most TRACELINK_MS for
 * the answer. */
#define TRACELINK_MS 200
void tracelink_begin(struct connection *c);
enum trace_level tracelink_session(struct connection *c,
    const struct ksession *s);
/* Is that enough for a role that demands it? */
bool tracelink_will_do(const struct tracelink *t);
/* Now and then: a trace that has been started since is told of what there is. */
void tracelink_keep(struct connection *c);
void tracelink_clear(struct tracelink *t);

#endif
