/* SPDX-License-Identifier: ISC */
/* A descriptor's lines. */
#ifndef CS_LINEFEED_H
#define CS_LINEFEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LINEFEED_LINE_MAX (1U << 20)

struct linefeed {
	char *buffer;
	size_t n; /* bytes of a line that has begun */
	bool is_skipping; /* the rest of one that was too long */
	uint64_t too_long;
};

int linefeed_init(struct linefeed *f);
void linefeed_clear(struct linefeed *f);
/*
 * Reads once and takes every line that is whole, without its newline. The bytes
 * read; 0: the end, and what had begun has been taken as a line; -errno.
 */
ssize_t linefeed_read(struct linefeed *f, int fd,
    void (*take)(void *context, const char *line, size_t len), void *context);

#endif
