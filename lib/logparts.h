/* SPDX-License-Identifier: ISC */
/*
 * A log and what logrotate(8) has made of its older parts, beside it: PATH.1,
 * PATH-20261126, PATH-20261126-031500, and each of them with .gz, .zst, .xz or
 * .bz2 behind it.
 */
#ifndef CS_LOGPARTS_H
#define CS_LOGPARTS_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct logpart {
	char *path;
	int fd; /* from its beginning; -1: taken */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written; /* last; a rotation keeps it */
};

struct logparts {
	struct logpart *v; /* the oldest first, the log itself last */
	size_t n;
	char *failed; /* the first of them that cannot be read, */
	int error; /* and why, -errno; 0 */
};

/*
 * Opens all there are at once: a rotation that comes meanwhile moves none away.
 * What is no regular file is no part. The log itself may be anything else, and
 * has no parts then; it may be missing (nothing was written since) where there
 * are some. 0, or -errno if not even one could be opened. The caller clears, in
 * any case. Lets this process have as many files open as it may.
 */
int logparts_open(const char *path, struct logparts *ret);
void logparts_clear(struct logparts *p);
/* "zstd" and so on, which unpacks it with -dc; NULL: it is not compressed. */
const char *logparts_tool(const char *path);

#endif
