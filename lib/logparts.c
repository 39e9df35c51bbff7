/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "logparts.h"
#include "path.h"
#include "strv.h"

/* A rotation in the middle of one: another. */
#define LOOKS 8

DEFINE_AUTO(closedir, DIR)

const char *
logparts_compression(const char *path)
{
	static const char *const all[] = { ".gz", ".zst", ".xz", ".bz2" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (path_ends_with(path, all[i]))
			return all[i];
	return NULL;
}

/* ".1", "-20261126-031500.zst" */
static bool
is_part(const char *end)
{
	const char *compression = logparts_compression(end);
	size_t n = strlen(end);

	if (compression != NULL)
		n -= strlen(compression);
	return n > 1 && (end[0] == '.' || end[0] == '-') &&
	    isdigit((unsigned char)end[1]) &&
	    strspn(end + 1, "0123456789-") == n - 1;
}

static const char *
folder_of(const char *prefix)
{
	return *prefix != '\0' ? prefix : ".";
}

/* Names beside `base`, of its parts. */
static int
list(const char *dir, const char *base, struct strv *ret)
{
	AUTO(closedir) DIR *d = opendir(folder_of(dir));
	size_t n = strlen(base);
	struct dirent *e;
	int r = 0;

	if (d == NULL)
		return -errno;
	while (r == 0 && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, base, n) == 0 && is_part(e->d_name + n))
			r = strv_add(ret, e->d_name);
	return r;
}

/* It is being compressed, or was left when that was cut short: whole as it is. */
static bool
has_plain(const struct strv *names, const char *name)
{
	const char *compression = logparts_compression(name);
	size_t i, n = strlen(name);

	if (compression == NULL)
		return false;
	n -= strlen(compression);
	for (i = 0; i < names->n; i++)
		if (strlen(names->v[i]) == n &&
		    strncmp(names->v[i], name, n) == 0)
			return true;
	return false;
}

/* The path goes to the part, or to *ret_failed. */
static int
open_part(struct logparts *p, const char *dir, const char *name,
    char **ret_failed)
{
	AUTO(close) int fd = -1;
	AUTO(free) char *path = NULL;
	struct stat st;
	int r;

	if (asprintf(&path, "%s%s", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	/* A pipe that somebody gives is read as one; another's may not hold us
	 * up while it is opened. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 ||
	    (!S_ISREG(st.st_mode) && fcntl(fd, F_SETFL, O_RDONLY) < 0)) {
		r = -errno;
		*ret_failed = TAKE(path);
		return r;
	}
	p->v[p->n++] = (struct logpart){ TAKE(path), fd, st.st_dev, st.st_ino,
		st.st_mtime };
	fd = -1;
	return 0;
}

static int
by_age(const void *a, const void *b)
{
	const struct logpart *x = a, *y = b;

	if (x->written != y->written)
		return x->written < y->written ? -1 : 1;
	return strverscmp(x->path, y->path);
}

static int
open_all(const char *dir, const char *base, struct logparts *p,
    char **ret_failed)
{
	AUTO_CLEAR(strv_clear) struct strv names = { 0 };
	size_t i;
	int r;

	/* Who may not list the folder may have been let at this file. */
	if ((r = list(dir, base, &names)) == -ENOMEM ||
	    (p->v = calloc(names.n + 1, sizeof(*p->v))) == NULL)
		return -ENOMEM;
	for (i = 0; i < names.n; i++)
		if (!has_plain(&names, names.v[i]) &&
		    (r = open_part(p, dir, names.v[i], ret_failed)) < 0)
			return r;
	qsort(p->v, p->n, sizeof(*p->v), by_age);
	if ((r = open_part(p, dir, base, ret_failed)) != -ENOENT || p->n == 0)
		return r;
	free(TAKE(*ret_failed));
	return 0;
}

/* What is in a folder has changed since. */
static bool
has_changed(const char *dir, const struct stat *before)
{
	struct stat now;

	return stat(dir, &now) == 0 &&
	    (now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != before->st_mtim.tv_nsec);
}

int
logparts_open(const char *path, struct logparts *ret, char **ret_failed)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	AUTO(free) char *dir = NULL;
	struct stat before;
	int i, r;

	*ret = (struct logparts){ 0 };
	*ret_failed = NULL;
	dir = strndup(path, slash != NULL ? (size_t)(slash + 1 - path) : 0);
	if (dir == NULL)
		return -ENOMEM;
	for (i = 1;; i++) {
		if (stat(folder_of(dir), &before) < 0)
			memset(&before, 0, sizeof(before));
		r = open_all(dir, base, ret, ret_failed);
		if (i == LOOKS || !has_changed(folder_of(dir), &before))
			return r;
		logparts_clear(ret);
		free(TAKE(*ret_failed));
	}
}

void
logparts_clear(struct logparts *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->v[i].fd >= 0)
			close(p->v[i].fd);
		free(p->v[i].path);
	}
	free(p->v);
	*p = (struct logparts){ 0 };
}
