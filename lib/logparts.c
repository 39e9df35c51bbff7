/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "logparts.h"
#include "path.h"
#include "strv.h"

/* A rotation in the middle of one: another. */
#define LOOKS 8
/* "202611"; a number is shorter. */
#define DATE_LENGTH 6

DEFINE_AUTO(closedir, DIR)

static const struct compression {
	const char *suffix, *tool;
} compressions[] = { { ".gz", "gzip" }, { ".zst", "zstd" }, { ".xz", "xz" },
	{ ".bz2", "bzip2" } };

static const struct compression *
compression_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(compressions); i++)
		if (path_ends_with(name, compressions[i].suffix))
			return &compressions[i];
	return NULL;
}

const char *
logparts_tool(const char *path)
{
	const struct compression *c = compression_of(path);

	return c != NULL ? c->tool : NULL;
}

/* Of a name, how much is left without it. */
static size_t
stem_length(const char *name)
{
	const struct compression *c = compression_of(name);

	return strlen(name) - (c != NULL ? strlen(c->suffix) : 0);
}

/* ".1", "-20261126-031500.zst"; "-2" is somebody's name for something else. */
static bool
is_part(const char *end)
{
	size_t n = stem_length(end);

	if (end[0] == '.')
		return n > 1 && strspn(end + 1, "0123456789") == n - 1;
	return end[0] == '-' && n > DATE_LENGTH &&
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

	/* Who may not list the folder may have been let at this file. */
	if (d == NULL)
		return 0;
	while (r == 0 && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, base, n) == 0 && is_part(e->d_name + n))
			r = strv_add(ret, e->d_name);
	return r;
}

/* Is the same part there twice? It is being compressed, or that was cut short:
 * whole is the one that is not. */
static bool
is_copy(const struct strv *names, const char *name)
{
	size_t i, n = stem_length(name);
	const char *other;

	for (i = 0; i < names->n; i++) {
		other = names->v[i];
		if (other != name && stem_length(other) == n &&
		    strncmp(other, name, n) == 0 && strcmp(other, name) < 0)
			return true;
	}
	return false;
}

static int
open_file(const char *path, int flags)
{
	struct rlimit limit;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);

	if (fd >= 0 || errno != EMFILE || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fd;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
}

static void
note_failure(struct logparts *p, const char *path, int e)
{
	if (p->error != 0)
		return;
	p->error = -e;
	p->failed = strdup(path);
}

/* Adds it; or says in p that it cannot be read. 0, -ENOMEM, or -errno of open().
 * Nobody's FIFO holds us up while it is opened, unless it was given to us. */
static int
open_part(struct logparts *p, const char *path, bool is_given)
{
	AUTO(close) int fd = open_file(path, is_given ? 0 : O_NONBLOCK);
	AUTO(free) char *copy = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !is_given)
		return 0;
	if ((copy = strdup(path)) == NULL)
		return -ENOMEM;
	p->v[p->n++] = (struct logpart){ TAKE(copy), fd, st.st_dev, st.st_ino,
		st.st_size, st.st_mtim };
	fd = -1;
	return 0;
}

static int
open_parts(const char *dir, const struct strv *names, struct logparts *p)
{
	size_t i;
	int r;

	for (i = 0; i < names->n; i++) {
		AUTO(free) char *path = NULL;

		if (is_copy(names, names->v[i]))
			continue;
		if (asprintf(&path, "%s%s", dir, names->v[i]) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if ((r = open_part(p, path, false)) == -ENOMEM)
			return r;
		/* One that is gone has another name by now. */
		if (r < 0 && r != -ENOENT)
			note_failure(p, path, -r);
	}
	return 0;
}

/* ---- their order */

static int
by_number(const void *a, const void *b)
{
	const struct logpart *x = a, *y = b;

	/* .1 is the youngest. */
	return -strverscmp(x->path, y->path);
}

static int
by_date(const void *a, const void *b)
{
	const struct logpart *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int
by_age(const void *a, const void *b)
{
	const struct logpart *x = a, *y = b;

	if (x->written.tv_sec != y->written.tv_sec)
		return x->written.tv_sec < y->written.tv_sec ? -1 : 1;
	if (x->written.tv_nsec != y->written.tv_nsec)
		return x->written.tv_nsec < y->written.tv_nsec ? -1 : 1;
	return by_date(a, b);
}

/* By their names: a copy of them may have lost the times. Names of two sorts,
 * when a configuration was changed, say nothing. */
static void
sort(struct logparts *p, const struct strv *names, size_t base_length)
{
	size_t i, numbers = 0;

	for (i = 0; i < names->n; i++)
		numbers +=
		    stem_length(names->v[i] + base_length) <= DATE_LENGTH;
	qsort(p->v, p->n, sizeof(*p->v),
	    numbers == names->n ? by_number
		: numbers == 0	? by_date
				: by_age);
}

/* ---- a look */

/* What is in a folder has changed since. */
static bool
has_changed(const char *dir, const struct stat *before)
{
	struct stat now;

	return stat(dir, &now) == 0 &&
	    (now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != before->st_mtim.tv_nsec);
}

/* 0; -errno of the log itself where there is nothing else; -ENOMEM */
static int
look(const char *path, const char *dir, struct logparts *p)
{
	AUTO_CLEAR(strv_clear) struct strv names = { 0 };
	const char *base = path + strlen(dir);
	int r;

	if (list(dir, base, &names) < 0 ||
	    (p->v = calloc(names.n + 1, sizeof(*p->v))) == NULL ||
	    open_parts(dir, &names, p) < 0)
		return -ENOMEM;
	sort(p, &names, strlen(base));
	if ((r = open_part(p, path, false)) == 0 || r == -ENOMEM)
		return r;
	if (p->n == 0)
		return r;
	if (r != -ENOENT)
		note_failure(p, path, -r);
	return 0;
}

/* A pipe that somebody gives is waited for. */
static int
open_other(const char *path, const struct stat *st, struct logparts *p)
{
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	if ((p->v = calloc(1, sizeof(*p->v))) == NULL)
		return -ENOMEM;
	return open_part(p, path, true);
}

int
logparts_open(const char *path, struct logparts *ret)
{
	const char *slash = strrchr(path, '/');
	AUTO(free) char *dir = NULL;
	struct stat st, before = { 0 };
	int i, r;

	*ret = (struct logparts){ 0 };
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return open_other(path, &st, ret);
	dir = strndup(path, slash != NULL ? (size_t)(slash + 1 - path) : 0);
	if (dir == NULL)
		return -ENOMEM;
	for (i = 1;; i++) {
		(void)stat(folder_of(dir), &before);
		r = look(path, dir, ret);
		if (i == LOOKS || !has_changed(folder_of(dir), &before))
			return r;
		logparts_clear(ret);
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
	free(p->failed);
	*p = (struct logparts){ 0 };
}
