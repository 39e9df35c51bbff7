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
	time_t written; /* last; a rotation keeps it */
};

struct logparts {
	struct logpart *v; /* the oldest first, the log itself last */
	size_t n;
};

/*
 * Opens all there are at once: a rotation that comes meanwhile moves none away.
 * The log itself may be missing (nothing was written since) where there are
 * older parts. 0 or -errno; *ret_failed is the path that could not be opened,
 * the caller frees it. The caller clears, in any case.
 */
int logparts_open(const char *path, struct logparts *ret, char **ret_failed);
void logparts_clear(struct logparts *p);
/* ".zst" and so on, or NULL: it is not compressed. */
const char *logparts_compression(const char *path);

#endif
