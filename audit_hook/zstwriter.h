/* SPDX-License-Identifier: ISC */
/* Zstandard in frames that can be found and read one by one: the "seekable
 * format" of zstd's contrib (a table in a skippable frame at the end), which
 * every zstd reads as usual. */
#ifndef CS_ZSTWRITER_H
#define CS_ZSTWRITER_H

#include <stddef.h>

struct zstwriter;

/* fd stays the caller's. NULL: out of memory. */
struct zstwriter *zstwriter_new(int fd);
void zstwriter_free(struct zstwriter *z);
/* One frame of at most 2^30 bytes. 0 or -errno. */
int zstwriter_frame(struct zstwriter *z, const void *p, size_t n);
/* The table. 0 or -errno. */
int zstwriter_end(struct zstwriter *z);

#endif
