/* SPDX-License-Identifier: ISC */
/* The recorder's loop: bytes from terminal to terminal, and on record. */
#ifndef CS_RELAY_H
#define CS_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct relay_options {
	uint64_t start_usec; /* since boot: time 0 of the recording */
	uint64_t reserve_bytes; /* of the disk, to be left free */
	bool is_strict; /* what cannot be recorded is not shown: it ends */
	bool has_input; /* what is typed is recorded, while it is echoed */
};

/* Catches SIGWINCH and leaves alone what else a terminal sends. Call before the
 * sandbox. */
void relay_prepare(void);
/* Until either side is gone; says why to the keeper. */
void relay_run(const struct relay_options *options);

#endif
