/* SPDX-License-Identifier: ISC */
/* What a closed recording is: its size and digest. */
#ifndef CS_SEAL_H
#define CS_SEAL_H

#include <stdint.h>

#define SEAL_DIGEST_MAX 65 /* BLAKE2b-256 in hexadecimal */

struct seal {
	int fd; /* where archive(8) says it; -1: it has, or never began */
	uint64_t bytes;
	char digest[SEAL_DIGEST_MAX]; /* empty: not known */
};

void seal_init(struct seal *s);
/* Starts archive(8) on the file: first its digest, then it is compressed, for
 * which nobody waits. 0 or -errno. */
int seal_start(struct seal *s, const char *path);
/* Reads what it says; the descriptor is closed then. */
void seal_hear(struct seal *s);
void seal_clear(struct seal *s);

#endif
