/* SPDX-License-Identifier: ISC */
/* Events of an asciicast v2 file (docs/FORMATS.md): a line each. */
#ifndef CS_CASTWRITER_H
#define CS_CASTWRITER_H

#include <stddef.h>
#include <stdint.h>

/* The longest text that a line with n bytes of data has. */
#define CASTWRITER_ROOM(n) (6 * ((n) + 4) + 64)

/* One direction of bytes. A character may be cut by a read anywhere: what there
 * is of it waits for the rest. */
struct caststream {
	char code; /* 'o', 'i' */
	uint8_t carry[3];
	size_t n_carry;
};

/*
 * Writes the line for these bytes into out, of CASTWRITER_ROOM(n), at so many
 * microseconds after the beginning. Returns its length; 0 if there is nothing
 * to say yet. What is no UTF-8 (RFC 3629) becomes U+FFFD, a byte each.
 */
size_t caststream_event(struct caststream *s, uint64_t usec, const void *p,
    size_t n, char *out);
/* The same at the end of the bytes: what waits does so in vain. */
size_t caststream_end(struct caststream *s, uint64_t usec, char *out);
/* "[1.5, "r", "80x25"]": one event of text that is ours, ASCII. */
size_t castwriter_text(uint64_t usec, char code, const char *text, char *out,
    size_t size);

#endif
