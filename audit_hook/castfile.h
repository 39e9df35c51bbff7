/* SPDX-License-Identifier: ISC */
/* The recording that the recorder appends to. */
#ifndef CS_CASTFILE_H
#define CS_CASTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "castwriter.h"

/* The most bytes that one event may have. */
#define CASTFILE_BYTES 65536

struct castfile {
	uint64_t start_usec; /* since boot: time 0 */
	uint64_t reserve_bytes; /* of the disk, to be left free */
	bool is_open; /* else nothing is written, and that is no error */
	int error; /* what ended it: an errno; 0: nothing has */
	uint64_t since_disk; /* bytes since the disk was last asked for room */
};

/* RECORDER_FILE, if that is open. */
void castfile_init(struct castfile *f, bool is_open, uint64_t start_usec,
    uint64_t reserve_bytes);
/* One event each: of at most CASTFILE_BYTES; of what a stream kept until its
 * end; of text that is ours. Written whole, or the file is closed and `error`
 * says why. */
void castfile_bytes(struct castfile *f, struct caststream *s, const void *p,
    size_t n);
void castfile_end(struct castfile *f, struct caststream *s);
void castfile_text(struct castfile *f, char code, const char *text);
/* The disk does not answer: what it was given last may be on it one day. */
void castfile_abandon(struct castfile *f);

#endif
