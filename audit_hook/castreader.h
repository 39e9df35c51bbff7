/* SPDX-License-Identifier: ISC */
/* Reads asciicast v2, compressed or not, also while it is being written. */
#ifndef CS_CASTREADER_H
#define CS_CASTREADER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CASTREADER_LINE_MAX (4U * 1024U * 1024U)

struct castreader;

struct cast_event {
	uint64_t usec; /* since the beginning */
	char code; /* 'o', 'i', 'r', 'm', 'x', 'e' */
	const char *data; /* until the next call; may hold NULs */
	size_t len;
};

/* NULL with *ret_errno: ENOENT ..., EBADMSG if its first line is none. */
struct castreader *castreader_open(const char *path, int *ret_errno);
/* The same of a descriptor, which it takes. */
struct castreader *castreader_open_fd(int fd, bool is_compressed,
    int *ret_errno);
void castreader_close(struct castreader *r);
/* The first line; borrowed. */
const json_t *castreader_header(const struct castreader *r);
/* 1 with *ret; 0 at the end; -EBADMSG: a line that is no event, or damaged
 * data. */
int castreader_next(struct castreader *r, struct cast_event *ret);

#endif
