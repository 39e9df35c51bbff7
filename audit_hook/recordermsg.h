/* SPDX-License-Identifier: ISC */
/* What the keeper and its recorder say to each other: one of these structs a
 * packet, over the socket pair that the keeper made. */
#ifndef CS_RECORDERMSG_H
#define CS_RECORDERMSG_H

#include <stdint.h>

#include "fileop.h"

#define RECORDERMSG_VERSION  3
#define RECORDERMSG_TEXT_MAX 600

/* The recorder's descriptors, as the keeper leaves them to it. */
enum recorder_fd {
	RECORDER_CONTROL = 0,
	RECORDER_OUTER = 1, /* the terminal that sshd has the other end of */
	RECORDER_INNER = 2, /* the master of the session's own */
	/* Without a terminal these two are standard input, from sshd and to the
	 * program, and there are four more pipes. */
	RECORDER_FILE = 3, /* appended to; not open: nothing is recorded */
	RECORDER_INNER_OUT = 4,
	RECORDER_OUTER_OUT = 5,
	RECORDER_INNER_ERR = 6,
	RECORDER_OUTER_ERR = 7,
	RECORDER_FDS
};

enum recorder_report_type {
	RECORDER_RESIZE = 1, /* columns, rows */
	RECORDER_ACTIVITY = 2, /* the person has typed; at most once a second */
	RECORDER_FAILED = 3, /* error: an errno; nothing more is recorded */
	RECORDER_END = 4, /* why; the last word */
	RECORDER_DRAINED = 5, /* all output until RECORDER_DRAIN is with sshd */
	RECORDER_FILE_OP = 6 /* a struct recorder_fileop */
};

enum recorder_end {
	RECORDER_END_PROGRAM = 1, /* nobody has the session's terminal open */
	RECORDER_END_CLIENT = 2, /* sshd has closed its end */
	RECORDER_END_FAILED = 3, /* it could not record, and had to */
	RECORDER_END_TOLD = 4,
	RECORDER_END_FILES = 5 /* what is done to files could not be read */
};

struct recorder_report {
	uint8_t version;
	uint8_t type;
	uint8_t why;
	uint16_t columns, rows;
	uint32_t error;
	uint64_t tx, rx; /* bytes to and from the client until now */
	uint64_t not_told; /* file operations that only looked, of too many */
};

/* With a FILE_OP. Only as much of `bytes` is sent as the texts have, one after
 * the other; where they point to means nothing. */
struct recorder_fileop {
	struct recorder_report report;
	struct fileop op;
	uint8_t bytes[FILEOP_TEXTS * FILEOP_TEXT_MAX];
};

enum recorder_order_type {
	RECORDER_SAY = 1, /* shows text on the terminal, and marks it */
	RECORDER_STOP = 2, /* shows text, then ends */
	RECORDER_DRAIN = 3 /* the program has ended: answers DRAINED */
};

struct recorder_order {
	uint8_t version;
	uint8_t type;
	char text[RECORDERMSG_TEXT_MAX]; /* printable ASCII, NUL-terminated */
};

/* What a terminal and its driver keep of what nobody has read, each character
 * escaped (N_TTY_BUF_SIZE, tty_buffer_set_limit in pty.c and what goes beyond
 * that). */
#define TYPED_KEPT     4096
#define TYPED_MAX      (2 * TYPED_KEPT + 64)
#define TYPED_REST_MAX 24576

/*
 * The first packet for a recorder that is started with --typed: what was typed
 * before the session had its own terminal. `typed` has been echoed, as `echo`,
 * and is in the inner terminal; `rest` is input like any that comes later.
 */
struct recorder_typed {
	uint8_t version;
	uint32_t n_typed, n_echo, n_rest;
	uint8_t typed[TYPED_MAX], echo[TYPED_MAX], rest[TYPED_REST_MAX];
};

#endif
