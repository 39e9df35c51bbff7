/* SPDX-License-Identifier: ISC */
/* events.jsonl, read front to back. */
#ifndef CS_EVENTLOG_H
#define CS_EVENTLOG_H

#include <jansson.h>
#include <stddef.h>

/* Called for each event, which is borrowed; not 0 ends the reading. */
typedef int eventlog_reader(const json_t *event, void *context);

/*
 * Reads `path`, and before it what logrotate(8) has made of its older part
 * (PATH.1), if that is there. Lines that are no JSON object are counted in
 * *ret_bad. 0, what a reader said, or -errno.
 */
int eventlog_read(const char *path, eventlog_reader *read, void *context,
    size_t *ret_bad);
/* A member that is text, or "". */
const char *eventlog_text(const json_t *event, const char *key);

#endif
