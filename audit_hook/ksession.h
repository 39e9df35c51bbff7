/* SPDX-License-Identifier: ISC */
/* A session as the keeper sees it: checked in, recorded, ended, sealed. */
#ifndef CS_KSESSION_H
#define CS_KSESSION_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "keepermsg.h"
#include "kstate.h"
#include "peer.h"
#include "recording.h"
#include "seal.h"
#include "terminal.h"
#include "tracemsg.h"
#include "uuid.h"

struct connection;

/* What a session's file operations came to (kfileevents.c). */
struct kfiles;
/* For a session that begins with this process, and then runs command; NULL: out
 * of memory. */
struct kfiles *kfiles_new(pid_t wrapper, const char *command);
void kfiles_free(struct kfiles *f);

/* Each session is heard on two descriptors: the wrapper's, and the recorder's
 * or, later, the one that the file's digest comes from. */
#define KSESSION_FDS 2

struct ksession {
	int fd; /* the wrapper's; -1: it has ended */
	pid_t wrapper;
	struct uuid sid;
	uint64_t started_usec;
	bool has_tty;
	const char *subsystem; /* "sftp", or NULL */
	char *command; /* what runs; NULL: a login shell */
	bool has_ended; /* `exit` is known */
	const char *unknown_end; /* why it is not, else */
	struct keeper_exit exit;
	char size[24]; /* "80:25" */
	uint64_t resized_ms; /* since boot: when the last one was told */
	char terminal[TERMINAL_PATH_MAX]; /* of its own; empty: sshd's */
	enum file_tap tap; /* whose protocol its bytes are */
	const char *operand; /* within command: of scp */
	struct kfiles *files; /* with a tap, once it is there */
	bool is_recorded; /* there is a recorder, or was */
	bool has_file;
	enum trace_level trace_level; /* before its program began */
	struct recording recording;
	struct seal seal;
	struct kstate_session *state; /* for when the keeper is killed */
};

/* A session for this check-in, whose fd it takes; NULL: out of memory. */
struct ksession *ksession_new(const struct connection *c,
    const struct keeper_checkin *in, int fd);
void ksession_free(struct ksession *s);
/* Gives it a terminal and a recorder where it is to have them, announces it,
 * and lets the wrapper go on, or says why not. channel are the wrapper's
 * descriptors. */
void ksession_begin(struct connection *c, struct ksession *s,
    const struct keeper_checkin *in, const struct peer *peer,
    const int channel[KEEPERMSG_MAX_FDS]);
/* What to wait for. While the log takes no more, file operations are not: the
 * recorder, and so the session, waits with them, for LOG_PATIENCE_MS. */
void ksession_poll(const struct connection *c, const struct ksession *s,
    struct pollfd p[KSESSION_FDS]);
/* Deals with what came. true: it has ended, and that is on record. */
bool ksession_hear(struct connection *c, struct ksession *s,
    const struct pollfd p[KSESSION_FDS]);
/* Ends it on record now, whatever there is of it. */
void ksession_end_now(struct connection *c, struct ksession *s);
/* After the last sshd of the connection: a recorder that still waits for its
 * client does so in vain. */
void ksession_hurry(struct ksession *s);

#endif
