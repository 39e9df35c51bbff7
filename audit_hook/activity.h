/* SPDX-License-Identifier: ISC */
/* Does the client still do anything? And how much has passed. */
#ifndef CS_ACTIVITY_H
#define CS_ACTIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A key that is typed in a terminal counts, and traffic that is more than what
 * a client sends to keep its connection alive: ACTIVITY_BYTES from one look to
 * the next, from the client, or also to it while something other than a
 * terminal runs.
 */
#define ACTIVITY_LOOK_MS 5000
#define ACTIVITY_BYTES	 512

struct activity {
	int tcp; /* the connection's socket, sshd's other end; -1: none */
	uint64_t limit_ms; /* 0: none */
	uint64_t active_ms, look_ms; /* since boot */
	uint64_t rx, tx; /* bytes of the connection, when last asked */
};

/* Takes tcp. */
void activity_init(struct activity *a, int tcp, uint64_t limit_s);
/* Milliseconds until it wants to look; -1: never. */
int activity_due_ms(const struct activity *a);
/* A key was typed, then. */
void activity_typed(struct activity *a, uint64_t ms);
/* Looks, if it is time. True: idle for too long, and why in words. */
bool activity_is_idle(struct activity *a, bool has_streams, char *ret_why,
    size_t size);
/* The totals, for the last time: sshd's client is only told that it has gone
 * when this end is closed, too. False: unknown. */
bool activity_close(struct activity *a);

#endif
