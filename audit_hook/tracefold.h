/* SPDX-License-Identifier: ISC */
/* The same command again and again, told once with how often. */
#ifndef CS_TRACEFOLD_H
#define CS_TRACEFOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "tracerecord.h"

/* So many in a row are told one by one, each at most TRACEFOLD_MS after the one
 * before; the next are folded, for as long. */
#define TRACEFOLD_AFTER 100
#define TRACEFOLD_MS	1000

/* One connection's. All zero is one of nothing. */
struct tracefold {
	struct trace_exec *last; /* the last command, with what follows it */
	uint32_t n; /* bytes of it */
	uint32_t room;
	uint32_t streak; /* commands like it, in a row */
	uint64_t folded; /* of these: not told yet */
	uint64_t first_ns; /* of the folded; since boot, as in records */
	uint64_t since_ms; /* since boot: when folding began */
	uint64_t ends; /* of the folded, that went as the first of them */
	uint32_t code; /* how, as wait(2) says it */
	uint64_t longest_ns;
	uint64_t end_ns; /* of the last of them */
	uint32_t end_pid, end_session;
};

/* The next command of the connection, of n bytes. true: it is one more of the
 * folded, and not to be told. false: it is to be told, after what is folded. */
bool tracefold_exec(struct tracefold *f, const struct trace_exec *e,
    uint32_t n);
/* The end of one of the folded. true: it is one like the others. */
bool tracefold_exit(struct tracefold *f, const struct trace_exit *x);
/* Is it time to tell? */
bool tracefold_is_due(const struct tracefold *f);
/* What was folded has been told. */
void tracefold_told(struct tracefold *f);
void tracefold_clear(struct tracefold *f);

#endif
