/* SPDX-License-Identifier: ISC */
/* Open, then ask the descriptor, then each parent (as OpenSSH's safe_path). */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "auto.h"
#include "path.h"
#include "uuid.h"

static bool
is_owned_safely(const struct stat *st, uid_t trusted)
{
	if (st->st_uid != 0 && st->st_uid != trusted)
		return false;
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	return S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0;
}

/* Each folder above a path that has no links in it. */
static int
check_folders(char *path, uid_t trusted)
{
	struct stat st;
	char *slash;

	while ((slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		if (lstat(path[0] != '\0' ? path : "/", &st) < 0)
			return -errno;
		if (!is_owned_safely(&st, trusted))
			return -EPERM;
	}
	return 0;
}

static int
check_parents(const char *path, bool has_links, uid_t trusted)
{
	char real[PATH_MAX];

	if (has_links) {
		if (realpath(path, real) == NULL)
			return -errno;
	} else if (snprintf(real, sizeof(real), "%s", path) >=
	    (int)sizeof(real)) {
		return -ENAMETOOLONG;
	}
	return check_folders(real, trusted);
}

/* Not blocked by a FIFO that stands where a file should. Where the kernel says
 * that there is no link in the whole path, nobody has to look for one. */
static int
open_plain(const char *path, bool *ret_has_links)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY |
		    O_NONBLOCK,
		.resolve = RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	*ret_has_links = fd < 0;
	if (fd >= 0 || errno == ENOENT || errno == EACCES)
		return fd;
	return open(path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
}

/* Opened, and what fstat says of it. */
static int
open_trusted(const char *path, uid_t trusted, int *ret, struct stat *ret_st)
{
	bool has_links;
	AUTO(close) int fd = open_plain(path, &has_links);
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, ret_st) < 0)
		return -errno;
	if (!S_ISREG(ret_st->st_mode))
		return -EINVAL;
	if (!is_owned_safely(ret_st, trusted))
		return -EPERM;
	if ((r = check_parents(path, has_links, trusted)) < 0)
		return r;
	*ret = fd;
	fd = -1;
	return 0;
}

int
path_open_trusted(const char *path, uid_t trusted, FILE **ret)
{
	AUTO(close) int fd = -1;
	struct stat st;
	FILE *f;
	int r;

	if ((r = open_trusted(path, trusted, &fd, &st)) < 0)
		return r;
	if ((f = fdopen(fd, "re")) == NULL)
		return -errno;
	fd = -1;
	*ret = f;
	return 0;
}

int
path_read(FILE *f, size_t max_bytes, char **ret, size_t *ret_len)
{
	AUTO(free) char *buf = NULL;
	size_t cap = 4096, len = 0;
	char *p;

	for (;;) {
		if ((p = realloc(buf, cap + 1)) == NULL)
			return -ENOMEM;
		buf = p;
		len += fread(buf + len, 1, cap - len, f);
		if (ferror(f))
			return -EIO;
		if (len > max_bytes)
			return -EFBIG;
		if (len < cap)
			break;
		cap *= 2;
	}
	buf[len] = '\0';
	*ret = TAKE(buf);
	*ret_len = len;
	return 0;
}

/* Up to size bytes, and whether there are more. */
static int
read_up_to(int fd, char *buf, size_t size, size_t *ret_len)
{
	ssize_t n;

	for (*ret_len = 0; *ret_len < size; *ret_len += (size_t)n) {
		n = read(fd, buf + *ret_len, size - *ret_len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
		else if (n == 0)
			break;
	}
	return 0;
}

int
path_read_trusted(const char *path, uid_t trusted, size_t max_bytes, char **ret,
    size_t *len)
{
	AUTO(free) char *buf = NULL;
	AUTO(close) int fd = -1;
	struct stat st = { 0 };
	size_t size, n;
	int r;

	if ((r = open_trusted(path, trusted, &fd, &st)) < 0)
		return r;
	if (st.st_size < 0 || (uint64_t)st.st_size > max_bytes)
		return -EFBIG;
	/* One more than there should be: a file that grows is not cut. */
	size = (size_t)st.st_size + 1;
	if ((buf = malloc(size)) == NULL)
		return -ENOMEM;
	if ((r = read_up_to(fd, buf, size, &n)) < 0)
		return r;
	if (n == size)
		return -EAGAIN;
	buf[n] = '\0';
	*ret = TAKE(buf);
	*len = n;
	return 0;
}

int
path_fsync_parent(const char *path)
{
	AUTO(free) char *copy = strdup(path);
	AUTO(close) int fd = -1;

	if (copy == NULL)
		return -ENOMEM;
	if ((fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

bool
path_ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

int
path_write_all(int fd, const void *p, size_t len)
{
	const char *at = p;
	ssize_t n;

	while (len > 0) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
put_in_place(const char *tmp, const char *path, int flags)
{
	/* link(2) fails if the name exists; rename(2) would replace it. */
	if ((flags & O_EXCL) != 0)
		return link(tmp, path) < 0 ? -errno : 0;
	return rename(tmp, path) < 0 ? -errno : 0;
}

/* Into the open temporary: bytes, mode whatever the umask, group. */
static int
fill(int fd, const void *p, size_t len, mode_t mode, gid_t group, int flags)
{
	int r;

	if ((r = path_write_all(fd, p, len)) < 0)
		return r;
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		return -errno;
	if (fchmod(fd, mode) < 0)
		return -errno;
	if ((flags & PATH_UNSYNCED) == 0 && fsync(fd) < 0)
		return -errno;
	return 0;
}

static int
write_atomic(const char *path, const void *p, size_t len, mode_t mode,
    gid_t group, int flags)
{
	AUTO(close) int fd = -1;
	char tmp[PATH_MAX];
	struct uuid u;
	int r, n;

	if ((r = uuid_random(&u)) < 0)
		return r;
	n = snprintf(tmp, sizeof(tmp), "%s.%.8s", path, u.text);
	if (n < 0 || (size_t)n >= sizeof(tmp))
		return -ENAMETOOLONG;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	if ((r = fill(fd, p, len, mode, group, flags)) == 0 &&
	    (r = put_in_place(tmp, path, flags)) == 0 &&
	    (flags & PATH_UNSYNCED) == 0)
		r = path_fsync_parent(path);
	if (r < 0 || (flags & O_EXCL) != 0)
		unlink(tmp);
	return r;
}

int
path_write_atomic(const char *path, const void *p, size_t len, mode_t mode,
    int flags)
{
	return write_atomic(path, p, len, mode, (gid_t)-1, flags);
}

int
path_write_atomic_group(const char *path, const void *p, size_t len,
    mode_t mode, gid_t group, int flags)
{
	return write_atomic(path, p, len, mode, group, flags);
}
