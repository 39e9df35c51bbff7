/* SPDX-License-Identifier: ISC */
/* The recorder's loops: a session's bytes from here to there, and on record. */
#ifndef CS_RELAY_H
#define CS_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "filecopy.h"

struct recorder_options {
	uint64_t start_usec; /* since boot: time 0 of the recording */
	uint64_t reserve_bytes; /* of the disk, to be left free */
	uint64_t max_bytes; /* of each stream that is recorded */
	bool has_file; /* RECORDER_FILE is open */
	bool is_strict; /* what cannot be recorded does not pass: it ends */
	bool has_typed; /* the first packet is a struct recorder_typed */
	bool has_input; /* what is typed is recorded, while it is echoed */
	bool has_streams; /* no terminal: stdin and stdout, stderr */
	enum file_tap tap; /* with streams: whose protocol they are */
};

/* Catches SIGWINCH and leaves alone what else a terminal sends. Call before the
 * sandbox. */
void relay_prepare(void);
/* A terminal, until either side is gone; says why to the keeper. */
void relay_run(const struct recorder_options *options);
/* In another thread, while relay_run() waits for a disk in vain: without it, as
 * far as the role allows that (diskwatch.h). */
_Noreturn void relay_go_on(void);
/* A channel without one (streams.c), until nobody writes any more. */
void streams_run(const struct recorder_options *options);
_Noreturn void streams_go_on(void);

#endif
