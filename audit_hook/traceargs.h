/* SPDX-License-Identifier: ISC */
/* argv as it lies in memory, in pieces that an event has room for. */
#ifndef CS_TRACEARGS_H
#define CS_TRACEARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strv.h"

/* JSON text of a piece. */
#define TRACEARGS_COST 4000

struct traceargs {
	const uint8_t *p; /* strings, each with its NUL; the last may lack it */
	size_t n;
	size_t at; /* where the next piece begins */
	bool is_within; /* an argument: the one before was cut there */
};

/* How many there are. */
size_t traceargs_count(const struct traceargs *a);
/* The next piece, whose strings are the caller's to clear; *ret_continues: its
 * first one is the rest of the last piece's last. false: there is none. */
bool traceargs_next(struct traceargs *a, struct strv *ret, bool *ret_continues);
/* How many pieces are left. */
size_t traceargs_left(const struct traceargs *a);

#endif
