/* SPDX-License-Identifier: ISC */
/* Setting up and taking back: what both have to do, and who waits for it. */
#ifndef CS_SETUPUNDO_H
#define CS_SETUPUNDO_H

#include <stdint.h>

#include "setupjournal.h"

enum {
	SETUP_DROP_IN_FILE,
	SETUP_PAM_FILE,
	SETUP_N_FILES
};

#define SETUP_FILE_MAX_BYTES 65536U
#define SETUP_DROP_IN	     "/etc/ssh/sshd_config.d/00-countersign.conf"

extern const struct setup_file setup_files[SETUP_N_FILES];

/* An exit code that has been explained, or -1. */
int setup_read_text(const char *path, char **ret);
int setup_put(const struct setup_file *file);

/* node.setup. */
void setup_report(const char *step, const char *code);
/* Files and sshd; the journal stays open until all is done. 0, -ENOENT,
 * -errno. The caller has the lock. */
int setup_undo(void);
/* Until it is confirmed, or taken back after the time is up: also when that
 * fails at first, on a disk that is full. */
void setup_watch(uint64_t deadline_us);
/* A process that does so, and outlives this login. setup_lock is what it must
 * not keep. 0 or -errno. */
int setup_start_watcher(uint64_t deadline_us, int setup_lock);
/* The watcher of an earlier setup must have seen its end before there is a
 * journal again, or it would take this one for its own. */
void setup_let_watcher_end(void);
void setup_ignore_hangups(void);

#endif
