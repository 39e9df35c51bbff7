/* SPDX-License-Identifier: ISC */
/* One line of input as a record: a JSON event, or a line of syslog. */
#ifndef CS_EVENTREAD_H
#define CS_EVENTREAD_H

#include "fieldtree.h"
#include "record.h"

#define EVENTREAD_DEPTH_MAX 32

/* What it knows of events' shapes, for the same tree always; the caller frees. NULL:
 * out of memory. */
struct eventread_memory;
struct eventread_memory *eventread_memory_new(void);
void eventread_memory_free(struct eventread_memory *m);

/*
 * Reads a JSON object (RFC 8259) into the record, as far as the tree knows its
 * fields: a list's values are all the field's, and so are those of a key that
 * is there twice. Bytes that are not UTF-8 stay as they are. 0; -EBADMSG: this
 * is no JSON object, or it is nested deeper than EVENTREAD_DEPTH_MAX.
 */
int eventread_json(const struct fieldtree *t, struct eventread_memory *m,
    const char *line, size_t len, struct record *ret);

/* What is before a syslog line's message; empty where it is not there. */
struct syslog_line {
	const char *time, *host, *program, *message;
	size_t time_len, host_len, program_len, message_len;
	uint64_t pid; /* 0: none */
};
/* [<PRI>]TIME HOST PROGRAM[PID]: MESSAGE, its time as RFC 3164 or RFC 3339
 * writes it. 0 or -EBADMSG. */
int eventread_syslog(const char *line, size_t len, struct syslog_line *ret);

#endif
