/* SPDX-License-Identifier: ISC */
/* One connection: greeted by the PAM module, visited by wrappers, ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "auto.h"
#include "clock.h"
#include "connection.h"
#include "kevents.h"
#include "listener.h"

#define PEER_TIMEOUT_MS 1000
#define SPOOL_RETRY_MS	100
#define DRAIN_MS	30000
#define REJECTIONS_TOLD 16

static volatile sig_atomic_t is_stopping;

static void
on_stop(int sig)
{
	(void)sig;
	is_stopping = 1;
}

/* Stopping is only seen inside ppoll: no event is half sent. */
static void
catch_signals(sigset_t *ret_open)
{
	struct sigaction sa = { .sa_handler = on_stop };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, ret_open);
	sigdelset(ret_open, SIGTERM);
	sigdelset(ret_open, SIGINT);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static int
receive_hello(struct connection *c)
{
	struct keeper_message m;
	int r;

	if ((r = keepermsg_set_timeout(c->sshd, PEER_TIMEOUT_MS)) < 0 ||
	    (r = monitor_of(c->sshd, &c->monitor)) < 0 ||
	    (r = uuid_of_connection(c->monitor.pid, &c->id)) < 0 ||
	    (r = keepermsg_receive(c->sshd, &m)) < 0)
		return r;
	if (m.type != KEEPERMSG_HELLO) {
		keepermsg_clear(&m);
		return -EBADMSG;
	}
	c->hello = m.u.hello;
	return lockwatch_init(&c->lockwatch, c->host, c->hello.cert,
	    c->hello.cert_len, c->hello.login);
}

static int
open_listener(struct connection *c)
{
	char dir[sizeof(c->path)];
	int n, r;

	n = snprintf(dir, sizeof(dir), "%s/" KEEPER_CONNECTIONS,
	    c->host->run_dir);
	if (n < 0 || (size_t)n >= sizeof(dir))
		return -ENAMETOOLONG;
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	if ((r = keepermsg_connection_path(c->host->run_dir, c->id.text,
		 c->path, sizeof(c->path))) < 0)
		return r;
	/* Anybody may knock; peer_refusal() says who comes in. */
	c->listener = listener_open(c->path, 0666);
	return c->listener < 0 ? c->listener : 0;
}

static int
begin(struct connection *c)
{
	struct keeper_message ready = { .type = KEEPERMSG_READY };
	int r;

	if ((r = receive_hello(c)) < 0 || (r = open_listener(c)) < 0)
		return r;
	c->started_usec = clock_now_usec();
	ending_init(&c->ending, &c->monitor, &c->hello.limits,
	    c->hello.audit_session_id);
	/* sshd has not written this login there yet. */
	if (c->host->print_last_log)
		lastlogin_read((uid_t)c->hello.uid, c->last_login);
	/* A login waits for this word, and for nothing after it. */
	if ((r = keepermsg_send(c->sshd, &ready)) < 0) {
		unlink(c->path);
		return r;
	}
	kevent_connection_start(c);
	return 0;
}

/* Takes fd. */
static void
admit(struct connection *c, const struct keeper_checkin *in,
    const struct peer *peer, const int channel[KEEPERMSG_MAX_FDS], int fd)
{
	struct ksession *s = ksession_new(c, in, fd);

	if (s == NULL) {
		close(fd);
		return;
	}
	c->sessions[c->n_sessions++] = s;
	c->sessions_total++;
	ksession_begin(c, s, in, peer, channel);
}

/* Anybody can knock as often as they like: other accounts' knocks must not use
 * up what is told of this one's. The rest is counted in connection.end. */
static void
reject(struct connection *c, const char *why, const struct peer *peer)
{
	uint64_t *n = peer->uid == (uid_t)c->hello.uid ? &c->rejected_own
						       : &c->rejected_others;

	if ((*n)++ < REJECTIONS_TOLD)
		kevent_session_rejected(c, why, peer);
}

/* Why this check-in is none, or NULL. */
static const char *
checkin_refusal(const struct connection *c, int fd, struct peer *ret_peer)
{
	const char *why = peer_refusal(fd, &c->monitor, (uid_t)c->hello.uid,
	    c->session_gid, ret_peer);

	if (why != NULL)
		return why;
	if (c->n_sessions == SESSIONS_MAX)
		return "too many sessions in one connection";
	if (c->hello.limits.max_sessions != 0 &&
	    c->n_sessions >= c->hello.limits.max_sessions)
		return "the role allows no more sessions at a time";
	if (c->ending.told_ms != 0)
		return "the connection is being ended";
	if (!c->has_environment)
		return "the last pam_countersign line is missing";
	return NULL;
}

/* Takes fd. */
static void
deny(struct connection *c, int fd, const char *why, const struct peer *peer)
{
	struct keeper_message denied = { .type = KEEPERMSG_DENIED,
		.u.denied = (char *)(uintptr_t)why };

	(void)keepermsg_send(fd, &denied);
	reject(c, why, peer);
	close(fd);
}

static void
close_channel(const int channel[KEEPERMSG_MAX_FDS])
{
	size_t i;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++)
		if (channel[i] >= 0)
			close(channel[i]);
}

static void
accept_wrapper(struct connection *c)
{
	int fd, channel[KEEPERMSG_MAX_FDS];
	struct keeper_message m;
	struct peer peer;
	const char *why;

	fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	why = checkin_refusal(c, fd, &peer);
	if (why == NULL &&
	    (keepermsg_set_timeout(fd, PEER_TIMEOUT_MS) < 0 ||
		keepermsg_receive_fds(fd, &m, channel) < 0))
		why = "it said nothing that can be understood";
	if (why != NULL) {
		deny(c, fd, why, &peer);
		return;
	}
	if (m.type == KEEPERMSG_CHECKIN)
		admit(c, &m.u.checkin, &peer, channel, fd);
	else
		close(fd);
	close_channel(channel);
	keepermsg_clear(&m);
}

static void
forget_session(struct connection *c, size_t i)
{
	ksession_free(c->sessions[i]);
	c->sessions[i] = c->sessions[--c->n_sessions];
}

/* ENVIRONMENT comes before the first session, BYE when PAM closes; the end of
 * the socket says that no sshd is left. */
static void
hear_sshd(struct connection *c)
{
	struct keeper_message m;
	size_t i;

	if (keepermsg_receive(c->sshd, &m) == 0) {
		if (m.type == KEEPERMSG_ENVIRONMENT && !c->has_environment) {
			c->environment = m.u.environment;
			c->has_environment = true;
			m.u.environment = (struct strv){ 0 };
		}
		keepermsg_clear(&m);
		return;
	}
	close(c->sshd);
	c->sshd = -1;
	c->ended_usec = clock_now_usec();
	for (i = 0; i < c->n_sessions; i++) {
		if (c->sessions[i]->fd >= 0)
			kevent_session_leave(c, c->sessions[i]);
		ksession_hurry(c->sessions[i]);
	}
}

/* Said before it is done: what is in the way of the one is none of the other. */
static void
end_when_due(struct connection *c)
{
	if (c->sshd < 0)
		return;
	if (c->ending.told_ms == 0) {
		if (!ending_is_due(&c->ending, c->end_reason,
			sizeof(c->end_reason)) &&
		    !lockwatch_sees(&c->lockwatch, c->end_reason,
			sizeof(c->end_reason)))
			return;
		kevent_disconnect(c);
	}
	ending_end(&c->ending);
}

/* Until when nothing has to be done but listen; NULL: for ever. */
static const struct timespec *
patience(const struct connection *c, struct timespec *ret)
{
	int ms = c->sshd >= 0 ? ending_due_ms(&c->ending) : -1, look = -1;

	if (c->sshd >= 0 && c->ending.told_ms == 0)
		look = lockwatch_due_ms(&c->lockwatch);
	if (look >= 0 && (ms < 0 || ms > look))
		ms = look;
	if (c->sink.spool.n > 0 && (ms < 0 || ms > SPOOL_RETRY_MS))
		ms = SPOOL_RETRY_MS;
	*ret = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	return ms < 0 ? NULL : ret;
}

static void
hear_sessions(struct connection *c, const struct pollfd *p, size_t n)
{
	/* From the end: a session that ends takes the last one's place. */
	while (n-- > 0)
		if ((p[n * KSESSION_FDS].revents != 0 ||
			p[n * KSESSION_FDS + 1].revents != 0) &&
		    ksession_hear(c, c->sessions[n], p + n * KSESSION_FDS))
			forget_session(c, n);
}

/* Recorders and what seals their files. */
static void
reap_children(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

/* Waits for the next thing and deals with it. */
static void
turn(struct connection *c, const sigset_t *open)
{
	struct timespec wait;
	struct pollfd p[2 + SESSIONS_MAX * KSESSION_FDS];
	size_t i, n = c->n_sessions;

	p[0] = (struct pollfd){ c->sshd, POLLIN, 0 };
	p[1] = (struct pollfd){ c->sshd >= 0 ? c->listener : -1, POLLIN, 0 };
	for (i = 0; i < n; i++)
		ksession_poll(c->sessions[i], p + 2 + i * KSESSION_FDS);
	if (ppoll(p, 2 + n * KSESSION_FDS, patience(c, &wait), open) <= 0) {
		eventsink_flush(&c->sink);
		end_when_due(c);
		return;
	}
	hear_sessions(c, p + 2, n);
	reap_children();
	/* What sshd's monitor said before it forked the session comes first. */
	if (p[0].revents != 0)
		hear_sshd(c);
	if (p[1].revents != 0 && p[0].revents == 0)
		accept_wrapper(c);
	/* Also where there is always something to hear. */
	end_when_due(c);
}

/* Nobody waits for this process any more: a log that is being restarted gets
 * the whole story. */
static void
drain_spool(struct connection *c, const sigset_t *open)
{
	struct timespec pause = { .tv_nsec = SPOOL_RETRY_MS * 1000000L };
	int tries = DRAIN_MS / SPOOL_RETRY_MS;

	while (eventsink_flush(&c->sink) > 0 && tries-- > 0 && !is_stopping)
		ppoll(NULL, 0, &pause, open);
}

static void
finish(struct connection *c, const sigset_t *open)
{
	if (c->listener >= 0) {
		close(c->listener);
		unlink(c->path);
	}
	while (c->n_sessions > 0) {
		ksession_end_now(c, c->sessions[c->n_sessions - 1]);
		forget_session(c, c->n_sessions - 1);
	}
	if (c->ended_usec == 0)
		c->ended_usec = clock_now_usec();
	kevent_connection_end(c);
	drain_spool(c, open);
}

static void
say_end(struct connection *c, const char *why)
{
	snprintf(c->end_reason, sizeof(c->end_reason), "%s", why);
}

static void
connection_free(struct connection *c)
{
	struct keeper_message hello = { .type = KEEPERMSG_HELLO,
		.u.hello = c->hello };

	eventsink_clear(&c->sink);
	keepermsg_clear(&hello);
	strv_clear(&c->environment);
	ending_clear(&c->ending);
	lockwatch_clear(&c->lockwatch);
	if (c->sshd >= 0)
		close(c->sshd);
	free(c);
}

int
connection_serve(int fd, const struct settings *host, gid_t session_gid,
    const struct recording_owner *owner)
{
	struct connection *c = calloc(1, sizeof(*c));
	sigset_t open;
	int r;

	if (c == NULL)
		return -ENOMEM;
	c->host = host;
	c->session_gid = session_gid;
	c->owner = *owner;
	c->sshd = fd;
	c->listener = -1;
	say_end(c, "closed");
	eventsink_init(&c->sink, host, "keeper");
	c->sink.spool_max_bytes = EVENTSINK_SPOOL_MAX_BYTES;
	/* Never waits: the sessions wait for this process. */
	c->sink.wait_ms = 0;
	catch_signals(&open);
	if ((r = begin(c)) == 0) {
		while ((c->sshd >= 0 || c->n_sessions > 0) && !is_stopping)
			turn(c, &open);
		if (is_stopping)
			say_end(c, "the keeper was stopped");
		finish(c, &open);
	}
	connection_free(c);
	return r;
}
