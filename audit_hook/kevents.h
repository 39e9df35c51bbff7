/* SPDX-License-Identifier: ISC */
/* The keeper's events (docs/FORMATS.md). */
#ifndef CS_KEVENTS_H
#define CS_KEVENTS_H

#include "connection.h"

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
void kevent_session_leave(struct connection *c, const struct ksession *s);
/* `exec` where a command was given, `session.data` where there was a recorder,
 * then `session.end`. */
void kevent_session_end(struct connection *c, const struct ksession *s);

#endif
