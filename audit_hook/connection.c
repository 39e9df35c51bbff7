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
#include <time.h>

#include "auto.h"
#include "aside.h"
#include "clock.h"
#include "connection.h"
#include "kevents.h"
#include "listener.h"
#include "shells.h"
#include "survivors.h"

#define PEER_TIMEOUT_MS 1000
#define SPOOL_RETRY_MS	20
#define DRAIN_MS	30000
#define FAREWELL_MS	100
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
	int r, fds[KEEPERMSG_MAX_FDS];
	struct keeper_message m;

	if ((r = keepermsg_set_timeout(c->sshd, PEER_TIMEOUT_MS)) < 0 ||
	    (r = monitor_of(c->sshd, &c->monitor)) < 0 ||
	    (r = uuid_of_connection(c->monitor.pid, &c->id)) < 0 ||
	    (r = keepermsg_receive_fds(c->sshd, &m, fds)) < 0)
		return r;
	activity_init(&c->activity, fds[0],
	    m.type == KEEPERMSG_HELLO ? m.u.hello.limits.idle_s : 0);
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

static void
note_state(struct connection *c)
{
	struct kstate *k = c->state;

	k->monitor_pid = c->monitor.pid;
	k->monitor_dev = c->monitor.dev;
	k->monitor_ino = c->monitor.ino;
	k->uid = c->hello.uid;
	k->is_break_glass = c->hello.break_glass[0] != '\0';
	k->audit_session_id = c->hello.audit_session_id;
	k->has_sshd = true;
	k->survivors_kill = c->hello.limits.survivors_kill;
	k->record_strict = c->hello.limits.record_strict;
	k->started_usec = c->started_usec;
	snprintf(k->user, sizeof(k->user), "%s", c->hello.user);
	snprintf(k->login, sizeof(k->login), "%s", c->hello.login);
	snprintf(k->addr_remote, sizeof(k->addr_remote), "%s",
	    c->hello.addr_remote);
	snprintf(k->addr_local, sizeof(k->addr_local), "%s",
	    c->hello.addr_local);
}

static int
refuse_connection(struct connection *c, const char *why)
{
	struct keeper_message denied = { .type = KEEPERMSG_DENIED,
		.u.denied = (char *)(uintptr_t)why };

	(void)keepermsg_send(c->sshd, &denied);
	return -EUSERS;
}

static int
refuse_untraced(struct connection *c)
{
	struct keeper_message untraced = { .type = KEEPERMSG_UNTRACED };

	(void)keepermsg_send(c->sshd, &untraced);
	unlink(c->path);
	return -EOPNOTSUPP;
}

/* Counted together with this one, which is there by then: of two that come at
 * once, one is the last. */
static int
count_connections(struct connection *c)
{
	uint64_t most = c->hello.limits.max_connections;
	int n = kstate_count(c->host->run_dir, c->hello.user);
	char why[160];

	if (n >= 0 && (uint64_t)n <= most)
		return 0;
	if (n < 0)
		return refuse_connection(c,
		    "the user's connections cannot be counted");
	snprintf(why, sizeof(why),
	    "the user has %d connections to this host already, which is all "
	    "that the role allows",
	    n - 1);
	return refuse_connection(c, why);
}

static int
open_state(struct connection *c)
{
	int all = -1, r;

	if (c->hello.limits.max_connections != 0 &&
	    (all = kstate_lock_all(c->host->run_dir)) < 0)
		return refuse_connection(c,
		    "the user's connections cannot be counted");
	r = kstate_create(c->host->run_dir, &c->id, &c->state, &c->state_fd);
	if (r == 0) {
		note_state(c);
		if (all >= 0)
			r = count_connections(c);
	}
	kstate_unlock_all(all);
	return r;
}

static int
begin(struct connection *c)
{
	struct keeper_message ready = { .type = KEEPERMSG_READY };
	int r;

	if ((r = receive_hello(c)) < 0)
		return r;
	c->started_usec = clock_now_usec();
	if ((r = open_state(c)) < 0 || (r = open_listener(c)) < 0)
		return r;
	/* A break-glass login has no wrapper. */
	bypass_init(&c->bypass, c->hello.break_glass[0] == '\0');
	ending_init(&c->ending, &c->monitor, &c->hello.limits,
	    c->hello.audit_session_id);
	/* sshd has not written this login there yet. */
	if (c->host->print_last_log)
		lastlogin_read((uid_t)c->hello.uid, c->last_login);
	tracelink_begin(c);
	if (c->hello.limits.trace_required && !tracelink_will_do(&c->trace))
		return refuse_untraced(c);
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
	c->state->sessions_total = ++c->sessions_total;
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
	/* With what it may have sent along. */
	close_aside(fd);
}

/* sshd's own pipes, unless the shell has been made to give others. */
static void
close_channel(const struct connection *c, const int channel[KEEPERMSG_MAX_FDS])
{
	bool is_closed = is_closed_shell(c->hello.shell);
	size_t i;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++)
		if (channel[i] >= 0 && is_closed)
			close(channel[i]);
		else if (channel[i] >= 0)
			close_aside(channel[i]);
}

void
connection_tell_to_end(struct connection *c, const char *why)
{
	if (c->is_told || c->ending.told_ms != 0)
		return;
	snprintf(c->end_reason, sizeof(c->end_reason), "%s", why);
	c->is_told = true;
}

/* countersign-audit's kill: root's word, and not that of a root's session,
 * whose wrapper has the group. It takes fd then. */
static bool
is_told_to_end(struct connection *c, int fd)
{
	char why[sizeof(c->end_reason)];
	struct keeper_message m;
	struct ucred cred;

	if (peer_credentials(fd, &cred) < 0 || cred.uid != 0 ||
	    cred.gid == c->session_gid)
		return false;
	if (keepermsg_set_timeout(fd, PEER_TIMEOUT_MS) == 0 &&
	    keepermsg_receive(fd, &m) == 0) {
		if (m.type == KEEPERMSG_END) {
			snprintf(why, sizeof(why), "ended by root: %s",
			    m.u.end);
			connection_tell_to_end(c, why);
		}
		keepermsg_clear(&m);
	}
	close(fd);
	return true;
}

static void
accept_wrapper(struct connection *c)
{
	const struct timespec pause = { .tv_nsec = SPOOL_RETRY_MS * 1000000L };
	int fd, channel[KEEPERMSG_MAX_FDS];
	struct keeper_message m;
	struct peer peer;
	const char *why;

	fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		/* Out of descriptors: whoever knocks is still there. */
		nanosleep(&pause, NULL);
		return;
	}
	if (is_told_to_end(c, fd))
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
	close_channel(c, channel);
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
	c->state->has_sshd = false;
	/* Nobody comes any more, and what is there cannot be told to end. */
	close_aside(c->listener);
	c->listener = -1;
	unlink(c->path);
	c->has_totals = activity_close(&c->activity);
	c->ended_usec = clock_now_usec();
	if (c->hello.limits.survivors_kill)
		c->survivors_ended = survivors_end(c->hello.audit_session_id,
		    c->monitor.pid, c->session_gid);
	for (i = 0; i < c->n_sessions; i++) {
		if (c->sessions[i]->fd >= 0)
			kevent_session_leave(c, c->sessions[i]);
		ksession_hurry(c->sessions[i]);
	}
}

static bool
has_streams(const struct connection *c)
{
	size_t i;

	for (i = 0; i < c->n_sessions; i++)
		if (!c->sessions[i]->has_tty && c->sessions[i]->fd >= 0)
			return true;
	return c->n_sessions == 0;
}

/* Then end_reason says why. */
static bool
is_due(struct connection *c)
{
	pid_t wrappers[SESSIONS_MAX];
	const struct bypass_known known = { wrappers, c->n_sessions };
	char *why = c->end_reason;
	size_t i, size = sizeof(c->end_reason);

	for (i = 0; i < c->n_sessions; i++) {
		wrappers[i] = c->sessions[i]->wrapper;
		activity_typed(&c->activity,
		    c->sessions[i]->recording.active_ms);
	}
	return c->is_told || ending_is_due(&c->ending, why, size) ||
	    activity_is_idle(&c->activity, has_streams(c), why, size) ||
	    bypass_sees(&c->bypass, &c->monitor, &known, why, size) ||
	    lockwatch_sees(&c->lockwatch, why, size);
}

static void
say_to_all(const struct connection *c, enum recorder_order_type type,
    const char *text)
{
	size_t i;

	for (i = 0; i < c->n_sessions; i++)
		recording_say(&c->sessions[i]->recording, type, text);
}

/* Whoever sits at a terminal reads why, before sshd is gone. */
static void
say_farewell(const struct connection *c)
{
	const struct timespec moment = { .tv_nsec = FAREWELL_MS * 1000000L };
	char text[RECORDERMSG_TEXT_MAX];
	size_t i;

	snprintf(text, sizeof(text), "this connection is ended: %.500s",
	    c->end_reason);
	say_to_all(c, RECORDER_STOP, text);
	for (i = 0; i < c->n_sessions; i++)
		if (c->sessions[i]->recording.control >= 0) {
			nanosleep(&moment, NULL);
			return;
		}
}

/* Said before it is done: what is in the way of the one is none of the other. */
static void
end_when_due(struct connection *c)
{
	char warning[160];

	tracelink_keep(c);
	if (c->sshd < 0)
		return;
	if (ending_warns(&c->ending, warning, sizeof(warning)))
		say_to_all(c, RECORDER_SAY, warning);
	if (c->ending.told_ms == 0) {
		if (!is_due(c))
			return;
		kevent_disconnect(c);
		say_farewell(c);
	}
	(void)ending_end(&c->ending);
}

/* Of two waits, of which -1 is for ever. */
static int
sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Until when nothing has to be done but listen; NULL: for ever. */
static const struct timespec *
patience(const struct connection *c, struct timespec *ret)
{
	int ms = c->sshd >= 0 ? ending_due_ms(&c->ending) : -1;
	size_t i;

	if (c->sshd >= 0 && c->ending.told_ms == 0) {
		ms = sooner(ms, lockwatch_due_ms(&c->lockwatch));
		ms = sooner(ms, activity_due_ms(&c->activity));
		ms = sooner(ms, bypass_due_ms(&c->bypass));
	}
	for (i = 0; i < c->n_sessions; i++)
		ms = sooner(ms, seal_due_ms(&c->sessions[i]->seal));
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
			p[n * KSESSION_FDS + 1].revents != 0 ||
			seal_due_ms(&c->sessions[n]->seal) == 0) &&
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

static void
look_at_log(struct connection *c)
{
	if (c->sink.spool_bytes == 0 || c->sink.spool_bytes < c->spool_before)
		c->log_moved_ms = clock_boot_ms();
	c->spool_before = c->sink.spool_bytes;
}

/* Waits for the next thing and deals with it. */
static void
turn(struct connection *c, const sigset_t *open)
{
	struct timespec wait;
	struct pollfd p[2 + SESSIONS_MAX * KSESSION_FDS];
	size_t i, n = c->n_sessions;

	look_at_log(c);
	p[0] = (struct pollfd){ c->sshd, POLLIN, 0 };
	p[1] = (struct pollfd){ c->sshd >= 0 ? c->listener : -1, POLLIN, 0 };
	for (i = 0; i < n; i++)
		ksession_poll(c, c->sessions[i], p + 2 + i * KSESSION_FDS);
	if (ppoll(p, 2 + n * KSESSION_FDS, patience(c, &wait), open) <= 0) {
		eventsink_flush(&c->sink);
		for (i = 0; i < 2 + n * KSESSION_FDS; i++)
			p[i].revents = 0;
		hear_sessions(c, p + 2, n);
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
drain_spool(struct connection *c)
{
	struct timespec pause = { .tv_nsec = SPOOL_RETRY_MS * 1000000L };
	int tries = DRAIN_MS / SPOOL_RETRY_MS;
	sigset_t open;

	sigprocmask(SIG_SETMASK, NULL, &open);
	sigdelset(&open, SIGTERM);
	sigdelset(&open, SIGINT);
	while (eventsink_flush(&c->sink) > 0 && tries-- > 0 && !is_stopping)
		ppoll(NULL, 0, &pause, &open);
}

static void
let_go_of_state(struct connection *c)
{
	if (c->state == NULL)
		return;
	(c->is_buried ? kstate_bury : kstate_close)(c->state, c->state_fd,
	    c->host->run_dir);
	c->state = NULL;
}

void
connection_finish(struct connection *c)
{
	if (c->listener >= 0) {
		close_aside(c->listener);
		unlink(c->path);
	}
	while (c->n_sessions > 0) {
		ksession_end_now(c, c->sessions[c->n_sessions - 1]);
		forget_session(c, c->n_sessions - 1);
	}
	if (c->ended_usec == 0)
		c->ended_usec = clock_now_usec();
	kevent_connection_end(c);
	drain_spool(c);
	let_go_of_state(c);
}

static void
say_end(struct connection *c, const char *why)
{
	snprintf(c->end_reason, sizeof(c->end_reason), "%s", why);
}

void
connection_free(struct connection *c)
{
	struct keeper_message hello = { .type = KEEPERMSG_HELLO,
		.u.hello = c->hello };

	eventsink_clear(&c->sink);
	keepermsg_clear(&hello);
	strv_clear(&c->environment);
	ending_clear(&c->ending);
	lockwatch_clear(&c->lockwatch);
	tracelink_clear(&c->trace);
	(void)activity_close(&c->activity);
	let_go_of_state(c);
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
	activity_init(&c->activity, -1, 0);
	tracelink_init(&c->trace);
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
		connection_finish(c);
	}
	connection_free(c);
	return r;
}
