/* SPDX-License-Identifier: ISC */
/* events.jsonl, read front to back, with its older parts (logparts.h). */
#ifndef CS_EVENTLOG_H
#define CS_EVENTLOG_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct eventlog_line {
	const char *text; /* as it stands there; no NUL at its end */
	size_t len; /* without its newline */
	const json_t *event; /* the same, borrowed */
};

/* Called for each event; not 0 ends the reading. */
typedef int eventlog_reader(const struct eventlog_line *line, void *context);

/* Most lines are not worth the parsing: what has none of the words, or not the
 * text, is left out. Lines are compared as they stand there. */
struct eventlog_query {
	const char *path;
	const char *const *words; /* ends with NULL; NULL: every line */
	const char *text; /* NULL: any */
	uint64_t
	    since_s; /* parts that were last written a day before are left out */
};

struct eventlog_report {
	size_t bad; /* lines that are no JSON object, as far as was looked */
	char error[256]; /* what could not be read, and why */
};

/* 0; what a reader said; or -errno, with the error in words. */
int eventlog_read(const struct eventlog_query *q, eventlog_reader *read,
    void *context, struct eventlog_report *ret);
/* A member that is text, or "". */
const char *eventlog_text(const json_t *event, const char *key);

#endif
