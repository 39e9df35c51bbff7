/* SPDX-License-Identifier: ISC */
/*
 * Reads what an SFTP client and its server say to each other, as it passes, and
 * tells what was done to which file and what came of it. Version 3
 * (draft-ietf-secsh-filexfer-02) and OpenSSH's extensions (its PROTOCOL, 4).
 * Allocates nothing; changes nothing. What OpenSSH's server would read otherwise
 * than it stands there, and no client sends, does not pass.
 */
#ifndef CS_SFTPTAP_H
#define CS_SFTPTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fileop.h"

#define SFTPTAP_HANDLES	     1024
#define SFTPTAP_HANDLE_BYTES 256
#define SFTPTAP_PENDING	     (512U * 1024U)
/* Two paths, and what stands around them. */
#define SFTPTAP_HEAD (2 * FILEOP_TEXT_MAX + 256)

/* Packets of one direction. */
struct sftptap_packets {
	uint8_t head[SFTPTAP_HEAD];
	size_t n; /* of head */
	uint64_t skip; /* what is left of a packet that has been read */
};

struct sftptap_handle {
	bool is_open;
	bool has_failed; /* and that has been told */
	bool is_directory;
	uint8_t len;
	uint8_t bytes[SFTPTAP_HANDLE_BYTES];
	uint64_t bytes_read, bytes_written;
	uint16_t path_len;
	uint8_t path[FILEOP_TEXT_MAX];
};

struct sftptap {
	fileop_teller *tell;
	void *context;
	bool is_over; /* it is not followed any more, which has been told */
	bool is_refused; /* the session is to end: nothing more may pass */
	bool has_begun;
	struct sftptap_packets client, server;
	struct sftptap_handle handles[SFTPTAP_HANDLES];
	size_t n_handles; /* none is open from here on */
	/* Requests without an answer, the oldest first; each is a struct and
	 * its texts. Of a handle its bytes: what it is of is known when the
	 * answer comes, and not before. */
	_Alignas(8) uint8_t pending[SFTPTAP_PENDING];
	size_t first, end;
};

/* t is zero but for tell and context. What is to pass, in any pieces: returns how
 * much of it may now. The client's other bytes are to be given again when the
 * server has said something, unless it is_refused. Once it is_over, all may. */
size_t sftptap_client(struct sftptap *t, const uint8_t *p, size_t n);
size_t sftptap_server(struct sftptap *t, const uint8_t *p, size_t n);
/* No more comes: tells what is left open and unanswered. */
void sftptap_end(struct sftptap *t);

#endif
