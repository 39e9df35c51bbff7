/* SPDX-License-Identifier: ISC */
/*
 * Marks are on folders, not on filesystems: what is done elsewhere costs
 * nothing. The kernel names a folder by its handle (name_to_handle_at(2)), which
 * a table of ours turns into its path. The folders above a path that is watched
 * are marked as well, for when it is made or moved, and not told.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fanotify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "auto.h"
#include "tracedisk.h"

#define BUCKETS	    1024
#define FOLDERS_MAX 65536
#define DEPTH_MAX   64
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200 /* since 6.6: also where it cannot be opened */
#endif

#define COMMON                                                                \
	(FAN_CREATE | FAN_DELETE | FAN_ATTRIB | FAN_CLOSE_WRITE | FAN_ONDIR | \
	    FAN_EVENT_ON_CHILD)
#define MOVES (FAN_MOVED_FROM | FAN_MOVED_TO) /* before 5.17 */

/* The key of a folder: its filesystem and its handle. */
struct key {
	unsigned char bytes[8 + sizeof(int) + MAX_HANDLE_SZ];
	size_t n;
};

struct folder {
	struct key key;
	char *path;
	struct folder *next;
};

struct tracedisk {
	int fd;
	uint64_t mask;
	const struct strv *paths;
	tracedisk_reader *read;
	void *context;
	struct folder *buckets[BUCKETS];
	size_t n;
	bool has_lost, is_full;
};

DEFINE_AUTO(closedir, DIR)

/* Is path at or below this one? */
static bool
is_below(const char *path, const char *above)
{
	size_t n = strlen(above);

	while (n > 0 && above[n - 1] == '/')
		n--;
	return strncmp(path, above, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

static bool
is_told(const struct tracedisk *d, const char *path)
{
	size_t i;

	for (i = 0; path != NULL && i < d->paths->n; i++)
		if (is_below(path, d->paths->v[i]))
			return true;
	return false;
}

/* A folder to be marked: below a path that is told, or above one. */
static bool
is_wanted(const struct tracedisk *d, const char *path)
{
	size_t i;

	for (i = 0; i < d->paths->n; i++)
		if (is_below(d->paths->v[i], path))
			return true;
	return is_told(d, path);
}

static struct folder **
bucket_of(struct tracedisk *d, const struct key *k)
{
	uint32_t h = 2166136261U; /* FNV-1a */
	size_t i;

	for (i = 0; i < k->n; i++)
		h = (h ^ k->bytes[i]) * 16777619U;
	return &d->buckets[h % BUCKETS];
}

static struct folder *
find(struct tracedisk *d, const struct key *k)
{
	struct folder *f = *bucket_of(d, k);

	while (f != NULL &&
	    (f->key.n != k->n || memcmp(f->key.bytes, k->bytes, k->n) != 0))
		f = f->next;
	return f;
}

static void
make_key(struct key *k, const void *fsid, const void *handle, size_t n)
{
	memcpy(k->bytes, fsid, 8);
	memcpy(k->bytes + 8, handle, n);
	k->n = 8 + n;
}

static int
key_of(int fd, struct key *ret)
{
	union {
		struct file_handle head;
		char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h;
	struct statfs fs;
	int mount;

	h.head.handle_bytes = MAX_HANDLE_SZ;
	if (fstatfs(fd, &fs) < 0 ||
	    (name_to_handle_at(fd, "", &h.head, &mount,
		 AT_EMPTY_PATH | AT_HANDLE_FID) < 0 &&
		name_to_handle_at(fd, "", &h.head, &mount, AT_EMPTY_PATH) < 0))
		return -errno;
	/* handle_bytes would be in the way of nothing, but says little. */
	make_key(ret, &fs.f_fsid, &h.head.handle_type,
	    sizeof(int) + h.head.handle_bytes);
	return 0;
}

/* The very folder of this path, and no symlink's that somebody has put in its
 * way meanwhile. */
static int
open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char link[64], real[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	real[n > 0 ? n : 0] = '\0';
	if (strcmp(real, path) == 0)
		return fd;
	close(fd);
	return -ENOENT;
}

static int
remember(struct tracedisk *d, const struct key *k, const char *path)
{
	struct folder *f = find(d, k), **bucket;
	char *copy = strdup(path);

	if (copy == NULL)
		return -ENOMEM;
	if (f != NULL) {
		free(f->path);
		f->path = copy;
		return 0;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		free(copy);
		return -ENOMEM;
	}
	bucket = bucket_of(d, k);
	*f = (struct folder){ .key = *k, .path = copy, .next = *bucket };
	*bucket = f;
	d->n++;
	return 0;
}

/* Their marks end with them, or are of no interest any more. */
static void
forget_below(struct tracedisk *d, const char *path)
{
	struct folder **at, *f;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (at = &d->buckets[i]; (f = *at) != NULL;) {
			if (!is_below(f->path, path)) {
				at = &f->next;
				continue;
			}
			*at = f->next;
			free(f->path);
			free(f);
			d->n--;
		}
}

/* First the mark, then what is in it: nothing falls between. */
static int
watch(struct tracedisk *d, int fd, const char *path)
{
	struct key k = { .n = 0 };
	int r;

	if (d->n == FOLDERS_MAX)
		return -ENOSPC;
	if (fanotify_mark(d->fd, FAN_MARK_ADD, d->mask, fd, NULL) < 0)
		return -errno;
	return (r = key_of(fd, &k)) < 0 ? r : remember(d, &k, path);
}

static void
tell(const struct tracedisk *d, enum tracedisk_action action, uint32_t pid,
    const char *path, const char *target)
{
	struct tracedisk_event e = { action, pid, path, target };

	if (is_told(d, path) || is_told(d, target))
		d->read(d->context, &e);
}

static bool
is_folder(const char *path, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* This folder and those in it that are wanted. By pid, if it is new: what it has
 * already may have come before the mark. */
static void
walk(struct tracedisk *d, const char *path, uint32_t pid, int depth)
{
	const struct dirent *entry;
	char inside[PATH_MAX];
	int fd, r;

	if (!is_wanted(d, path))
		return;
	fd = depth <= DEPTH_MAX ? open_folder(path) : -ELOOP;
	r = fd < 0 ? fd : watch(d, fd, path);
	AUTO(closedir) DIR *dir = r == 0 ? fdopendir(fd) : NULL;
	if (dir == NULL && fd >= 0)
		close(fd);
	/* What is gone again is no loss. */
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		d->is_full = true;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if ((size_t)snprintf(inside, sizeof(inside), "%s/%s",
			strcmp(path, "/") == 0 ? "" : path,
			entry->d_name) >= sizeof(inside)) {
			d->is_full = true;
			continue;
		}
		if (pid != 0)
			tell(d, TRACEDISK_FOUND, pid, inside, NULL);
		if (is_folder(inside, entry))
			walk(d, inside, pid, depth + 1);
	}
}

/* A path by way of a symbolic link is never a folder's own. */
static void
look_for_links(struct tracedisk *d)
{
	char real[PATH_MAX];
	size_t i;

	for (i = 0; i < d->paths->n; i++)
		if (realpath(d->paths->v[i], real) != NULL &&
		    strcmp(real, d->paths->v[i]) != 0)
			d->is_full = true;
}

int
tracedisk_open(const struct strv *paths, tracedisk_reader *read, void *context,
    struct tracedisk **ret)
{
	struct tracedisk *d = calloc(1, sizeof(*d));
	int e;

	if (d == NULL)
		return -ENOMEM;
	*d = (struct tracedisk){ .mask = COMMON | FAN_RENAME,
		.paths = paths,
		.read = read,
		.context = context };
	d->fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME |
		FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS,
	    O_RDONLY);
	if (d->fd < 0) {
		e = -errno;
		free(d);
		return e;
	}
	if (fanotify_mark(d->fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, d->mask,
		AT_FDCWD, "/") < 0 &&
	    errno == EINVAL)
		d->mask = COMMON | MOVES;
	walk(d, "/", 0, 0);
	look_for_links(d);
	*ret = d;
	return 0;
}

void
tracedisk_free(struct tracedisk *d)
{
	if (d == NULL)
		return;
	forget_below(d, "/");
	close(d->fd);
	free(d);
}

int
tracedisk_fd(const struct tracedisk *d)
{
	return d->fd;
}

/* A folder's handle and a name in it, as a path in buf; NULL: it is not known. */
static const char *
path_of(struct tracedisk *d, const struct fanotify_event_info_fid *info,
    char buf[PATH_MAX])
{
	const unsigned char *p = info->handle;
	unsigned bytes;
	struct folder *f;
	struct key k;
	const char *name;

	/* struct file_handle: handle_bytes, handle_type, f_handle. */
	memcpy(&bytes, p, sizeof(bytes));
	if (bytes > MAX_HANDLE_SZ)
		return NULL;
	make_key(&k, &info->fsid, p + sizeof(bytes), sizeof(int) + bytes);
	if ((f = find(d, &k)) == NULL)
		return NULL;
	name = (const char *)p + sizeof(bytes) + sizeof(int) + bytes;
	if (strcmp(name, ".") == 0)
		return f->path;
	return (size_t)snprintf(buf, PATH_MAX, "%s/%s",
		   strcmp(f->path, "/") == 0 ? "" : f->path, name) < PATH_MAX
	    ? buf
	    : NULL;
}

struct paths {
	const char *at, *from, *to;
	char bufs[3][PATH_MAX];
};

static void
read_paths(struct tracedisk *d, const struct fanotify_event_metadata *m,
    struct paths *ret)
{
	const char *p = (const char *)m + m->metadata_len,
		   *end = (const char *)m + m->event_len;
	const struct fanotify_event_info_fid *info;

	ret->at = ret->from = ret->to = NULL;
	for (; p + sizeof(*info) <= end &&
	     ((const struct fanotify_event_info_header *)p)->len > 0;
	     p += info->hdr.len) {
		info = (const void *)p;
		switch (info->hdr.info_type) {
		case FAN_EVENT_INFO_TYPE_DFID_NAME:
			ret->at = path_of(d, info, ret->bufs[0]);
			break;
		case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME:
			ret->from = path_of(d, info, ret->bufs[1]);
			break;
		case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME:
			ret->to = path_of(d, info, ret->bufs[2]);
			break;
		default:
			break;
		}
	}
}

/* Several may have come together, in one event: in this order. */
static void
take(struct tracedisk *d, const struct fanotify_event_metadata *m)
{
	static struct paths paths;
	bool is_dir = (m->mask & FAN_ONDIR) != 0;
	uint32_t pid = (uint32_t)m->pid;

	read_paths(d, m, &paths);
	if ((m->mask & FAN_MOVED_FROM) != 0)
		paths.from = paths.at;
	if ((m->mask & FAN_MOVED_TO) != 0)
		paths.to = paths.at;
	if (paths.from != NULL || paths.to != NULL) {
		tell(d, TRACEDISK_RENAME, pid, paths.from, paths.to);
		if (is_dir && paths.from != NULL && is_wanted(d, paths.from))
			forget_below(d, paths.from);
		if (is_dir && paths.to != NULL)
			walk(d, paths.to, 0, 0);
	}
	if (paths.at == NULL)
		return;
	if ((m->mask & FAN_CREATE) != 0) {
		tell(d, is_dir ? TRACEDISK_MKDIR : TRACEDISK_CREATE, pid,
		    paths.at, NULL);
		if (is_dir)
			walk(d, paths.at, pid, 0);
	}
	if ((m->mask & FAN_CLOSE_WRITE) != 0)
		tell(d, TRACEDISK_WRITE, pid, paths.at, NULL);
	if ((m->mask & FAN_ATTRIB) != 0)
		tell(d, TRACEDISK_SETSTAT, pid, paths.at, NULL);
	if ((m->mask & FAN_DELETE) != 0) {
		tell(d, is_dir ? TRACEDISK_RMDIR : TRACEDISK_REMOVE, pid,
		    paths.at, NULL);
		if (is_dir && is_wanted(d, paths.at))
			forget_below(d, paths.at);
	}
}

bool
tracedisk_read(struct tracedisk *d)
{
	static union {
		struct fanotify_event_metadata head;
		char bytes[8192];
	} buffer;
	struct fanotify_event_metadata *m;
	ssize_t n = read(d->fd, &buffer, sizeof(buffer));
	bool has_some = n > 0;

	for (m = &buffer.head; FAN_EVENT_OK(m, n); m = FAN_EVENT_NEXT(m, n)) {
		if (m->vers != FANOTIFY_METADATA_VERSION)
			return false;
		if ((m->mask & FAN_Q_OVERFLOW) != 0)
			d->has_lost = true;
		else
			take(d, m);
	}
	return has_some;
}

void
tracedisk_look_again(struct tracedisk *d)
{
	walk(d, "/", 0, 0);
}

static bool
take_flag(bool *flag)
{
	bool was = *flag;

	*flag = false;
	return was;
}

bool
tracedisk_has_lost(struct tracedisk *d)
{
	return take_flag(&d->has_lost);
}

bool
tracedisk_is_full(struct tracedisk *d)
{
	return take_flag(&d->is_full);
}
