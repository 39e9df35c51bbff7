/* SPDX-License-Identifier: ISC */
/* Does something run in a connection that has not come by the wrapper? */
#ifndef CS_BYPASS_H
#define CS_BYPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "peer.h"

/* How often it is looked for, and how long a shell may take to start the
 * wrapper, reading what an admin has written for it. */
#define BYPASS_LOOK_MS 1000
/* As long as somebody is there who has not checked in, and at the beginning. */
#define BYPASS_SOON_MS	100
#define BYPASS_BEGIN_MS 3000
#define BYPASS_START_MS 3000

struct bypass {
	bool is_watched;
	uint64_t began_ms, next_ms; /* since boot */
	bool has_unknown;
};

/* The wrappers that have checked in and have not ended. */
struct bypass_known {
	const pid_t *pids;
	size_t n;
};

void bypass_init(struct bypass *b, bool is_watched);
/* Milliseconds until it wants to look; -1: never. */
int bypass_due_ms(const struct bypass *b);
/* Looks, if it is time, at what the post-auth sshd has started: only wrappers
 * that have checked in may be there, and a shell for a moment. True: something
 * else is, and what in words. */
bool bypass_sees(struct bypass *b, const struct monitor *m,
    const struct bypass_known *known, char *ret_why, size_t size);

#endif
