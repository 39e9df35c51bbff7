/* SPDX-License-Identifier: ISC */
/* `port` events of sshd's forwardings, joined to their connection. */
#ifndef CS_PORTEVENTS_H
#define CS_PORTEVENTS_H

#include <stdint.h>
#include <sys/types.h>

#include "kstate.h"
#include "settings.h"
#include "sshdforward.h"

#define PORTEVENTS_PENDING 64
/* A refusal follows its request at once; no later than that. */
#define PORTEVENTS_WAIT_MS 300

struct portevent {
	pid_t pid;
	uint64_t since_ms; /* since boot */
	struct sshdforward forward;
	/* The connection's, from its keeper's state. */
	char id[UUID_TEXT_LEN + 1];
	char user[KSTATE_TEXT];
	char login[KSTATE_LOGIN];
	char remote[80];
	uint32_t audit_session_id;
};

struct portevents {
	const struct settings *host;
	struct portevent pending[PORTEVENTS_PENDING]; /* the oldest first */
	size_t n;
};

/*
 * A line of process pid. Anybody can write lines like sshd's: this one counts
 * only if the process is the post-auth sshd of a connection that has a keeper.
 */
void portevents_take(struct portevents *p, pid_t pid,
    const struct sshdforward *f);
/* Milliseconds until portevents_flush has something to do; -1: never. */
int portevents_due_ms(const struct portevents *p);
/* Requests that nothing has refused were granted. */
void portevents_flush(struct portevents *p);

#endif
