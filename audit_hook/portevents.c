/* SPDX-License-Identifier: ISC */
/* sshd says what is asked for, and again if it refuses; a grant says nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "eventsink.h"
#include "portevents.h"

static void
send_event(const struct portevents *p, const struct portevent *e,
    bool is_granted)
{
	struct event_context ctx = { .host = p->host,
		.emitter = "sshd",
		.user = e->user[0] != '\0' ? e->user : NULL,
		.login = e->login,
		.connection_id = e->id,
		.audit_session_id = &e->audit_session_id };
	struct eventsink sink;
	struct event ev;

	event_init(&ev, &ctx, "port", is_granted ? "T3003I" : "T3003E");
	if (e->forward.target[0] != '\0')
		event_string(&ev, "addr", e->forward.target);
	event_string(&ev, "direction", sshdforward_name(e->forward.direction));
	event_bool(&ev, "success", is_granted);
	if (e->forward.origin[0] != '\0')
		event_string(&ev, "origin", e->forward.origin);
	if (e->remote[0] != '\0')
		event_string(&ev, "addr.remote", e->remote);
	eventsink_init(&sink, p->host, "sshd");
	eventsink_send(&sink, &ev);
	eventsink_clear(&sink);
}

static void
forget(struct portevents *p, size_t i)
{
	memmove(&p->pending[i], &p->pending[i + 1],
	    (p->n - i - 1) * sizeof(p->pending[0]));
	p->n--;
}

static int
find_connection(const struct portevents *p, pid_t pid, struct portevent *ret)
{
	AUTO(free) struct kstate *k = malloc(sizeof(*k));

	if (k == NULL || kstate_of_sshd(p->host->run_dir, pid, k) < 0)
		return -1;
	snprintf(ret->id, sizeof(ret->id), "%.36s", k->id);
	snprintf(ret->user, sizeof(ret->user), "%.*s", KSTATE_TEXT - 1,
	    k->user);
	snprintf(ret->login, sizeof(ret->login), "%.*s", KSTATE_LOGIN - 1,
	    k->login);
	snprintf(ret->remote, sizeof(ret->remote), "%.*s",
	    (int)sizeof(ret->remote) - 1, k->addr_remote);
	ret->audit_session_id = k->audit_session_id;
	return 0;
}

/* The request that this refuses: the last such of the process. */
static bool
refuse_pending(struct portevents *p, pid_t pid, const struct sshdforward *f)
{
	size_t i;

	for (i = p->n; i-- > 0;)
		if (p->pending[i].pid == pid &&
		    p->pending[i].forward.direction == f->direction &&
		    strcmp(p->pending[i].forward.target, f->target) == 0) {
			send_event(p, &p->pending[i], false);
			forget(p, i);
			return true;
		}
	return false;
}

/* A listener, or the refusal of one, says more than that one was asked for. */
static void
forget_asked(struct portevents *p, pid_t pid,
    enum sshdforward_direction direction)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->pending[i].pid == pid &&
		    p->pending[i].forward.is_asked &&
		    p->pending[i].forward.direction == direction) {
			forget(p, i);
			return;
		}
}

/* X11 has two listeners, for one forwarding. */
static bool
is_pending(const struct portevents *p, const struct portevent *e)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->pending[i].pid == e->pid &&
		    p->pending[i].forward.direction == e->forward.direction)
			return true;
	return false;
}

void
portevents_take(struct portevents *p, pid_t pid, const struct sshdforward *f)
{
	struct portevent e = { .pid = pid, .forward = *f };

	if (f->is_refusal && refuse_pending(p, pid, f))
		return;
	if (find_connection(p, pid, &e) < 0)
		return;
	if (!f->is_asked)
		forget_asked(p, pid, f->direction);
	/* A listener that is there has not been refused. */
	if (f->is_refusal ||
	    (f->direction == SSHDFORWARD_REMOTE && !f->is_asked)) {
		send_event(p, &e, !f->is_refusal);
		return;
	}
	if (f->direction == SSHDFORWARD_X11 && !f->is_asked &&
	    is_pending(p, &e))
		return;
	if (p->n == PORTEVENTS_PENDING) {
		send_event(p, &p->pending[0], !p->pending[0].forward.is_asked);
		forget(p, 0);
	}
	e.since_ms = clock_boot_ms();
	p->pending[p->n++] = e;
}

int
portevents_due_ms(const struct portevents *p)
{
	uint64_t now = clock_boot_ms(), end;

	if (p->n == 0)
		return -1;
	end = p->pending[0].since_ms + PORTEVENTS_WAIT_MS;
	return end > now ? (int)(end - now) : 0;
}

void
portevents_flush(struct portevents *p)
{
	while (p->n > 0 && portevents_due_ms(p) == 0) {
		send_event(p, &p->pending[0], !p->pending[0].forward.is_asked);
		forget(p, 0);
	}
}
