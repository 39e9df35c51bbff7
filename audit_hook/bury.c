/* SPDX-License-Identifier: ISC */
/* What a keeper would have done, from what it has left (kstate.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bury.h"
#include "clock.h"
#include "connection.h"
#include "kevents.h"
#include "kstate.h"
#include "proc.h"
#include "survivors.h"

#define WHY "the keeper was killed"

/* A reader trusts no text to end. */
static char *
copy_text(const char *p, size_t room)
{
	return strndup(p, room - 1);
}

static struct ksession *
find_session(const struct kstate_session *k)
{
	struct ksession *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = -1;
	recording_init(&s->recording);
	seal_init(&s->seal);
	snprintf(s->sid.text, sizeof(s->sid.text), "%.36s", k->sid);
	s->started_usec = k->started_usec;
	s->has_tty = k->has_tty;
	s->unknown_end = WHY;
	s->is_recorded = k->is_recorded;
	s->wrapper = k->wrapper;
	snprintf(s->terminal, sizeof(s->terminal), "%.*s",
	    (int)sizeof(s->terminal) - 1, k->terminal);
	if (k->has_command)
		s->command = copy_text(k->command, sizeof(k->command));
	s->has_file = k->recording[0] != '\0' &&
	    recording_reopen(&s->recording, k->recording,
		k->recording_start_usec) == 0;
	return s;
}

/* As connection.c had it, as far as anybody asks now. NULL: out of memory. */
static struct connection *
find_connection(const struct settings *host, gid_t session_gid,
    struct kstate *k, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	size_t i;

	if (c == NULL)
		return NULL;
	*c = (struct connection){ .host = host,
		.session_gid = session_gid,
		.is_buried = true,
		.sshd = -1,
		.listener = -1,
		.state = k,
		.state_fd = fd,
		.started_usec = k->started_usec,
		.sessions_total = k->sessions_total };
	memcpy(c->id.text, k->id, sizeof(c->id.text));
	c->monitor =
	    (struct monitor){ k->monitor_pid, k->monitor_dev, k->monitor_ino };
	c->hello.user = copy_text(k->user, sizeof(k->user));
	c->hello.login = copy_text(k->login, sizeof(k->login));
	c->hello.addr_remote =
	    copy_text(k->addr_remote, sizeof(k->addr_remote));
	c->hello.addr_local = copy_text(k->addr_local, sizeof(k->addr_local));
	c->hello.uid = k->uid;
	c->hello.audit_session_id = k->audit_session_id;
	c->hello.limits.survivors_kill = k->survivors_kill;
	activity_init(&c->activity, -1, 0);
	tracelink_init(&c->trace);
	if (c->hello.user == NULL || c->hello.login == NULL ||
	    c->hello.addr_remote == NULL || c->hello.addr_local == NULL) {
		c->state = NULL;
		connection_free(c);
		return NULL;
	}
	for (i = 0; i < KSTATE_SESSIONS; i++)
		if (k->sessions[i].is_open &&
		    (c->sessions[c->n_sessions] =
			    find_session(&k->sessions[i])) != NULL)
			c->n_sessions++;
	return c;
}

/* A connection that nobody supervises does not go on. */
static void
end_sshds(struct connection *c)
{
	const struct timespec grace = { .tv_nsec =
					    (ENDING_GRACE_MS + 50) * 1000000L };
	const struct keeper_limits none = { 0 };
	struct uuid now;

	/* Its number may be another's by now; what is left of it is found by
	 * its audit session then. */
	if (uuid_of_connection(c->monitor.pid, &now) < 0 ||
	    strcmp(now.text, c->id.text) != 0)
		c->monitor.pid = -1;
	ending_init(&c->ending, &c->monitor, &none, c->hello.audit_session_id);
	if (ending_end(&c->ending) == 0)
		return;
	kevent_disconnect(c);
	if (c->ending.n_sshds > 0)
		nanosleep(&grace, NULL);
	(void)ending_end(&c->ending);
}

/* A pid alone may be another's by now. */
static bool
is_same_process(pid_t pid, uint64_t start_ticks)
{
	struct proc_stat ps;

	return start_ticks != 0 && proc_stat(pid, &ps) == 0 &&
	    ps.start_ticks == start_ticks;
}

/* What the role has demanded of them. */
static void
end_programs(struct connection *c)
{
	const struct kstate_session *k = c->state->sessions;
	size_t i;

	for (i = 0; i < KSTATE_SESSIONS && c->state->record_strict; i++)
		if (k[i].is_open &&
		    is_same_process(k[i].wrapper, k[i].wrapper_start_ticks))
			survivors_kill_session(k[i].wrapper);
	if (c->state->survivors_kill)
		c->survivors_ended = survivors_end(c->hello.audit_session_id,
		    c->monitor.pid, c->session_gid);
}

static void
bury(struct connection *c)
{
	snprintf(c->end_reason, sizeof(c->end_reason), WHY);
	eventsink_init(&c->sink, c->host, "keeper");
	c->sink.spool_max_bytes = EVENTSINK_SPOOL_MAX_BYTES;
	(void)keepermsg_connection_path(c->host->run_dir, c->id.text, c->path,
	    sizeof(c->path));
	unlink(c->path);
	if (!c->state->is_break_glass) {
		end_sshds(c);
		end_programs(c);
	}
	connection_finish(c);
}

void
bury_all(const struct settings *host, gid_t session_gid)
{
	struct connection *c;
	struct kstate *k;
	int fd;

	while (kstate_next_orphan(host->run_dir, &k, &fd) == 1) {
		if ((c = find_connection(host, session_gid, k, fd)) == NULL) {
			kstate_bury(k, fd, host->run_dir);
			continue;
		}
		bury(c);
		connection_free(c);
	}
}
