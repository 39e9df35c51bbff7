/* SPDX-License-Identifier: ISC */
/* Connections and sessions that trace was told of, by the numbers that the
 * kernel's part knows them by. */
#ifndef CS_TRACETABLE_H
#define CS_TRACETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracefold.h"
#include "tracemsg.h"
#include "tracesource.h"

struct traced {
	bool is_used;
	bool is_closed; /* its keeper is gone: kept while it has processes */
	bool is_unused; /* it had none when last asked */
	char id[UUID_TEXT_LEN + 1];
	char user[256];
	char login[64];
	uint32_t audit_session_id;
	uint32_t uid;
	uint64_t number; /* of its next event */
	uint64_t execs;
	struct tracefold fold;
};

struct traced_session {
	uint32_t connection; /* 0: this place is free */
	char sid[UUID_TEXT_LEN + 1];
};

/* Number 0 is none. */
struct tracetable {
	struct traced *connections;
	struct traced_session *sessions;
	uint32_t n_connections, n_sessions;
};

/* The connection's number, made if it is new; 0: out of memory. */
uint32_t tracetable_connection(struct tracetable *t, const struct tracemsg *m);
uint32_t tracetable_session(struct tracetable *t, uint32_t connection,
    const struct tracemsg *m);
struct traced *tracetable_get(const struct tracetable *t, uint32_t connection);
bool tracetable_has_any(const struct tracetable *t);
/* One whose login has this uid, and whose keeper is there; NULL: none. */
struct traced *tracetable_of_uid(const struct tracetable *t, uint32_t uid);
/* "" for none. */
const char *tracetable_sid(const struct tracetable *t, uint32_t session);
/* Finds the closed connections that have no process any more. */
void tracetable_mark(struct tracetable *t, const struct tracesource *source);
bool tracetable_has_unused(const struct tracetable *t);
/* Frees their numbers. Only when everything that had happened until they were
 * marked has been read: a number's next owner would get what is left. */
void tracetable_sweep(struct tracetable *t, const struct tracesource *source);
void tracetable_clear(struct tracetable *t);

#endif
