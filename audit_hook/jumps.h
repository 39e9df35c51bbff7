/* SPDX-License-Identifier: ISC */
/*
 * Which connection came through which: a host's `port` event and the next host's
 * `connection.start`, joined by address, port and time. Their events have to be
 * in one file, as a collector has them.
 */
#ifndef CS_JUMPS_H
#define CS_JUMPS_H

#include <jansson.h>
#include <stddef.h>

struct jumps {
	json_t *starts; /* connection.start */
	json_t *ports; /* granted forwardings to somewhere */
	json_t *by_id; /* starts */
	const json_t **before; /* of each of starts; NULL: none */
};

/* 0 or -errno. The caller clears, in any case. */
int jumps_read(const char *events, struct jumps *ret);
void jumps_clear(struct jumps *j);
/* The connection.start whose id begins with this, if it is only one. Borrowed;
 * NULL, and *ret_n says how many there are. */
const json_t *jumps_find(const struct jumps *j, const char *text,
    size_t *ret_n);
/* The one of this id; NULL: it is not there. */
const json_t *jumps_start(const struct jumps *j, const char *connection_id);
/* The connection that this one came through, as far as anybody can tell;
 * NULL: none. */
const json_t *jumps_before(const struct jumps *j, const json_t *start);
/* The i-th that came through this one. */
const json_t *jumps_after(const struct jumps *j, const json_t *start, size_t i);

#endif
