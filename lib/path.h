/* SPDX-License-Identifier: ISC */
/* Opening files that only their owner may have written. */
#ifndef CS_PATH_H
#define CS_PATH_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Opens an absolute path for reading. The file must be regular, and it and
 * each directory above it owned by root or `trusted` and writable by nobody
 * else (a sticky directory, as /tmp, is fine above). No symbolic link as the
 * last component. 0; -errno; -EPERM if somebody else could have written it.
 */
int path_open_trusted(const char *path, uid_t trusted, FILE **ret);
/* The whole file, at most max_bytes (-EFBIG), NUL-terminated; caller frees. */
int path_read_trusted(const char *path, uid_t trusted, size_t max_bytes,
    char **ret, size_t *len);
int path_read(FILE *f, size_t max_bytes, char **ret, size_t *ret_len);
/* Replaces a file whole: temporary beside it, fsync, rename, fsync of the
 * folder. With O_EXCL in flags an existing file is -EEXIST; with PATH_UNSYNCED
 * nothing waits for the disk (what can be made again). */
#define PATH_UNSYNCED (1 << 30)
int path_write_atomic(const char *path, const void *p, size_t len, mode_t mode,
    int flags);
/* The same for a file that a group may read. */
int path_write_atomic_group(const char *path, const void *p, size_t len,
    mode_t mode, gid_t group, int flags);
bool path_ends_with(const char *path, const char *end);
/* All of it, or -errno. */
int path_write_all(int fd, const void *p, size_t len);
int path_fsync_parent(const char *path);

#endif
