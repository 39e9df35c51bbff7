/* SPDX-License-Identifier: ISC */
/* UUIDs (RFC 9562): random ones, and the one that names a connection. */
#ifndef CS_UUID_H
#define CS_UUID_H

#include <stdint.h>
#include <sys/types.h>

#include "parse.h"

struct uuid {
	char text[UUID_TEXT_LEN + 1];
};

/* Version 4. 0, or -errno of getrandom(2). */
int uuid_random(struct uuid *ret);
/* Version 8 over BLAKE2b of the bytes: the same for everybody who hashes the
 * same. */
void uuid_of_bytes(const void *p, size_t len, struct uuid *ret);
/* The connection that sshd's monitor `pid` serves: over boot id, pid and start
 * time, so that every part computes the same. 0, or -errno if it is gone. */
int uuid_of_connection(pid_t monitor, struct uuid *ret);

#endif
