/* SPDX-License-Identifier: ISC */
/* What `countersign-node setup` changes, so that it can be taken back: by the
 * watcher when nobody confirms, or by hand. */
#ifndef CS_SETUPJOURNAL_H
#define CS_SETUPJOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SETUPJOURNAL_DIR "/var/lib/countersign/setup"

/* One file's new text. */
struct setup_file {
	const char *path;
	const char *text; /* NULL: it goes away */
	mode_t mode; /* if it is new */
};

/* Keeps what the files are now; on disk before it returns. 0 or -errno; -EEXIST
 * if one is open. */
int setupjournal_open(const struct setup_file *files, size_t n,
    uint64_t deadline_s);
bool setupjournal_is_open(void);
/* When must it be confirmed, and when was sshd told (0: not yet)? 0, -ENOENT,
 * -errno. */
int setupjournal_times(uint64_t *ret_deadline_s, uint64_t *ret_reloaded_us);
int setupjournal_note_reload(uint64_t now_us);
/* Puts the files in place; on failure the caller undoes. */
int setupjournal_apply(const struct setup_file *files, size_t n);
/* The files are again what they were. 0, -ENOENT: it was confirmed, or never
 * begun; -errno: something is left, and it can be called again. */
int setupjournal_undo(void);
/* It stays as it is. 0, -ENOENT. */
int setupjournal_close(void);

/* Held by whoever waits for the confirmation, until that process ends. Returns
 * a descriptor, or -errno. */
int setupjournal_watch(void);
bool setupjournal_is_watched(void);

#endif
