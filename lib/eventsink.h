/* SPDX-License-Identifier: ISC */
/* Where events go: a datagram socket, never waited for longer than is said. */
#ifndef CS_EVENTSINK_H
#define CS_EVENTSINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

#define EVENTSINK_FALLBACK	  "/dev/log"
#define EVENTSINK_SPOOL_MAX_BYTES (256U * 1024U)

struct eventsink {
	int fd;
	const struct settings *host;
	const char *emitter;
	const char *fallback; /* path; only for root, whom rsyslog believes */
	bool is_fallback; /* fd is the fallback's */
	int wait_ms; /* the longest that one send may wait */
	uint64_t closed_until_us; /* nobody listened; without a spool
				   * not asked again before */
	size_t spool_max_bytes; /* 0: what cannot be sent at once is lost */
	struct strv spool;
	size_t spool_bytes;
	uint64_t lost; /* events since the last report */
	uint64_t looked_us; /* when others' losses were asked for last */
};

/* Opens nothing yet. host and emitter are borrowed. */
void eventsink_init(struct eventsink *s, const struct settings *host,
    const char *emitter);
/*
 * Sends, spools or counts as lost; a gap that an earlier sender of this emitter
 * left in RunDirectory/lost is reported first as audit.gap. Returns 0 if the
 * event has left or is spooled.
 */
int eventsink_send(struct eventsink *s, const struct event *ev);
/* The same of a line that was rendered already, at most EVENT_LINE_MAX. */
int eventsink_send_line(struct eventsink *s, const char *line, size_t len);
/* Tries the spool again; returns how many lines are still in it. */
size_t eventsink_flush(struct eventsink *s);
/* Flushes, writes what was lost to RunDirectory/lost/EMITTER, and closes. */
void eventsink_clear(struct eventsink *s);

#endif
