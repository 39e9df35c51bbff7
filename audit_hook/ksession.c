/* SPDX-License-Identifier: ISC */
/* One session, from its check-in to the event that ends it. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auto.h"
#include "castwriter.h"
#include "clock.h"
#include "connection.h"
#include "filecopy.h"
#include "jsontext.h"
#include "proc.h"
#include "holders.h"
#include "kevents.h"
#include "ksession.h"
#include "survivors.h"
#include "terminal.h"
#include "utmp.h"

#define RESIZE_MS 1000
/* Of the spool, which keeps room for the ends of sessions. */
#define SPOOL_FILES_BYTES (EVENTSINK_SPOOL_MAX_BYTES / 4)

DEFINE_AUTO(json_decref, json_t)

static bool
is_word(const char *text, size_t n, const char *word)
{
	return n == strlen(word) && strncmp(text, word, n) == 0;
}

/* The subsystem's command line and nothing that a shell would make more of. */
static bool
is_sftp(const struct connection *c, const char *command)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789 ./_=,:+-";
	size_t n = strcspn(command, " ");

	return command[strspn(command, plain)] == '\0' &&
	    (is_word(command, n, "internal-sftp") ||
		is_word(command, n, c->host->sftp_server));
}

struct ksession *
ksession_new(const struct connection *c, const struct keeper_checkin *in,
    int fd)
{
	struct ksession *s = calloc(1, sizeof(*s));
	const char *forced = c->hello.command;
	const char *runs = forced[0] != '\0' ? forced
	    : in->has_command		     ? in->command
					     : NULL;

	if (s == NULL)
		return NULL;
	s->fd = -1;
	recording_init(&s->recording);
	seal_init(&s->seal);
	if (uuid_random(&s->sid) < 0 ||
	    (runs != NULL && (s->command = strdup(runs)) == NULL)) {
		ksession_free(s);
		return NULL;
	}
	s->fd = fd;
	s->started_usec = clock_now_usec();
	s->has_tty = in->has_tty;
	s->unknown_end = "the session wrapper was killed";
	if (runs != NULL && is_sftp(c, runs))
		s->subsystem = "sftp";
	if (!s->has_tty && s->command != NULL)
		s->tap = file_tap_for(s->command, &s->operand);
	if (!s->has_tty && s->subsystem != NULL)
		s->tap = FILE_TAP_SFTP;
	snprintf(s->size, sizeof(s->size), "%u:%u", in->columns, in->rows);
	return s;
}

void
ksession_free(struct ksession *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->state != NULL)
		s->state->is_open = false;
	if (s->terminal[0] != '\0')
		utmp_end(s->terminal);
	recording_clear(&s->recording);
	seal_clear(&s->seal);
	kfiles_free(s->files);
	free(s->command);
	free(s);
}

static json_t *
lossy_string(const char *text)
{
	return jsontext_string(text, strlen(text));
}

/* The first line of an asciicast v2 file, with what else tells whose it is. The
 * caller frees; NULL: out of memory. */
static char *
header_of(const struct connection *c, const struct ksession *s,
    const struct keeper_checkin *in)
{
	AUTO(json_decref) json_t *head = NULL;
	const struct keeper_hello *h = &c->hello;

	head = json_pack("{s:i, s:i, s:i, s:I, s:{s:o, s:o}, s:{s:s, s:s, "
			 "s:o, s:o, s:o, s:o}}",
	    "version", 2, "width", (int)in->columns, "height", (int)in->rows,
	    "timestamp", (json_int_t)(s->started_usec / USEC_PER_SEC), "env",
	    "TERM", lossy_string(in->term), "SHELL", lossy_string(h->shell),
	    "countersign", "sid", s->sid.text, "connection_id", c->id.text,
	    "user", lossy_string(h->user), "login", lossy_string(h->login),
	    "server_hostname", lossy_string(c->host->server_hostname),
	    "addr.remote", lossy_string(h->addr_remote));
	if (head == NULL)
		return NULL;
	if (s->command != NULL)
		json_object_set_new_nocheck(head, "command",
		    lossy_string(s->command));
	return json_dumps(head, JSON_COMPACT | JSON_ENSURE_ASCII);
}

static int
create_file(struct connection *c, struct ksession *s,
    const struct keeper_checkin *in)
{
	AUTO(free) char *header = header_of(c, s, in);
	int r;

	if (header == NULL)
		return -ENOMEM;
	r = recording_create(&s->recording, c->host, &c->owner, &s->sid,
	    s->started_usec, header);
	s->has_file = r == 0;
	return r;
}

static int
start_recorder(struct connection *c, struct ksession *s, int fds[RECORDER_FDS],
    struct recorder_typed *typed)
{
	const struct recording_manner how = { .has_tty = s->has_tty,
		.is_strict = c->hello.limits.record_strict,
		.has_input = c->hello.limits.record_input,
		.max_bytes = c->hello.limits.record_exec_max_bytes,
		.tap = s->tap,
		.typed = typed };
	int r = recording_start(&s->recording, c->host, &c->owner, fds, &how);

	s->is_recorded = r == 0;
	return r;
}

/* 0 with the terminal that the program gets; else why it is not recorded. */
static int
record_terminal(struct connection *c, struct ksession *s,
    const struct keeper_checkin *in, const struct peer *peer, int channel,
    struct terminal *t)
{
	static struct recorder_typed typed;
	int r, file, fds[RECORDER_FDS];

	if ((r = terminal_open(t, channel, peer->pid, peer->sshd,
		 (uid_t)c->hello.uid)) < 0)
		return r;
	/* Without a file its bytes still pass through the recorder. */
	if ((file = create_file(c, s, in)) < 0 && c->hello.limits.record_strict)
		return file;
	memset(fds, -1, sizeof(fds));
	if ((r = recording_can_start()) < 0)
		return r;
	/* The terminal is sshd's no more after this. */
	if ((r = terminal_seize(t, peer->sshd, &typed)) < 0)
		return r;
	fds[RECORDER_OUTER] = t->outer;
	fds[RECORDER_INNER] = t->master;
	r = start_recorder(c, s, fds, &typed);
	/* It may have been a password, typed too early. */
	if (typed.n_typed + typed.n_rest > 0)
		explicit_bzero(&typed, sizeof(typed));
	return r < 0 ? r : file;
}

/* What the program gets in place of the channel: with `path` a terminal, else
 * its three pipes; nothing where fds[0] is -1. */
struct replacement {
	const char *path;
	int fds[KEEPERMSG_MAX_FDS];
};

/* pipes[i] is for descriptor i: what is read of it, what is written to it. */
static int
make_pipes(int pipes[KEEPERMSG_MAX_FDS][2])
{
	int i, r;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++) {
		if (pipe2(pipes[i], O_CLOEXEC) == 0)
			continue;
		r = -errno;
		while (i-- > 0) {
			close(pipes[i][0]);
			close(pipes[i][1]);
		}
		return r;
	}
	return 0;
}

static void
close_pipes(struct replacement *with)
{
	int i;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++) {
		if (with->fds[i] >= 0)
			close(with->fds[i]);
		with->fds[i] = -1;
	}
}

static void
set_nonblocking(const int fds[RECORDER_FDS])
{
	int i, flags;

	for (i = 0; i < RECORDER_FDS; i++)
		if (fds[i] >= 0 && (flags = fcntl(fds[i], F_GETFL)) >= 0)
			(void)fcntl(fds[i], F_SETFL, flags | O_NONBLOCK);
}

/* 0 with the pipes that the program gets; else why it is not recorded. */
static int
record_streams(struct connection *c, struct ksession *s,
    const struct keeper_checkin *in, pid_t sshd,
    const int channel[KEEPERMSG_MAX_FDS], struct replacement *ret)
{
	int r, i, pipes[KEEPERMSG_MAX_FDS][2], fds[RECORDER_FDS];

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++)
		if (channel[i] < 0)
			return -EBADF;
	if (others_hold(channel, (uid_t)c->hello.uid, s->wrapper, sshd))
		return -EBUSY;
	if ((r = recording_can_start()) < 0)
		return r;
	if (s->tap != FILE_TAP_NONE &&
	    (s->files = kfiles_new(s->wrapper, s->command)) == NULL)
		return -ENOMEM;
	if (c->hello.limits.record_strict && (r = create_file(c, s, in)) < 0)
		return r;
	if ((r = make_pipes(pipes)) < 0)
		return r;
	fds[RECORDER_CONTROL] = fds[RECORDER_FILE] = -1;
	fds[RECORDER_OUTER] = channel[0];
	fds[RECORDER_INNER] = pipes[0][1];
	fds[RECORDER_INNER_OUT] = pipes[1][0];
	fds[RECORDER_OUTER_OUT] = channel[1];
	fds[RECORDER_INNER_ERR] = pipes[2][0];
	fds[RECORDER_OUTER_ERR] = channel[2];
	set_nonblocking(fds);
	r = start_recorder(c, s, fds, NULL);
	close(pipes[0][1]);
	close(pipes[1][0]);
	close(pipes[2][0]);
	ret->fds[0] = pipes[0][0];
	ret->fds[1] = pipes[1][1];
	ret->fds[2] = pipes[2][1];
	if (r < 0)
		close_pipes(ret);
	return r;
}

static int
send_go(struct connection *c, const struct ksession *s,
    const struct replacement *with)
{
	struct keeper_message go = { .type = KEEPERMSG_GO };

	go.u.go = (struct keeper_go){ .sid = (char *)(uintptr_t)s->sid.text,
		.terminal = (char *)(uintptr_t)with->path,
		.shell = c->hello.shell,
		.sftp_server = c->host->sftp_server,
		.command = c->hello.command,
		.last_login = c->last_login,
		.has_motd = c->host->print_motd,
		.environment = c->environment };
	return keepermsg_send_fds(s->fd, &go, with->fds,
	    with->fds[0] < 0	     ? 0
		: with->path != NULL ? 1
				     : KEEPERMSG_MAX_FDS);
}

static void
deny(const struct ksession *s, const char *why)
{
	struct keeper_message denied = { .type = KEEPERMSG_DENIED,
		.u.denied = (char *)(uintptr_t)why };

	(void)keepermsg_send(s->fd, &denied);
	shutdown(s->fd, SHUT_RDWR);
}

/* false: there is no room for it, and what a killed keeper owed of it would be
 * lost. */
static bool
note_state(struct connection *c, struct ksession *s)
{
	struct kstate_session *k = kstate_add_session(c->state, c->state_fd);
	struct proc_stat ps = { 0 };

	if (k == NULL)
		return false;
	(void)proc_stat(s->wrapper, &ps);
	k->has_tty = s->has_tty;
	k->is_recorded = s->is_recorded;
	k->started_usec = s->started_usec;
	k->recording_start_usec = s->recording.start_usec;
	k->has_command = s->command != NULL;
	k->wrapper = s->wrapper;
	k->wrapper_start_ticks = ps.start_ticks;
	memcpy(k->sid, s->sid.text, sizeof(k->sid));
	memcpy(k->terminal, s->terminal, sizeof(k->terminal));
	if (s->command != NULL)
		snprintf(k->command, sizeof(k->command), "%s", s->command);
	if (s->has_file)
		snprintf(k->recording, sizeof(k->recording), "%s",
		    s->recording.path);
	k->is_open = true;
	s->state = k;
	return true;
}

/* Without a terminal only a role that demands the record costs a relay, and what
 * copies files. */
static int
record(struct connection *c, struct ksession *s,
    const struct keeper_checkin *in, const struct peer *peer,
    const int channel[KEEPERMSG_MAX_FDS], struct terminal *t,
    struct replacement *ret)
{
	int r;

	if (!s->has_tty && !c->hello.limits.record_strict &&
	    s->tap == FILE_TAP_NONE)
		return 0;
	if (!s->has_tty)
		return record_streams(c, s, in, peer->sshd, channel, ret);
	r = record_terminal(c, s, in, peer, channel[0], t);
	if (s->is_recorded) {
		snprintf(s->terminal, sizeof(s->terminal), "%s", t->path);
		ret->path = t->path;
		ret->fds[0] = t->slave;
	}
	return r;
}

/* A command that the role itself forces is the admin's business. */
static bool
copies_files(const struct connection *c, const struct ksession *s)
{
	return c->hello.limits.no_file_copy && c->hello.command[0] == '\0' &&
	    s->command != NULL &&
	    (s->subsystem != NULL || is_file_copy(s->command));
}

static void
let_go_of(const struct ksession *s, struct terminal *t,
    struct replacement *with)
{
	if (!s->has_tty)
		close_pipes(with);
	terminal_clear(t);
}

/* Why there is no session, or NULL. r is what recording it came to. */
static const char *
refusal_of(const struct connection *c, const struct ksession *s,
    const struct terminal *t, int r, bool is_noted, const char *why)
{
	if (!is_noted)
		return "there is no room for it in /run";
	/* Nobody has another terminal by accident; whoever uses up all
	 * terminals is not rewarded for it; and one that was taken from sshd
	 * without a recorder for it shows nothing any more. */
	if (r < 0 &&
	    (c->hello.limits.record_strict || r == TERMINAL_FOREIGN ||
		(s->has_tty && t->slave < 0) ||
		(t->outer >= 0 && !s->is_recorded)))
		return why;
	return NULL;
}

void
ksession_begin(struct connection *c, struct ksession *s,
    const struct keeper_checkin *in, const struct peer *peer,
    const int channel[KEEPERMSG_MAX_FDS])
{
	struct replacement with = { .fds = { -1, -1, -1 } };
	const char *refusal = NULL;
	struct terminal t;
	char why[160];
	bool is_noted;
	int r = 0;

	s->wrapper = peer->pid;
	terminal_init(&t);
	if (copies_files(c, s))
		refusal = "the role allows no file copies";
	else
		r = record(c, s, in, peer, channel, &t, &with);
	is_noted = note_state(c, s);
	s->trace_level = tracelink_session(c, s);
	if (refusal == NULL && c->hello.limits.trace_required &&
	    !tracelink_will_do(&c->trace))
		refusal = "this session cannot be traced, and the role demands "
			  "it";
	kevent_session_start(c, s);
	if (r < 0) {
		snprintf(why, sizeof(why),
		    "this session cannot be recorded: %s",
		    r == TERMINAL_FOREIGN
			? "its terminal is not the one that sshd made"
			: r == -EBUSY
			? "another process of the account has its pipes open"
			: recording_error(-r));
		kevent_recording_failed(c, s, why);
	}
	if (refusal == NULL)
		refusal = refusal_of(c, s, &t, r, is_noted, why);
	if (refusal != NULL)
		deny(s, refusal);
	/* A wrapper that is gone is heard of as a read of nothing. */
	else if (send_go(c, s, &with) < 0)
		shutdown(s->fd, SHUT_RDWR);
	if (s->terminal[0] != '\0')
		utmp_move(t.outer_path, s->terminal, s->wrapper, c->hello.login,
		    c->hello.addr_remote);
	let_go_of(s, &t, &with);
}

void
ksession_poll(const struct connection *c, const struct ksession *s,
    struct pollfd p[KSESSION_FDS])
{
	int recorder = s->recording.control;

	if (s->files != NULL && c->sink.spool_bytes > SPOOL_FILES_BYTES &&
	    clock_boot_ms() - c->log_moved_ms < LOG_PATIENCE_MS)
		recorder = -1;
	p[0] = (struct pollfd){ s->fd, POLLIN, 0 };
	p[1] = (struct pollfd){ s->seal.fd >= 0 ? s->seal.fd : recorder, POLLIN,
		0 };
}

/* sshd takes the wrapper's end for the end of all output. */
static void
let_wrapper_end(struct ksession *s)
{
	struct keeper_message done = { .type = KEEPERMSG_DONE };

	(void)keepermsg_send(s->fd, &done);
}

static void
hear_wrapper(struct ksession *s)
{
	struct keeper_message m;

	if (keepermsg_receive(s->fd, &m) == 0) {
		if (m.type == KEEPERMSG_EXIT) {
			s->exit = m.u.exit;
			s->has_ended = true;
		}
		keepermsg_clear(&m);
		if (s->recording.control < 0)
			let_wrapper_end(s);
		else
			recording_say(&s->recording, RECORDER_DRAIN, "");
		return;
	}
	close(s->fd);
	s->fd = -1;
}

/* A program without a terminal would go on, unseen. */
static void
end_if_strict(struct connection *c, const struct ksession *s)
{
	if (!c->hello.limits.record_strict)
		return;
	if (s->fd >= 0)
		survivors_kill_session(s->wrapper);
	connection_tell_to_end(c,
	    "a session cannot be recorded any more, and the role demands it");
}

/* The recording has all of them: a window that is dragged is not worth hundreds
 * of events. */
static void
resize(struct connection *c, struct ksession *s,
    const struct recorder_report *m)
{
	uint64_t now = clock_boot_ms();

	snprintf(s->size, sizeof(s->size), "%u:%u", m->columns, m->rows);
	if (s->resized_ms != 0 && now - s->resized_ms < RESIZE_MS)
		return;
	s->resized_ms = now;
	kevent_resize(c, s);
}

/* true: it has said something. */
static bool
hear_recorder(struct connection *c, struct ksession *s)
{
	static struct recorder_fileop packet;
	struct recorder_report m = { 0 };
	char why[160];
	int r = recording_hear(&s->recording, &packet);

	if (r == 1)
		m = packet.report;
	if (m.type == RECORDER_FILE_OP)
		kevent_file(c, s, &packet.op);

	if (r < 0 || m.type == RECORDER_DRAINED)
		let_wrapper_end(s);
	if (r == 1 && m.type == RECORDER_RESIZE)
		resize(c, s, &m);
	if (r == 1 && m.type == RECORDER_FAILED) {
		snprintf(why, sizeof(why), "the recording cannot go on: %s",
		    recording_error((int)m.error));
		kevent_recording_failed(c, s, why);
		end_if_strict(c, s);
	}
	if (r == -ECONNRESET && s->recording.why == 0) {
		kevent_recording_failed(c, s,
		    "the recorder was killed, and the session with it");
		end_if_strict(c, s);
	}
	return r == 1;
}

/* "0", "130", "HUP"; "" where nobody knows. */
static void
exit_text(const struct ksession *s, char *buf, size_t size)
{
	const char *name = NULL;

	buf[0] = '\0';
	if (!s->has_ended)
		return;
	if (s->exit.signal == 0)
		snprintf(buf, size, "%u", s->exit.exit_code);
	else if ((name = sigabbrev_np((int)s->exit.signal)) != NULL)
		snprintf(buf, size, "%s", name);
}

/* archive(8) does the rest. */
static int
close_file(struct connection *c, struct ksession *s)
{
	char text[32], line[CASTWRITER_ROOM(sizeof(text))];
	int r;

	exit_text(s, text, sizeof(text));
	recording_close(&s->recording, text, line, sizeof(line));
	r = seal_start(&s->seal, s->recording.path, line);
	if (r < 0)
		kevent_recording_failed(c, s,
		    "archive cannot be started: the recording has no end");
	return r;
}

static void
hear_seal(struct connection *c, struct ksession *s)
{
	if (seal_hear(&s->seal) == -ETIMEDOUT)
		kevent_recording_failed(c, s,
		    "the disk does not answer: the recording gets its end "
		    "when it does");
}

bool
ksession_hear(struct connection *c, struct ksession *s,
    const struct pollfd p[KSESSION_FDS])
{
	bool was_sealing = s->seal.fd >= 0;

	if (p[0].revents != 0)
		hear_wrapper(s);
	if (was_sealing)
		hear_seal(c, s);
	else if (p[1].revents != 0)
		(void)hear_recorder(c, s);
	if (s->fd >= 0 || s->recording.control >= 0 || s->seal.fd >= 0)
		return false;
	if (!was_sealing && s->has_file && close_file(c, s) == 0)
		return false;
	kevent_session_end(c, s);
	return true;
}

void
ksession_end_now(struct connection *c, struct ksession *s)
{
	struct pollfd p;

	/* What it has said already. */
	while (s->recording.control >= 0 &&
	    c->sink.spool_bytes <= SPOOL_FILES_BYTES && hear_recorder(c, s))
		continue;
	if (s->has_file && s->recording.fd >= 0)
		(void)close_file(c, s);
	while (s->seal.fd >= 0) {
		p = (struct pollfd){ s->seal.fd, POLLIN, 0 };
		(void)poll(&p, 1, seal_due_ms(&s->seal));
		hear_seal(c, s);
	}
	kevent_session_end(c, s);
}

void
ksession_hurry(struct ksession *s)
{
	recording_say(&s->recording, RECORDER_STOP, "the connection has ended");
}
