/* SPDX-License-Identifier: ISC */
/*
 * What has to be known of a connection when its keeper has been killed: kept in
 * a mapped file, RunDirectory/state/ID, that costs a store to change. A lock
 * on it says that its keeper lives.
 */
#ifndef CS_KSTATE_H
#define CS_KSTATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "uuid.h"

#define KSTATE_DIR	"state" /* in RunDirectory */
#define KSTATE_VERSION	1
#define KSTATE_SESSIONS 512
#define KSTATE_TEXT	512
#define KSTATE_LOGIN	256

struct kstate_session {
	bool is_open;
	bool has_tty;
	bool is_recorded;
	char sid[UUID_TEXT_LEN + 1];
	uint64_t started_usec;
	uint64_t recording_start_usec; /* since boot */
	char command[KSTATE_TEXT]; /* cut to that */
	bool has_command;
	pid_t wrapper;
	uint64_t wrapper_start_ticks;
	char terminal[32]; /* of its own; empty: none */
	char recording[PATH_MAX]; /* empty: none */
};

/* Texts are cut to their room; a reader trusts none to end. */
struct kstate {
	uint32_t version;
	uint32_t size; /* of this struct: another build is not read */
	char id[UUID_TEXT_LEN + 1];
	pid_t monitor_pid;
	uint64_t monitor_dev, monitor_ino;
	uint32_t uid;
	uint32_t audit_session_id;
	bool is_break_glass; /* goes on without a keeper */
	bool has_sshd; /* until both have ended: then it does not count */
	bool survivors_kill, record_strict; /* the role's demands */
	uint64_t number; /* the next event's ei */
	uint64_t started_usec;
	uint64_t sessions_total;
	char user[KSTATE_TEXT];
	char login[KSTATE_LOGIN];
	char addr_remote[80];
	char addr_local[80];
	struct kstate_session sessions[KSTATE_SESSIONS];
};

/* A new one, locked and mapped; *ret_fd holds the lock. 0 or -errno. */
int kstate_create(const char *run_dir, const struct uuid *id,
    struct kstate **ret, int *ret_fd);
/* Room for a session, all zero, or NULL: there is none. The caller sets is_open
 * when the rest is filled in. */
struct kstate_session *kstate_add_session(struct kstate *k, int fd);
/* Removes the file, and lets go. */
void kstate_close(struct kstate *k, int fd, const char *run_dir);
/* The same of an orphan. */
void kstate_bury(struct kstate *k, int fd, const char *run_dir);
/* How many live connections the user has, in one moment for everybody who
 * asks between _lock and _unlock. -errno: it cannot be told. */
int kstate_lock_all(const char *run_dir);
void kstate_unlock_all(int fd);
int kstate_count(const char *run_dir, const char *user);
/* The live connection whose post-auth sshd is this process: what there is of its
 * state before `sessions`. 0 or -ESRCH. */
int kstate_of_sshd(const char *run_dir, pid_t sshd, struct kstate *ret);
/* Of the connection of this id, as it is at this moment. 0 or -errno, -EBADMSG for
 * another build's. */
int kstate_read(const char *run_dir, const char *id, struct kstate *ret);
/*
 * The next connection whose keeper is gone, taken over (locked, and read into
 * memory of its own) by this process; its own monitor need not be gone. 1, or 0 if there is none any
 * more. What another build has left cannot be read, and is removed.
 */
int kstate_next_orphan(const char *run_dir, struct kstate **ret, int *ret_fd);

#endif
