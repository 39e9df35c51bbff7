/* SPDX-License-Identifier: ISC */
/* The sessions that events tell of. */
#ifndef CS_SESSIONLIST_H
#define CS_SESSIONLIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "eventlog.h"

struct audit_session {
	json_t *start; /* session.start */
	json_t *end; /* session.end, or NULL: it is open, or nobody knows */
};

/* Which of them; all members may be 0. */
struct sessionlist_filter {
	const char *sid; /* begins with that */
	uint64_t since_s; /* it began then, or later */
	bool (*is_wanted)(const json_t *start, void *context);
	void *context;
};

/* Of a year there may be a million: as text they are a tenth. */
struct sessionlist {
	struct sessionlist_lines {
		char *start, *end;
		size_t before; /* another open one of its sid, plus 1; 0 */
	} * v; /* in the order of their start */
	size_t n, room;
	json_t *open; /* sid: the last one's place in v, plus 1 */
	const struct sessionlist_filter *filter;
};

/* 0 or -errno; complains about what it cannot read. The filter may be NULL. The
 * caller clears, in any case. */
int sessionlist_read(const char *events,
    const struct sessionlist_filter *filter, struct sessionlist *ret);
/* For who reads the events anyway: an eventlog_reader whose context is a list of
 * { 0 }, or one with a filter. */
int sessionlist_take(const struct eventlog_line *line, void *list);
void sessionlist_clear(struct sessionlist *l);
/* The i-th. The caller clears it. */
struct audit_session sessionlist_get(const struct sessionlist *l, size_t i);
void audit_session_clear(struct audit_session *s);
/* Where its recording is, of either form, in buf. 0; -ENODATA: it has none;
 * -ENOENT: it is gone. */
int sessionlist_recording(const struct audit_session *s, const char *dir,
    char *buf, size_t size);

#endif
