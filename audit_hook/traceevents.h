/* SPDX-License-Identifier: ISC */
/* Records of the kernel's part as events. */
#ifndef CS_TRACEEVENTS_H
#define CS_TRACEEVENTS_H

#include "eventsink.h"
#include "settings.h"
#include "tracedisk.h"
#include "tracemap.h"
#include "tracetable.h"

#define TRACEEVENTS_CONNECTS 64
/* A TCP attempt is told with what came of it, or after this. */
#define TRACEEVENTS_WAIT_MS 200

struct traceevents_connect {
	struct trace_connect record;
	uint64_t since_ms; /* since boot */
};

struct traceevents {
	const struct settings *host;
	struct eventsink sink;
	struct tracetable table;
	struct traced detached; /* stands for no connection */
	/* An exec whose other arguments follow in a record of their own. */
	struct trace_exec *waiting;
	uint32_t waiting_n;
	struct tracemap folded; /* processes whose command was not told */
	struct traceevents_connect connects[TRACEEVENTS_CONNECTS]; /* oldest
								    * first */
	size_t n_connects;
	uint64_t told_records, told_members; /* of what is lost */
	uint64_t unowned; /* records of nobody who is known */
	uint64_t told_ms; /* since boot */
};

void traceevents_init(struct traceevents *t, const struct settings *host);
void traceevents_clear(struct traceevents *t);
tracesource_reader traceevents_take; /* context: a struct traceevents */
/* What was done to a file by a process of this member. */
void traceevents_disk(struct traceevents *t, const struct trace_member *m,
    const struct tracedisk_event *e);
/* `audit.gap`, of the whole host. */
void traceevents_say_gap(struct traceevents *t, const char *why);
/* Milliseconds until traceevents_flush has something to do; -1: never. */
int traceevents_due_ms(const struct traceevents *t);
void traceevents_flush(struct traceevents *t);
/* Tells what is folded, due or not. */
void traceevents_unfold(struct traceevents *t);
/* `audit.gap`, where more has been lost than was told. */
void traceevents_tell_lost(struct traceevents *t,
    const struct tracesource *source);
/* At which level it runs, and what the settings say not to tell. */
void traceevents_tell_start(struct traceevents *t, const char *level);
/* That nothing is known of what a connection ran before. */
void traceevents_tell_gap(struct traceevents *t, struct traced *c);

#endif
