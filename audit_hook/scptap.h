/* SPDX-License-Identifier: ISC */
/*
 * Reads the protocol of scp -O (rcp's), as it passes, and tells which files were
 * copied. There is no document of it; this follows what OpenSSH's scp.c says
 * and takes. Allocates nothing; changes nothing.
 */
#ifndef CS_SCPTAP_H
#define CS_SCPTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fileop.h"

enum scptap_state {
	SCPTAP_RECORD = 0, /* a line follows: a file, a directory, its end */
	SCPTAP_DATA,
	SCPTAP_VERDICT /* the byte, or the line, after a file's data */
};

/* Longer than any that scp would send: of how much of it one that is longer is
 * taken for a whole one differs between its versions. */
#define SCPTAP_LINE 2047

struct scptap_line {
	uint8_t bytes[SCPTAP_LINE];
	size_t n;
};

struct scptap {
	fileop_teller *tell;
	void *context;
	uint8_t action; /* FILEOP_UPLOAD: the client has the files; _DOWNLOAD */
	bool is_over; /* it is not followed any more, which has been told */
	bool is_refused; /* the session is to end: nothing more may pass */
	enum scptap_state state;
	/* The sender's turn ends with each record, the receiver's with its
	 * answer: what either says next depends on what the other has said. */
	bool is_answered;
	uint8_t record; /* 'C', 'D', 'E', 'T': the one that waits for it */
	bool is_accepted; /* a file's data comes */
	bool has_failed; /* of the sender's own accord */
	uint64_t size, left; /* bytes of it */
	struct scptap_line sent, answer;
	uint8_t path[FILEOP_TEXT_MAX]; /* directories, and the file's name */
	size_t path_len;
	size_t n_left_out; /* names at its end that there was no room for */
};

/*
 * t is zero but for tell, context and action. Bytes of the side that has the
 * files, or that takes them: returns how many of them may pass now; the others
 * are to be given again when the other side has said something. Programs that
 * wait for their turn, as scp does, lose nothing by that. Once it is_over, all
 * may pass.
 */
size_t scptap_sender(struct scptap *t, const uint8_t *p, size_t n);
size_t scptap_receiver(struct scptap *t, const uint8_t *p, size_t n);
/* No more comes: tells what was not copied to its end. */
void scptap_end(struct scptap *t);

#endif
