/* SPDX-License-Identifier: ISC */
/* What `countersign-node setup` changes, so that it can be taken back. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "path.h"
#include "setupjournal.h"

#define JOURNAL	       SETUPJOURNAL_DIR "/journal.json"
#define LOCK	       SETUPJOURNAL_DIR "/lock"
#define WATCHER	       SETUPJOURNAL_DIR "/watcher"
#define FILE_MAX_BYTES (1024U * 1024U)

static int
lock_file(const char *path, int how)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	if (flock(fd, how) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int
setupjournal_lock(void)
{
	if (mkdir(SETUPJOURNAL_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	return lock_file(LOCK, LOCK_EX);
}

static int
load(json_t **ret)
{
	AUTO(free) char *text = NULL;
	size_t len;
	int r = path_read_trusted(JOURNAL, 0, FILE_MAX_BYTES, &text, &len);

	if (r < 0)
		return r;
	return (*ret = json_loadb(text, len, 0, NULL)) == NULL ? -EBADMSG : 0;
}

static int
save(const json_t *doc)
{
	AUTO(free) char *text = json_dumps(doc, JSON_INDENT(2));

	return text == NULL
	    ? -ENOMEM
	    : path_write_atomic(JOURNAL, text, strlen(text), 0600, 0);
}

/* "/etc/pam.d/sshd" gives "/etc/pam.d/.sshd.countersign-old": no name that PAM
 * or sshd reads. */
static int
old_path(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	int n = snprintf(ret, size, "%.*s/.%s.countersign-old",
	    (int)(slash - path), path, slash + 1);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int
read_file(const char *path, char **ret)
{
	size_t len;

	return path_read_trusted(path, 0, FILE_MAX_BYTES, ret, &len);
}

/* A copy beside the file, with its mode and owner; none of one that there is
 * not. */
static int
keep(const char *path)
{
	AUTO(free) char *text = NULL;
	char old[PATH_MAX];
	struct stat st;
	int r;

	if ((r = old_path(path, old, sizeof(old))) < 0)
		return r;
	if (stat(path, &st) < 0) {
		if (errno != ENOENT)
			return -errno;
		return unlink(old) < 0 && errno != ENOENT ? -errno : 0;
	}
	if ((r = read_file(path, &text)) < 0)
		return r;
	return path_write_atomic_group(old, text, strlen(text),
	    st.st_mode & 0777, st.st_gid, 0);
}

/* What was put in place, to know it again. */
static json_t *
describe(const struct setup_file *f)
{
	return json_pack("{s:s, s:s?, s:b}", "path", f->path, "text", f->text,
	    "was_there", access(f->path, F_OK) == 0);
}

int
setupjournal_open(const struct setup_file *files, size_t n,
    uint64_t deadline_us)
{
	json_auto_t *doc = NULL;
	json_t *list = json_array();
	size_t i;
	int r;

	doc = json_pack("{s:I, s:I, s:o}", "deadline", (json_int_t)deadline_us,
	    "reloaded", (json_int_t)0, "files", list);
	if (doc == NULL)
		return -ENOMEM;
	if (setupjournal_is_open())
		return -EEXIST;
	for (i = 0; i < n; i++)
		if ((r = keep(files[i].path)) < 0 ||
		    (r = json_array_append_new(list, describe(&files[i]))) < 0)
			return r;
	return save(doc);
}

bool
setupjournal_is_open(void)
{
	return access(JOURNAL, F_OK) == 0;
}

int
setupjournal_times(uint64_t *ret_deadline_us, uint64_t *ret_reloaded_us)
{
	json_auto_t *doc = NULL;
	int r;

	if ((r = load(&doc)) < 0)
		return r;
	*ret_deadline_us =
	    (uint64_t)json_integer_value(json_object_get(doc, "deadline"));
	*ret_reloaded_us =
	    (uint64_t)json_integer_value(json_object_get(doc, "reloaded"));
	return 0;
}

int
setupjournal_note_reload(uint64_t now_us)
{
	json_auto_t *doc = NULL;
	int r;

	if ((r = load(&doc)) < 0)
		return r;
	json_object_set_new(doc, "reloaded", json_integer((json_int_t)now_us));
	return save(doc);
}

static int
put(const char *path, const char *text, mode_t mode)
{
	struct stat st;

	if (text == NULL)
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	if (stat(path, &st) == 0)
		mode = st.st_mode & 0777;
	return path_write_atomic(path, text, strlen(text), mode, 0);
}

int
setupjournal_apply(const struct setup_file *file)
{
	return put(file->path, file->text, file->mode);
}

static const json_t *
described(const json_t *doc, const char *path)
{
	const char *name;
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(doc, "files"), i, item) {
		name = json_string_value(json_object_get(item, "path"));
		if (name != NULL && strcmp(name, path) == 0)
			return item;
	}
	return NULL;
}

/* Is it what setup wrote, or has somebody changed it since? */
static bool
is_untouched(const json_t *item, const char *now)
{
	const char *then = json_string_value(json_object_get(item, "text"));

	return then != NULL && strcmp(then, now) == 0;
}

static int
take_ours_out(const struct setup_file *f, const char *now)
{
	AUTO(free) char *text = f->without_ours(now);

	if (text == NULL)
		return -ENOMEM;
	return strcmp(text, now) == 0 ? 0 : put(f->path, text, f->mode);
}

static int
undo_file(const json_t *doc, const struct setup_file *f)
{
	const json_t *item = described(doc, f->path);
	AUTO(free) char *now = NULL;
	char old[PATH_MAX];
	int r;

	if (item == NULL)
		return 0;
	if ((r = old_path(f->path, old, sizeof(old))) < 0)
		return r;
	if (!json_is_true(json_object_get(item, "was_there")))
		return unlink(f->path) < 0 && errno != ENOENT ? -errno : 0;
	if (f->without_ours != NULL && read_file(f->path, &now) == 0 &&
	    !is_untouched(item, now))
		return take_ours_out(f, now);
	if (rename(old, f->path) == 0)
		return path_fsync_parent(f->path);
	/* It is back already. */
	return errno == ENOENT ? 0 : -errno;
}

int
setupjournal_undo(const struct setup_file *files, size_t n)
{
	json_auto_t *doc = NULL;
	int r, failed = 0;
	size_t i;

	if ((r = load(&doc)) < 0)
		return r;
	for (i = 0; i < n; i++)
		if ((r = undo_file(doc, &files[i])) < 0)
			failed = r;
	return failed;
}

int
setupjournal_close(const struct setup_file *files, size_t n)
{
	char old[PATH_MAX];
	size_t i;

	if (unlink(JOURNAL) < 0)
		return -errno;
	for (i = 0; i < n; i++)
		if (old_path(files[i].path, old, sizeof(old)) == 0)
			(void)unlink(old);
	return path_fsync_parent(JOURNAL);
}

/* The last one needs a moment to see that it has nothing to wait for. */
int
setupjournal_watch(void)
{
	struct timespec tick = { .tv_nsec = 100000000 };
	int i, fd = -EWOULDBLOCK;

	for (i = 0; i < 20 && fd == -EWOULDBLOCK; i++) {
		if (i > 0)
			nanosleep(&tick, NULL);
		fd = lock_file(WATCHER, LOCK_EX | LOCK_NB);
	}
	return fd;
}

bool
setupjournal_is_watched(void)
{
	int fd = lock_file(WATCHER, LOCK_EX | LOCK_NB);

	if (fd < 0)
		return fd == -EWOULDBLOCK;
	close(fd);
	return false;
}
