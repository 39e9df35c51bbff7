/* SPDX-License-Identifier: ISC */
/* The keeper's events (docs/FORMATS.md). */
#ifndef CS_KEVENTS_H
#define CS_KEVENTS_H

#include "connection.h"
#include "fileop.h"

/* For kevents.c and its like. */
struct event_context kevent_context(struct connection *c,
    const struct ksession *s);
void kevent_connection_start(struct connection *c);
void kevent_connection_end(struct connection *c);
/* For end_reason. */
void kevent_disconnect(struct connection *c);
/* A check-in that was not the wrapper's. */
void kevent_session_rejected(struct connection *c, const char *why,
    const struct peer *peer);
void kevent_session_start(struct connection *c, const struct ksession *s);
void kevent_resize(struct connection *c, const struct ksession *s);
void kevent_recording_failed(struct connection *c, const struct ksession *s,
    const char *why);
/* What was done to a file: `sftp` or `scp`, and `sftp_summary` where that has
 * so many files that an event has no room for more; `recording.failed`. */
void kevent_file(struct connection *c, const struct ksession *s,
    const struct fileop *op);
/* The last `sftp_summary`. */
void kevent_file_summary(struct connection *c, const struct ksession *s);
void kevent_session_leave(struct connection *c, const struct ksession *s);
/* `exec` where a command was given, `session.data` where there was a recorder,
 * then `session.end`. */
void kevent_session_end(struct connection *c, const struct ksession *s);

#endif
