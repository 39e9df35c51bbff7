/* SPDX-License-Identifier: ISC */
/* When a connection has to end, and how it is made to. */
#ifndef CS_ENDING_H
#define CS_ENDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "keepermsg.h"
#include "peer.h"

/* How long sshd has to end by itself before it is killed. */
#define ENDING_GRACE_MS	 1000
#define ENDING_SSHDS_MAX 8

struct ending {
	const struct monitor *monitor;
	struct keeper_limits limits;
	uint32_t audit_session_id;
	uint64_t began_ms; /* since boot, also while it slept */
	uint64_t told_ms; /* when sshd was told to end; 0: not yet */
	uint64_t warned_s; /* how long before the end it was last said */
	bool is_killed;
	int sshd[ENDING_SSHDS_MAX]; /* pidfds */
	size_t n_sshds;
};

void ending_init(struct ending *e, const struct monitor *m,
    const struct keeper_limits *limits, uint32_t audit_session_id);
/* Milliseconds until something is due; -1: never. At most half a minute: the
 * wall clock, by which a certificate expires, may be set. */
int ending_due_ms(const struct ending *e);
/* Whether a limit is reached now; then why, in words. */
bool ending_is_due(const struct ending *e, char *ret_why, size_t size);
/* Whether a person should hear now that the certificate's time ends: five
 * minutes and one minute before. Then the words. */
bool ending_warns(struct ending *e, char *ret_text, size_t size);
/* Tells sshd to end; from the second call on, a second later, kills what is
 * left of it: a post-auth sshd that its user has stopped, or whose monitor is
 * gone, hears no SIGTERM. Returns how many were found. */
size_t ending_end(struct ending *e);
void ending_clear(struct ending *e);

#endif
