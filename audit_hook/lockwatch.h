/* SPDX-License-Identifier: ISC */
/* Has a lock come since that names a live connection? */
#ifndef CS_LOCKWATCH_H
#define CS_LOCKWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "settings.h"
#include "sshcert.h"

/* What tells a file from the one that was read: any change of it. */
struct lockwatch_stamp {
	ino_t ino;
	struct timespec ctime;
};

struct lockwatch {
	struct cert *cert; /* NULL: nothing to watch for */
	const char *login; /* borrowed */
	char *policy, *locks; /* policy.json and locks.d */
	struct lockwatch_stamp of_policy, of_locks;
	uint64_t next_ms; /* since boot */
	uint64_t full_ms; /* when it is asked whatever the files say */
};

/* cert_len 0: nothing is watched. 0, -ENOMEM, or -EBADMSG: no certificate. */
int lockwatch_init(struct lockwatch *w, const struct settings *host,
    const uint8_t *cert, size_t cert_len, const char *login);
/* Milliseconds until it wants to look; -1: never. */
int lockwatch_due_ms(const struct lockwatch *w);
/* Looks, if it is time and anything has changed. True: locked, and why in
 * words. What cannot be read now ends nothing: new logins are refused. */
bool lockwatch_sees(struct lockwatch *w, char *ret_why, size_t size);
void lockwatch_clear(struct lockwatch *w);

#endif
