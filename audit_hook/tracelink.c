/* SPDX-License-Identifier: ISC */
/* Announcements. The socket's end tells trace that the connection has ended. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "tracelink.h"
#include "tracemsg.h"

#define RETRY_MS 5000

void
tracelink_init(struct tracelink *t)
{
	*t = (struct tracelink){ .fd = -1 };
}

void
tracelink_clear(struct tracelink *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* -1: it is not there. */
static int
find_trace(const struct settings *host)
{
	char path[108];
	int n, fd;

	n = snprintf(path, sizeof(path), "%s/" TRACE_SOCKET, host->run_dir);
	if (n < 0 || (size_t)n >= sizeof(path) || access(path, F_OK) < 0)
		return -1;
	fd = keepermsg_connect(path, TRACELINK_MS);
	return fd < 0 ? -1 : fd;
}

/* Root may name any process. */
static bool
send_with(int fd, const struct tracemsg *m, pid_t pid)
{
	const struct ucred of = { .pid = pid };
	struct iovec iov = { (void *)(uintptr_t)m, sizeof(*m) };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(of))];
	} control = { .head = { .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_CREDENTIALS,
			  .cmsg_len = CMSG_LEN(sizeof(of)) } };
	const struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &of, sizeof(of));
	return sendmsg(fd, &message, MSG_NOSIGNAL) == sizeof(*m);
}

/* Whoever does not answer is not asked again before RETRY_MS: no session is to
 * be late for it but one. */
static void
say(struct tracelink *t, const struct tracemsg *m, pid_t pid)
{
	struct tracemsg_answer a = { 0 };

	t->level = TRACE_LEVEL_NONE;
	if (!send_with(t->fd, m, pid) ||
	    recv(t->fd, &a, sizeof(a), 0) != sizeof(a) ||
	    a.version != TRACEMSG_VERSION || a.level == TRACE_LEVEL_NONE ||
	    a.level >= TRACE_LEVELS) {
		tracelink_clear(t);
		return;
	}
	t->level = a.level;
}

static void
say_of(struct connection *c, const struct ksession *s, bool is_again)
{
	struct tracemsg m = { .version = TRACEMSG_VERSION,
		.type = s != NULL ? TRACEMSG_SESSION : TRACEMSG_CONNECTION,
		.is_again = is_again,
		.audit_session_id = c->hello.audit_session_id,
		.uid = c->hello.uid };

	snprintf(m.connection_id, sizeof(m.connection_id), "%s", c->id.text);
	snprintf(m.sid, sizeof(m.sid), "%s", s != NULL ? s->sid.text : "");
	snprintf(m.user, sizeof(m.user), "%s", c->hello.user);
	snprintf(m.login, sizeof(m.login), "%s", c->hello.login);
	say(&c->trace, &m, s != NULL ? s->wrapper : c->monitor.pid);
}

void
tracelink_begin(struct connection *c)
{
	c->trace.tried_ms = clock_boot_ms();
	if ((c->trace.fd = find_trace(c->host)) >= 0)
		say_of(c, NULL, false);
}

enum trace_level
tracelink_session(struct connection *c, const struct ksession *s)
{
	if (c->trace.fd >= 0)
		say_of(c, s, false);
	return c->trace.fd >= 0 ? c->trace.level : TRACE_LEVEL_NONE;
}

/* What /proc says later may be what a program made of its arguments. */
bool
tracelink_will_do(const struct tracelink *t)
{
	return t->fd >= 0 && t->level != TRACE_LEVEL_NONE &&
	    t->level != TRACE_LEVEL_PROC_CONNECTOR;
}

static bool
has_gone(const struct tracelink *t)
{
	char byte;

	return recv(t->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void
tracelink_keep(struct connection *c)
{
	struct tracelink *t = &c->trace;
	size_t i;

	if (t->fd >= 0 && has_gone(t))
		tracelink_clear(t);
	if (c->hello.limits.trace_required && !tracelink_will_do(t))
		connection_tell_to_end(c,
		    "it is not traced any more, and the role demands it");
	if (t->fd >= 0 || clock_boot_ms() - t->tried_ms < RETRY_MS)
		return;
	t->tried_ms = clock_boot_ms();
	if ((t->fd = find_trace(c->host)) < 0)
		return;
	say_of(c, NULL, true);
	for (i = 0; t->fd >= 0 && i < c->n_sessions; i++)
		if (c->sessions[i]->fd >= 0)
			say_of(c, c->sessions[i], true);
}
