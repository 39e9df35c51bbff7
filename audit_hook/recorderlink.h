/* SPDX-License-Identifier: ISC */
/* The recorder's end of its socket to the keeper. */
#ifndef CS_RECORDERLINK_H
#define CS_RECORDERLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "recordermsg.h"

struct recorder_count {
	uint64_t tx, rx; /* bytes to and from the client */
	uint64_t not_told; /* file operations */
};

/* Says it; a new size, or that somebody is there, without waiting for a keeper
 * that does not listen. */
void recorderlink_say(struct recorder_report *m,
    const struct recorder_count *count);
/* Waits for a keeper that is slow: what was done to files is never passed over.
 */
void recorderlink_say_fileop(const struct fileop *op,
    const struct recorder_count *count);
/* 1 with an order; 0: there is none; -1: the keeper is gone. */
int recorderlink_hear(struct recorder_order *ret);
/* The first packet; 0, or -EBADMSG if it is none of those. */
int recorderlink_hear_typed(struct recorder_typed *ret);
/* ACTIVITY, at most once a second. *told_usec, since boot, begins with 0. */
void recorderlink_say_active(uint64_t *told_usec,
    const struct recorder_count *count);
/* Ends a process of which another thread still waits for the disk: nothing is
 * closed by its end before that one has come back. */
_Noreturn void recorderlink_leave(void);

#endif
