/* SPDX-License-Identifier: ISC */
/* What `countersign-node setup` changes, so that it can be taken back: by the
 * watcher when nobody confirms, at boot, or by hand. */
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
	const char *old; /* where a copy of what it was is kept, for renaming */
	const char *text; /* NULL: it goes away */
	mode_t mode; /* if it is new */
	/* For a text that others have changed meanwhile: without ours, and with
	 * them, to undo a setup and a removal; the result is freed. NULL: the
	 * file as a whole is ours. */
	char *(*without_ours)(const char *text);
	char *(*with_ours)(const char *text);
};

/* One setup, undo or confirmation at a time: all of the others need this lock,
 * which ends with its descriptor. Waits for it. A descriptor, or -errno. */
int setupjournal_lock(void);
/* The same without waiting: -EWOULDBLOCK. */
int setupjournal_try_lock(void);

/* Keeps what the files are now, on the same disk: taking it back is then only
 * renaming, which a full one allows. On disk before it returns. 0 or -errno;
 * -EEXIST if one is open. */
int setupjournal_open(const struct setup_file *files, size_t n, bool is_removal,
    uint64_t deadline_us);
bool setupjournal_is_open(void);
/* When must it be confirmed, and when was sshd told (0: not yet)? Both since
 * boot (clock_boot_usec). 0, -ENOENT, -errno. */
int setupjournal_times(uint64_t *ret_deadline_us, uint64_t *ret_reloaded_us);
int setupjournal_note_reload(uint64_t now_us);
/* Puts one in place. 0 or -errno. */
int setupjournal_apply(const struct setup_file *file);
/* The file is again what it was, or what others made of it but for ours; one that
 * was not written yet stays. The journal stays open until setupjournal_close. 0,
 * -ENOENT: it is not open; -errno: it can be called again. */
int setupjournal_undo(const struct setup_file *file);
/* Is what can be undone a removal? */
bool setupjournal_is_removal(void);
/* It stays as it is now. 0, -ENOENT. */
int setupjournal_close(const struct setup_file *files, size_t n);

/* Held by whoever waits for the confirmation, until that process ends. Returns
 * a descriptor, or -errno. */
int setupjournal_watch(void);
bool setupjournal_is_watched(void);

#endif
