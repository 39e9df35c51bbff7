/* SPDX-License-Identifier: ISC */
/* What a closed recording is: its size and digest. */
#ifndef CS_SEAL_H
#define CS_SEAL_H

#include <stddef.h>
#include <stdint.h>

#define SEAL_DIGEST_MAX 65 /* BLAKE2b-256 in hexadecimal */

struct seal {
	int fd; /* where archive(8) says it; -1: it has, or never began */
	uint64_t moved_ms; /* since boot: its last sign of life */
	char line[128]; /* what it has said of its line */
	size_t n;
	uint64_t bytes;
	char digest[SEAL_DIGEST_MAX]; /* empty: not known */
};

void seal_init(struct seal *s);
/* Starts archive(8) on the file, which gets last_line if it is not empty: first
 * its digest, then it is compressed, for which nobody waits. 0 or -errno. */
int seal_start(struct seal *s, const char *path, const char *last_line);
/* How long to wait for a sign of life, at most; -1: for ever. */
int seal_due_ms(const struct seal *s);
/* Reads what it says, without waiting. The descriptor is closed once it has said
 * all, or nothing for so long: -ETIMEDOUT then, else 0. */
int seal_hear(struct seal *s);
void seal_clear(struct seal *s);

#endif
