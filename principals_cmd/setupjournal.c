/* SPDX-License-Identifier: ISC */
/* What `countersign-node setup` changes, so that it can be taken back. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "path.h"
#include "proc.h"
#include "setupjournal.h"

#define JOURNAL	       SETUPJOURNAL_DIR "/journal.json"
#define LOCK	       SETUPJOURNAL_DIR "/lock"
#define WATCHER	       SETUPJOURNAL_DIR "/watcher"
#define HASH_LEN       32
#define BOOT_ID_SIZE   64
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

int
setupjournal_try_lock(void)
{
	return lock_file(LOCK, LOCK_EX | LOCK_NB);
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

static int
read_file(const char *path, char **ret)
{
	size_t len;

	return path_read_trusted(path, 0, FILE_MAX_BYTES, ret, &len);
}

/* A copy, with its mode and owner; none of one that there is not. */
static int
keep(const struct setup_file *f)
{
	AUTO(free) char *text = NULL;
	struct stat st;
	int r;

	if (stat(f->path, &st) < 0) {
		if (errno != ENOENT)
			return -errno;
		return unlink(f->old) < 0 && errno != ENOENT ? -errno : 0;
	}
	if ((r = read_file(f->path, &text)) < 0)
		return r;
	return path_write_atomic_group(f->old, text, strlen(text),
	    st.st_mode & 0777, st.st_gid, 0);
}

static void
hash_text(const char *text, char ret[2 * HASH_LEN + 1])
{
	uint8_t hash[HASH_LEN];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text,
	    strlen(text), NULL, 0);
	sodium_bin2hex(ret, 2 * HASH_LEN + 1, hash, sizeof(hash));
}

/* What is put in place and what was there, to know both again. */
static json_t *
describe(const struct setup_file *f)
{
	char hash[2 * HASH_LEN + 1] = "", was_hash[2 * HASH_LEN + 1] = "";
	AUTO(free) char *was = NULL;

	if (f->text != NULL)
		hash_text(f->text, hash);
	if (read_file(f->path, &was) == 0)
		hash_text(was, was_hash);
	return json_pack("{s:s, s:s, s:s, s:b}", "path", f->path, "hash", hash,
	    "was", was_hash, "was_there", access(f->path, F_OK) == 0);
}

static int
read_boot_id(char ret[BOOT_ID_SIZE])
{
	return proc_read_line("/proc/sys/kernel/random/boot_id", ret,
	    BOOT_ID_SIZE);
}

static bool
is_of_this_boot(const json_t *doc)
{
	const char *then = json_string_value(json_object_get(doc, "boot"));
	char now[BOOT_ID_SIZE];

	return then != NULL && read_boot_id(now) == 0 && strcmp(then, now) == 0;
}

int
setupjournal_open(const struct setup_file *files, size_t n, bool is_removal,
    uint64_t deadline_us)
{
	json_auto_t *doc = NULL;
	json_t *list = json_array();
	char boot[BOOT_ID_SIZE];
	size_t i;
	int r;

	if ((r = read_boot_id(boot)) < 0) {
		json_decref(list);
		return r;
	}
	doc = json_pack("{s:b, s:s, s:I, s:I, s:o}", "removal", is_removal,
	    "boot", boot, "deadline", (json_int_t)deadline_us, "reloaded",
	    (json_int_t)0, "files", list);
	if (doc == NULL)
		return -ENOMEM;
	if (setupjournal_is_open())
		return -EEXIST;
	for (i = 0; i < n; i++) {
		if ((r = keep(&files[i])) < 0)
			return r;
		if (json_array_append_new(list, describe(&files[i])) < 0)
			return -ENOMEM;
	}
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
	if (!is_of_this_boot(doc)) {
		*ret_deadline_us = 0;
		*ret_reloaded_us = UINT64_MAX;
		return 0;
	}
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

static bool
has_hash(const json_t *item, const char *which, const char *now)
{
	const char *then = json_string_value(json_object_get(item, which));
	char hash[2 * HASH_LEN + 1];

	hash_text(now, hash);
	return then != NULL && strcmp(then, hash) == 0;
}

/* Others have changed it since: only ours is undone. Where there is no place for
 * ours any more, the whole file is. */
static int
merge(const json_t *doc, const struct setup_file *f, const char *now,
    const char *old)
{
	bool is_removal = json_is_true(json_object_get(doc, "removal"));
	AUTO(free)
	char *text = is_removal ? f->with_ours(now) : f->without_ours(now);

	if (text == NULL)
		return put(f->path, old, f->mode);
	return strcmp(text, now) == 0 ? 0 : put(f->path, text, f->mode);
}

/* Put back already, or somebody has deleted the copy while what was written is
 * in force: then ours is taken out of it, or it cannot be undone. */
static int
undo_without_copy(const json_t *doc, const struct setup_file *f,
    const char *now)
{
	const json_t *item = described(doc, f->path);

	if (now == NULL || has_hash(item, "was", now) ||
	    !has_hash(item, "hash", now))
		return 0;
	return f->without_ours != NULL ? merge(doc, f, now, now) : -ENOENT;
}

/* What is there now is either what was there (not written yet, or back already),
 * or what was written, or somebody's. */
static int
undo_file(const json_t *doc, const struct setup_file *f)
{
	const json_t *item = described(doc, f->path);
	AUTO(free) char *now = NULL, *was = NULL;
	int r;

	if (item == NULL)
		return 0;
	if (!json_is_true(json_object_get(item, "was_there")))
		return unlink(f->path) < 0 && errno != ENOENT ? -errno : 0;
	if ((r = read_file(f->path, &now)) < 0 && r != -ENOENT)
		return r;
	if ((r = read_file(f->old, &was)) < 0)
		return r == -ENOENT ? undo_without_copy(doc, f, now) : r;
	if (now != NULL && strcmp(now, was) == 0)
		return 0;
	if (now != NULL && f->without_ours != NULL &&
	    !has_hash(item, "hash", now))
		return merge(doc, f, now, was);
	return rename(f->old, f->path) < 0 ? -errno
					   : path_fsync_parent(f->path);
}

int
setupjournal_undo(const struct setup_file *file)
{
	json_auto_t *doc = NULL;
	int r;

	if ((r = load(&doc)) < 0)
		return r;
	return undo_file(doc, file);
}

bool
setupjournal_is_removal(void)
{
	json_auto_t *doc = NULL;

	return load(&doc) == 0 && json_is_true(json_object_get(doc, "removal"));
}

int
setupjournal_close(const struct setup_file *files, size_t n)
{
	size_t i;

	if (unlink(JOURNAL) < 0)
		return -errno;
	for (i = 0; i < n; i++)
		(void)unlink(files[i].old);
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
	/* Shared: two who ask at once are no watcher to each other. */
	int fd = lock_file(WATCHER, LOCK_SH | LOCK_NB);

	if (fd < 0)
		return fd == -EWOULDBLOCK;
	close(fd);
	return false;
}
