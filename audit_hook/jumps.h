/* SPDX-License-Identifier: ISC */
/*
 * Which connection came through which: a host's `port` event and the next host's
 * `connection.start`, joined by address, port and time. Their events have to be
 * in one file, as a collector has them.
 */
#ifndef CS_JUMPS_H
#define CS_JUMPS_H

#include <stddef.h>
#include <stdint.h>

#include "eventlog.h"

/* What is needed of a connection.start: of a year there may be a million. */
struct jump_start {
	char *id, *user, *login, *host, *remote, *local;
	uint64_t time_s;
	size_t place; /* in the events */
};

/* A granted forwarding to somewhere. */
struct jump_port {
	char *id; /* the connection's */
	char *addr;
	uint64_t time_s;
	size_t place;
};

struct jumps {
	struct jump_start *starts; /* by time */
	size_t n_starts;
	struct jump_port *ports; /* by time */
	size_t n_ports;
	struct jump_entry {
		const char *id;
		const struct jump_start *start;
	} * by_id; /* of starts */
};

/* For who reads the events: an eventlog_reader whose context are jumps of { 0 },
 * and which of them it takes. */
#define JUMPS_WORDS "\"connection.start\"", "\"port\""
int jumps_take(const struct eventlog_line *line, void *jumps);
/* Before anything is looked for. 0 or -ENOMEM. */
int jumps_sort(struct jumps *j);
void jumps_clear(struct jumps *j);
/* The one of this id, borrowed; NULL: it is not there. */
const struct jump_start *jumps_start(const struct jumps *j,
    const char *connection_id);
/* The connection that this one came through, as far as anybody can tell;
 * NULL: none. */
const struct jump_start *jumps_before(const struct jumps *j,
    const struct jump_start *start);
/* The first that came through this one after `last` (NULL: at all). */
const struct jump_start *jumps_after(const struct jumps *j,
    const struct jump_start *start, const struct jump_start *last);

#endif
