/* SPDX-License-Identifier: ISC */
/* A recording's output as lines of text. */
#ifndef CS_PLAINTEXT_H
#define CS_PLAINTEXT_H

#include <stdint.h>

#include "castreader.h"

/* A longer one is given in pieces. */
#define PLAINTEXT_LINE_MAX 4096

struct plaintext_line {
	uint64_t usec; /* when it was begun */
	const char *text; /* no newline; hostile, as all that was shown */
};

/* Not 0 ends the reading. */
typedef int plaintext_reader(const struct plaintext_line *line, void *context);

/*
 * Without sequences, controls and what was overwritten by a return to the
 * line's beginning. No screen is drawn: what a full-screen program shows comes
 * out in pieces. 0, what a reader said, or -EBADMSG.
 */
int plaintext_read(struct castreader *r, plaintext_reader *read, void *context);

#endif
