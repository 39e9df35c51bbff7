/* SPDX-License-Identifier: ISC */
/* One connection under supervision, and the sessions in it. */
#ifndef CS_CONNECTION_H
#define CS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "activity.h"
#include "bypass.h"
#include "ending.h"
#include "eventsink.h"
#include "keepermsg.h"
#include "ksession.h"
#include "kstate.h"
#include "lastlogin.h"
#include "lockwatch.h"
#include "peer.h"
#include "settings.h"
#include "tracelink.h"
#include "uuid.h"

#define SESSIONS_MAX KSTATE_SESSIONS
/* A log that has taken nothing for so long is not waited for any more. */
#define LOG_PATIENCE_MS 5000

struct connection {
	const struct settings *host;
	struct eventsink sink;
	struct uuid id;
	struct monitor monitor;
	struct keeper_hello hello;
	struct strv environment; /* PAM's, for the sessions */
	bool has_environment; /* the PAM stack has ended */
	gid_t session_gid;
	struct recording_owner owner;
	int sshd; /* the module's end; -1 once both sshd processes are gone */
	int listener; /* where wrappers check in */
	char path[108]; /* of the listener */
	struct ksession *sessions[SESSIONS_MAX];
	size_t n_sessions;
	uint64_t sessions_total;
	uint64_t rejected_own, rejected_others; /* by whose processes */
	uint64_t started_usec, ended_usec;
	struct kstate *state; /* for when this process is killed */
	int state_fd;
	bool is_buried; /* its keeper is not this process */
	char last_login[LASTLOGIN_MAX];
	struct ending ending;
	struct lockwatch lockwatch;
	struct bypass bypass;
	struct activity activity;
	struct tracelink trace;
	bool has_totals; /* activity's rx and tx are the last word */
	char end_reason[600];
	uint64_t survivors_ended;
	bool is_told; /* root wants it to end */
	size_t spool_before; /* bytes, and when there were fewer than before: */
	uint64_t log_moved_ms; /* since boot */
};

/*
 * Serves the connection whose PAM module is at the other end of fd (which it
 * takes), from HELLO to the end of its last session. session_gid is the
 * wrapper's group. 0 or -errno if it could not begin.
 */
int connection_serve(int fd, const struct settings *host, gid_t session_gid,
    const struct recording_owner *owner);

/* Ends every session of it on record, and then itself; its events have gone
 * afterwards, or half a minute has. */
void connection_finish(struct connection *c);
void connection_free(struct connection *c);
/* It is to end as soon as it has dealt with what there is; the first reason
 * counts. */
void connection_tell_to_end(struct connection *c, const char *why);

#endif
