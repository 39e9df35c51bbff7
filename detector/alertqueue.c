/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alertqueue.h"
#include "auto.h"
#include "clock.h"
#include "path.h"

DEFINE_AUTO(closedir, DIR)

static int
join(char buf[PATH_MAX], const char *dir, const char *name, const char *file)
{
	int n = snprintf(buf, PATH_MAX, "%s/%s%s%s", dir, name,
	    file != NULL ? "/" : "", file != NULL ? file : "");

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int
alertqueue_make(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (join(path, dir, name, NULL) < 0)
		return -ENAMETOOLONG;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int
alertqueue_put(const char *dir, const char *line, size_t len)
{
	static unsigned number;
	char name[ALERTQUEUE_NAME_MAX], path[PATH_MAX];

	/* In the order of their making, also after a restart. */
	(void)snprintf(name, sizeof(name), "%020llu-%06u-%u.json",
	    (unsigned long long)clock_now_usec(), number++ % 1000000,
	    (unsigned)getpid());
	if (join(path, dir, "new", name) < 0)
		return -ENAMETOOLONG;
	return path_write_atomic(path, line, len, 0600, 0);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
alertqueue_list(const char *dir, const char *name, size_t max, struct strv *ret)
{
	AUTO(closedir) DIR *d = NULL;
	const struct dirent *entry;
	char path[PATH_MAX];
	int r;

	*ret = (struct strv){ 0 };
	if (join(path, dir, name, NULL) < 0)
		return -ENAMETOOLONG;
	if ((d = opendir(path)) == NULL)
		return -errno;
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.' &&
		    (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) &&
		    path_ends_with(entry->d_name, ".json") &&
		    (r = strv_add(ret, entry->d_name)) < 0) {
			strv_clear(ret);
			return r;
		}
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	while (ret->n > max)
		free(ret->v[--ret->n]);
	return 0;
}

int
alertqueue_read(const char *dir, const char *name, const char *file, char **ret,
    size_t *ret_len)
{
	AUTO(fclose) FILE *f = NULL;
	AUTO(close) int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	if (join(path, dir, name, file) < 0)
		return -ENAMETOOLONG;
	/* Whoever writes the queue is not to lead its reader elsewhere. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((f = fdopen(fd, "r")) == NULL)
		return -errno;
	fd = -1;
	return path_read(f, ALERTQUEUE_ALERT_MAX, ret, ret_len);
}

int
alertqueue_link(const char *dir, const char *from, const char *to,
    const char *file)
{
	char a[PATH_MAX], b[PATH_MAX];

	if (join(a, dir, from, file) < 0 || join(b, dir, to, file) < 0)
		return -ENAMETOOLONG;
	if (link(a, b) < 0 && errno != EEXIST)
		return -errno;
	return path_fsync_parent(b);
}

int
alertqueue_remove(const char *dir, const char *name, const char *file)
{
	char path[PATH_MAX];

	if (join(path, dir, name, file) < 0)
		return -ENAMETOOLONG;
	return unlink(path) < 0 ? -errno : path_fsync_parent(path);
}

int
alertqueue_as_input(const char *text, size_t len)
{
	int fd = memfd_create("alert", MFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = path_write_all(fd, text, len);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}
