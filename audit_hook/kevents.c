/* SPDX-License-Identifier: ISC */
/* The keeper's events. */
#include <string.h>

#include "auto.h"
#include "kevents.h"
#include "shells.h"
#include "survivors.h"

struct event_context
kevent_context(struct connection *c, const struct ksession *s)
{
	return (struct event_context){ .host = c->host,
		.emitter = "keeper",
		.user = c->hello.user[0] != '\0' ? c->hello.user : NULL,
		.login = c->hello.login,
		.connection_id = c->id.text,
		.sid = s != NULL ? s->sid.text : NULL,
		.audit_session_id = &c->hello.audit_session_id,
		.number = &c->state->number };
}

static void
add_addresses(struct event *ev, const struct keeper_hello *h)
{
	if (h->addr_remote[0] == '\0')
		return;
	event_string(ev, "addr.remote", h->addr_remote);
	event_string(ev, "addr.local", h->addr_local);
}

void
kevent_connection_start(struct connection *c)
{
	struct event_context ctx = kevent_context(c, NULL);
	const struct keeper_hello *h = &c->hello;
	char expires[CLOCK_TEXT_MAX];
	struct event ev;

	event_init(&ev, &ctx, "connection.start",
	    h->break_glass[0] != '\0' ? "CS010W" : "CS010I");
	add_addresses(&ev, h);
	event_string(&ev, "proto", "ssh");
	event_string(&ev, "auth_method", h->auth_method);
	if (h->break_glass[0] != '\0') {
		event_bool(&ev, "break_glass", true);
		event_string(&ev, "reason", h->break_glass);
	}
	if (h->cert_expires_s != 0) {
		event_uint(&ev, "serial", h->serial);
		event_string(&ev, "fingerprint", h->fingerprint);
		event_string(&ev, "ca_fingerprint", h->ca_fingerprint);
		event_list(&ev, "roles", &h->roles);
		event_string(&ev, "cert_expires",
		    clock_rfc3339(h->cert_expires_s, expires));
	}
	eventsink_send(&c->sink, &ev);
}

void
kevent_connection_end(struct connection *c)
{
	struct event_context ctx = kevent_context(c, NULL);
	struct event ev;

	event_init(&ev, &ctx, "connection.end", "CS011I");
	add_addresses(&ev, &c->hello);
	event_uint(&ev, "duration_ms",
	    c->ended_usec > c->started_usec
		? (c->ended_usec - c->started_usec) / 1000
		: 0);
	event_uint(&ev, "sessions", c->sessions_total);
	event_uint(&ev, "rejected", c->rejected_own + c->rejected_others);
	event_string(&ev, "reason", c->end_reason);
	event_uint(&ev, "survivors",
	    survivors_count(c->hello.audit_session_id, c->monitor.pid,
		c->session_gid));
	if (c->hello.limits.survivors_kill)
		event_uint(&ev, "survivors_ended", c->survivors_ended);
	if (c->has_totals) {
		event_uint(&ev, "tx", c->activity.tx);
		event_uint(&ev, "rx", c->activity.rx);
	}
	/* With this one, whose number has been taken. */
	event_uint(&ev, "events", c->state->number);
	eventsink_send(&c->sink, &ev);
}

void
kevent_disconnect(struct connection *c)
{
	struct event_context ctx = kevent_context(c, NULL);
	struct event ev;

	event_init(&ev, &ctx, "client.disconnect", "T3006I");
	add_addresses(&ev, &c->hello);
	event_string(&ev, "reason", c->end_reason);
	eventsink_send(&c->sink, &ev);
}

void
kevent_session_rejected(struct connection *c, const char *why,
    const struct peer *peer)
{
	struct event_context ctx = kevent_context(c, NULL);
	struct event ev;

	event_init(&ev, &ctx, "session.rejected", "T1006W");
	event_bool(&ev, "success", false);
	event_string(&ev, "reason", "bad_checkin");
	event_string(&ev, "error", why);
	event_uint(&ev, "pid", (uint64_t)peer->pid);
	event_uint(&ev, "peer_uid", peer->uid);
	eventsink_send(&c->sink, &ev);
}

void
kevent_session_start(struct connection *c, const struct ksession *s)
{
	struct event_context ctx = kevent_context(c, s);
	struct strv command = { .v = (char *[]){ s->command },
		.n = s->command != NULL };
	struct event ev;

	event_init(&ev, &ctx, "session.start", "T2000I");
	add_addresses(&ev, &c->hello);
	event_bool(&ev, "interactive", s->has_tty);
	if (s->has_tty)
		event_string(&ev, "size", s->size);
	event_list(&ev, "initial_command", &command);
	event_list(&ev, "roles", &c->hello.roles);
	event_string(&ev, "session_recording",
	    !s->has_file || !s->is_recorded	? "off"
		: c->hello.limits.record_strict ? "strict"
						: "best_effort");
	event_string(&ev, "trace_level", trace_level_name(s->trace_level));
	if (!is_closed_shell(c->hello.shell))
		event_bool(&ev, "bypassable", true);
	eventsink_send(&c->sink, &ev);
	if (s->subsystem == NULL)
		return;
	event_init(&ev, &ctx, "subsystem", "T3001I");
	event_string(&ev, "name", s->subsystem);
	eventsink_send(&c->sink, &ev);
}

void
kevent_resize(struct connection *c, const struct ksession *s)
{
	struct event_context ctx = kevent_context(c, s);
	struct event ev;

	event_init(&ev, &ctx, "resize", "T2002I");
	event_string(&ev, "size", s->size);
	eventsink_send(&c->sink, &ev);
}

void
kevent_recording_failed(struct connection *c, const struct ksession *s,
    const char *why)
{
	struct event_context ctx = kevent_context(c, s);
	struct event ev;

	event_init(&ev, &ctx, "recording.failed", "CS020E");
	event_string(&ev, "reason", why);
	event_bool(&ev, "strict", c->hello.limits.record_strict);
	eventsink_send(&c->sink, &ev);
}

void
kevent_session_leave(struct connection *c, const struct ksession *s)
{
	struct event_context ctx = kevent_context(c, s);
	struct event ev;

	event_init(&ev, &ctx, "session.leave", "T2003I");
	eventsink_send(&c->sink, &ev);
}

/* An exit code or a signal's name; neither if the wrapper never said. */
static void
add_exit(struct event *ev, const struct ksession *s)
{
	const char *name;

	if (!s->has_ended)
		return;
	if (s->exit.signal == 0) {
		event_uint(ev, "exit_code", s->exit.exit_code);
		return;
	}
	name = sigabbrev_np((int)s->exit.signal);
	event_string(ev, "signal", name != NULL ? name : "unknown");
}

static void
send_exec(struct connection *c, const struct ksession *s)
{
	struct event_context ctx = kevent_context(c, s);
	bool failed =
	    !s->has_ended || s->exit.signal != 0 || s->exit.exit_code != 0;
	struct event ev;

	event_init(&ev, &ctx, "exec", failed ? "T3002E" : "T3002I");
	event_string(&ev, "command", s->command);
	event_bool(&ev, "interactive", s->has_tty);
	add_exit(&ev, s);
	eventsink_send(&c->sink, &ev);
}

/* What passed through the recorder. */
static void
send_data(struct connection *c, const struct ksession *s)
{
	struct event_context ctx = kevent_context(c, s);
	struct event ev;

	event_init(&ev, &ctx, "session.data", "T2006I");
	event_uint(&ev, "tx", s->recording.tx);
	event_uint(&ev, "rx", s->recording.rx);
	eventsink_send(&c->sink, &ev);
}

static void
add_recording(struct event *ev, const struct ksession *s)
{
	if (!s->has_file)
		return;
	event_object(ev, "recording");
	event_string(ev, "path", s->recording.path);
	if (s->seal.digest[0] != '\0') {
		event_uint(ev, "bytes", s->seal.bytes);
		event_string(ev, "blake2b", s->seal.digest);
	}
	event_object_end(ev);
}

void
kevent_session_end(struct connection *c, const struct ksession *s)
{
	struct event_context ctx = kevent_context(c, s);
	char start[CLOCK_TEXT_MAX], stop[CLOCK_TEXT_MAX];
	struct strv participants = { .v = (char *[]){ c->hello.user },
		.n = c->hello.user[0] != '\0' };
	struct event ev;

	if (s->command != NULL && s->subsystem == NULL)
		send_exec(c, s);
	kevent_file_summary(c, s);
	if (s->is_recorded)
		send_data(c, s);
	event_init(&ev, &ctx, "session.end", "T2004I");
	event_string(&ev, "session_start",
	    clock_rfc3339_usec(s->started_usec, start));
	event_string(&ev, "session_stop",
	    clock_rfc3339_usec(clock_now_usec(), stop));
	event_bool(&ev, "interactive", s->has_tty);
	event_list(&ev, "participants", &participants);
	event_bool(&ev, "enhanced_recording",
	    s->trace_level != TRACE_LEVEL_NONE);
	add_exit(&ev, s);
	add_recording(&ev, s);
	if (!s->has_ended)
		event_string(&ev, "error", s->unknown_end);
	eventsink_send(&c->sink, &ev);
}
