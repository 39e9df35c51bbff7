/* SPDX-License-Identifier: ISC */
/* Does something run in a connection that has not come by the wrapper? */
#ifndef CS_BYPASS_H
#define CS_BYPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "peer.h"

/* How often it is looked for, and how long a shell may take to start the
 * wrapper, reading what an admin has written for it. */
#define BYPASS_LOOK_MS	1000
#define BYPASS_START_MS 3000

struct bypass {
	bool is_watched;
	struct stat wrapper;
	uint64_t next_ms; /* since boot */
};

/* Watches where the account's shell may run something of the user's first. */
void bypass_init(struct bypass *b, bool is_watched);
/* Milliseconds until it wants to look; -1: never. */
int bypass_due_ms(const struct bypass *b);
/* Looks, if it is time, at what the post-auth sshd has started: sshd itself and
 * the wrapper may be there, and a shell for a moment. True: something else is,
 * and what in words. */
bool bypass_sees(struct bypass *b, const struct monitor *m, char *ret_why,
    size_t size);

#endif
