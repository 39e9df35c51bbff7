/* SPDX-License-Identifier: ISC */
/* The folder that fetch fills and install-policy reads. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "path.h"
#include "spool.h"

#define BUNDLE "bundle"
#define NEXT   ".next" /* being written, or just replaced */

static void
remove_folder(int dir, const char *name)
{
	char path[64];
	size_t i;

	for (i = 0; i < RELEASE_FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", name,
		    release_name((enum release_file)i));
		(void)unlinkat(dir, path, 0);
	}
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static int
write_file(int dir, enum release_file file, const struct release_bytes *b)
{
	AUTO(close) int fd = -1;
	char path[64];
	int r;

	snprintf(path, sizeof(path), NEXT "/%s", release_name(file));
	fd = openat(dir, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	if ((r = path_write_all(fd, b->p, b->len)) < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

static int
write_folder(int dir, const struct release *r)
{
	size_t i;
	int e;

	if (mkdirat(dir, NEXT, 0750) < 0)
		return -errno;
	for (i = 0; i < RELEASE_FILES; i++)
		if (r->files[i].p != NULL &&
		    (e = write_file(dir, (enum release_file)i, &r->files[i])) <
			0)
			return e;
	return 0;
}

static int
exchange(int dir)
{
	if (renameat2(dir, NEXT, dir, BUNDLE, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	return renameat(dir, NEXT, dir, BUNDLE) < 0 ? -errno : 0;
}

int
spool_put(const char *dir, const struct release *r, struct conf_error *reterr)
{
	AUTO(close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int e;

	if (fd < 0)
		e = -errno;
	else {
		remove_folder(fd, NEXT);
		if ((e = write_folder(fd, r)) == 0)
			e = exchange(fd);
		remove_folder(fd, NEXT);
	}
	if (e < 0)
		conf_error(reterr, 0, "cannot write into '%s': %s", dir,
		    strerror(-e));
	return e;
}
