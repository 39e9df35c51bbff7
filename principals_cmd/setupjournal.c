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

/* The file as it is, inside the journal; null if there is none. */
static int
keep(json_t *files, const char *path)
{
	AUTO(free) char *text = NULL;
	struct stat st;
	size_t len;
	json_t *item;
	int r;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT)
			return -errno;
		item = json_pack("{s:s, s:n}", "path", path, "text");
	} else {
		r = path_read_trusted(path, 0, FILE_MAX_BYTES, &text, &len);
		if (r < 0)
			return r;
		/* Not UTF-8, or with a NUL: no configuration of anything. */
		item = json_pack("{s:s, s:s%, s:i}", "path", path, "text", text,
		    len, "mode", (int)(st.st_mode & 0777));
		if (item == NULL)
			return -EBADMSG;
	}
	return json_array_append_new(files, item) < 0 ? -ENOMEM : 0;
}

int
setupjournal_open(const struct setup_file *files, size_t n, uint64_t deadline_s)
{
	AUTO(close) int lock = -1;
	json_auto_t *doc = NULL;
	json_t *list = json_array();
	size_t i;
	int r;

	doc = json_pack("{s:I, s:I, s:o}", "deadline", (json_int_t)deadline_s,
	    "reloaded", (json_int_t)0, "files", list);
	if (doc == NULL)
		return -ENOMEM;
	if (mkdir(SETUPJOURNAL_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	if ((lock = lock_file(LOCK, LOCK_EX)) < 0)
		return lock;
	if (setupjournal_is_open())
		return -EEXIST;
	for (i = 0; i < n; i++)
		if ((r = keep(list, files[i].path)) < 0)
			return r;
	return save(doc);
}

bool
setupjournal_is_open(void)
{
	return access(JOURNAL, F_OK) == 0;
}

int
setupjournal_times(uint64_t *ret_deadline_s, uint64_t *ret_reloaded_us)
{
	json_auto_t *doc = NULL;
	int r;

	if ((r = load(&doc)) < 0)
		return r;
	*ret_deadline_s =
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
setupjournal_apply(const struct setup_file *files, size_t n)
{
	size_t i;
	int r;

	for (i = 0; i < n; i++)
		if ((r = put(files[i].path, files[i].text, files[i].mode)) < 0)
			return r;
	return 0;
}

static int
restore(json_t *files)
{
	const char *path;
	json_t *item;
	size_t i;
	int r;

	json_array_foreach (files, i, item) {
		path = json_string_value(json_object_get(item, "path"));
		if (path == NULL)
			return -EBADMSG;
		r = put(path, json_string_value(json_object_get(item, "text")),
		    (mode_t)json_integer_value(json_object_get(item, "mode")));
		if (r < 0)
			return r;
	}
	return 0;
}

int
setupjournal_undo(void)
{
	AUTO(close) int lock = lock_file(LOCK, LOCK_EX);
	json_auto_t *doc = NULL;
	int r;

	if (lock < 0)
		return lock == -ENOENT ? -ENOENT : lock;
	if ((r = load(&doc)) < 0)
		return r;
	if ((r = restore(json_object_get(doc, "files"))) < 0)
		return r;
	return unlink(JOURNAL) < 0 ? -errno : 0;
}

int
setupjournal_close(void)
{
	AUTO(close) int lock = lock_file(LOCK, LOCK_EX);

	if (lock < 0)
		return lock;
	if (unlink(JOURNAL) < 0)
		return -errno;
	return path_fsync_parent(JOURNAL);
}

int
setupjournal_watch(void)
{
	return lock_file(WATCHER, LOCK_EX | LOCK_NB);
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
