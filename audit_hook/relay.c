/* SPDX-License-Identifier: ISC */
/*
 * Output is on record before it is shown: whatever kills this process, nothing
 * has been seen that was not written. No memory is asked for; each direction
 * has one buffer, which is only filled when it is empty.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "castfile.h"
#include "recorderlink.h"
#include "relay.h"

/* A terminal gives at most 4 KiB at a time: several make one event. More would
 * keep whoever writes waiting while they are written down. */
#define OUTPUT_BYTES   16384
#define INPUT_BYTES    4096 /* no more than TYPED_REST_MAX */
#define FAREWELL_TRIES 50
#define FAREWELL_MS    20

struct buffer {
	char *bytes;
	size_t from, to;
};

struct relay {
	const struct recorder_options *options;
	struct castfile file;
	struct buffer output, input;
	struct buffer next; /* output that is not on record yet */
	bool is_at_end; /* after `next` there is no more */
	bool is_draining; /* DRAINED is owed */
	struct caststream shown, typed;
	struct winsize size;
	uint64_t told_usec; /* of the last ACTIVITY */
	struct recorder_count count;
	enum recorder_end why; /* 0: goes on */
};

static struct relay relay;
static char output_bytes[2][OUTPUT_BYTES], input_bytes[INPUT_BYTES];
static volatile sig_atomic_t is_resized = 1;

static void
on_resize(int sig)
{
	(void)sig;
	is_resized = 1;
}

void
relay_prepare(void)
{
	struct sigaction sa = { .sa_handler = on_resize };
	sigset_t blocked;

	sigaction(SIGWINCH, &sa, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGWINCH);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static bool
is_empty(const struct buffer *b)
{
	return b->from == b->to;
}

static void
report(const struct relay *r, struct recorder_report *m)
{
	recorderlink_say(m, &r->count);
}

/* Said once; a role that demands the record has no session without it. */
static void
notice_failure(struct relay *r)
{
	struct recorder_report m = { .type = RECORDER_FAILED,
		.error = (uint32_t)r->file.error };

	if (r->file.error == 0)
		return;
	r->file.error = 0;
	report(r, &m);
	if (r->options->is_strict)
		r->why = RECORDER_END_FAILED;
}

/* Adds what is there, as far as there is room. false: the other side is gone. */
static bool
fill(int fd, struct buffer *b, size_t size)
{
	size_t had = b->to;
	ssize_t n = 0;

	while (b->to < size) {
		n = read(fd, b->bytes + b->to, size - b->to);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		b->to += (size_t)n;
	}
	return b->to > had || had == size || (n < 0 && errno == EAGAIN);
}

/*
 * false: the other side is gone. Whoever empties a full terminal may only be
 * waiting for this processor: to let it have that once is cheaper than to sleep
 * and be woken for every few KiB.
 */
static bool
drain(int fd, struct buffer *b)
{
	bool has_yielded = false;
	ssize_t n;

	while (!is_empty(b)) {
		n = write(fd, b->bytes + b->from, b->to - b->from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno != EAGAIN || has_yielded))
			return errno == EAGAIN;
		has_yielded = n < 0;
		if (has_yielded)
			sched_yield();
		else
			b->from += (size_t)n;
	}
	return true;
}

static void
take_output(struct relay *r)
{
	if (!fill(RECORDER_INNER, &r->next, OUTPUT_BYTES))
		r->is_at_end = true;
}

/* What was shown makes room for what is next: once that is on record. */
static void
show_next(struct relay *r)
{
	struct buffer shown = r->output;

	if (r->next.to == 0) {
		r->why = RECORDER_END_PROGRAM;
		return;
	}
	castfile_bytes(&r->file, &r->shown, r->next.bytes, r->next.to);
	notice_failure(r);
	if (r->why != 0)
		return;
	r->count.tx += r->next.to;
	r->output = r->next;
	r->next = (struct buffer){ shown.bytes, 0, 0 };
	if (!drain(RECORDER_OUTER, &r->output))
		r->why = RECORDER_END_CLIENT;
}

/* A password is not echoed. */
static bool
is_echoed(void)
{
	struct termios t;

	return ioctl(RECORDER_INNER, TCGETS, &t) == 0 &&
	    (t.c_lflag & ECHO) != 0;
}

static void
take_input(struct relay *r)
{
	r->input.from = r->input.to = 0;
	if (!fill(RECORDER_OUTER, &r->input, INPUT_BYTES)) {
		r->why = RECORDER_END_CLIENT;
		return;
	}
	if (is_empty(&r->input))
		return;
	r->count.rx += r->input.to;
	recorderlink_say_active(&r->told_usec, &r->count);
	if (r->options->has_input && is_echoed())
		castfile_bytes(&r->file, &r->typed, r->input.bytes,
		    r->input.to);
	notice_failure(r);
}

static void
resize(struct relay *r)
{
	struct recorder_report m = { .type = RECORDER_RESIZE };
	struct winsize now;
	char text[32];

	is_resized = 0;
	if (ioctl(RECORDER_OUTER, TIOCGWINSZ, &now) < 0 ||
	    memcmp(&now, &r->size, sizeof(now)) == 0)
		return;
	r->size = now;
	ioctl(RECORDER_INNER, TIOCSWINSZ, &now);
	m.columns = now.ws_col;
	m.rows = now.ws_row;
	report(r, &m);
	snprintf(text, sizeof(text), "%ux%u", now.ws_col, now.ws_row);
	castfile_text(&r->file, 'r', text);
}

/* Only what is on its way already is waited for: a terminal that shows nothing
 * any more keeps nobody. */
static void
show(struct relay *r, const char *text)
{
	struct pollfd p = { RECORDER_OUTER, POLLOUT, 0 };
	struct timespec moment = { .tv_nsec = FAREWELL_MS * 1000000L };
	char message[RECORDERMSG_TEXT_MAX + 32];
	struct buffer b = { message, 0, 0 };
	int tries;

	b.to = (size_t)snprintf(message, sizeof(message),
	    "\r\ncountersign: %s\r\n", text);
	for (tries = 0; tries < FAREWELL_TRIES; tries++) {
		if (!drain(RECORDER_OUTER, &r->output) ||
		    !drain(RECORDER_OUTER, &b) ||
		    (is_empty(&r->output) && is_empty(&b)))
			break;
		(void)ppoll(&p, 1, &moment, NULL);
	}
	castfile_text(&r->file, 'm', text);
}

static void
obey(struct relay *r)
{
	struct recorder_order m = { 0 };
	int n = recorderlink_hear(&m);

	if (n == 0)
		return;
	if (n > 0 && m.type == RECORDER_DRAIN) {
		r->is_draining = true;
		return;
	}
	/* Nobody supervises this any more, or nobody wants it to go on. */
	if (n < 0 || m.type == RECORDER_STOP)
		r->why = RECORDER_END_TOLD;
	show(r,
	    n > 0 ? m.text
		  : "the session's keeper is gone; ending the session");
}

/* A terminal that has nothing to read now has given all that was written. */
static void
drain_program(struct relay *r)
{
	struct recorder_report m = { .type = RECORDER_DRAINED };

	while (r->why == 0 && is_empty(&r->output)) {
		take_output(r);
		if (r->next.to == 0) {
			r->is_draining = false;
			report(r, &m);
			return;
		}
		show_next(r);
	}
}

static void
show_more(struct relay *r)
{
	while (r->why == 0 && is_empty(&r->output) &&
	    (r->next.to > 0 || r->is_at_end))
		show_next(r);
	if (r->is_draining)
		drain_program(r);
}

static short
wanted(bool can_read, bool has_to_write)
{
	return (short)((can_read ? POLLIN : 0) | (has_to_write ? POLLOUT : 0));
}

static void
turn(struct relay *r, const sigset_t *open)
{
	struct pollfd p[RECORDER_FILE];
	short inner;

	p[RECORDER_CONTROL] = (struct pollfd){ RECORDER_CONTROL, POLLIN, 0 };
	p[RECORDER_OUTER] = (struct pollfd){ RECORDER_OUTER,
		wanted(is_empty(&r->input), !is_empty(&r->output)), 0 };
	inner = wanted(!r->is_at_end && r->next.to < OUTPUT_BYTES,
	    !is_empty(&r->input));
	/* Asked for nothing, a terminal that nobody has open says so anyhow. */
	p[RECORDER_INNER] =
	    (struct pollfd){ inner != 0 ? RECORDER_INNER : -1, inner, 0 };
	if (ppoll(p, RECORDER_FILE, NULL, open) < 0) {
		if (errno != EINTR)
			r->why = RECORDER_END_TOLD;
		return;
	}
	if (p[RECORDER_CONTROL].revents != 0)
		obey(r);
	if (r->why == 0 && is_empty(&r->input) &&
	    (p[RECORDER_OUTER].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		take_input(r);
	/* Nobody types any more, though what was typed has not arrived. */
	if (r->why == 0 && !is_empty(&r->input) &&
	    (p[RECORDER_OUTER].revents & (POLLHUP | POLLERR)) != 0)
		r->why = RECORDER_END_CLIENT;
	if ((p[RECORDER_INNER].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		take_output(r);
	/* What nobody reads any more is no reason to end. */
	if (!drain(RECORDER_INNER, &r->input))
		r->input.from = r->input.to;
	if (r->why == 0 && !drain(RECORDER_OUTER, &r->output))
		r->why = RECORDER_END_CLIENT;
	show_more(r);
}

static void
end(struct relay *r)
{
	struct recorder_report m = { .type = RECORDER_END, .why = r->why };

	if (r->why == RECORDER_END_FAILED)
		show(r,
		    "this session cannot be recorded any more, and its "
		    "role demands it; ending the session");
	castfile_end(&r->file, &r->shown);
	castfile_end(&r->file, &r->typed);
	report(r, &m);
}

static void
run(struct relay *r)
{
	sigset_t open;

	sigemptyset(&open);
	while (r->why == 0) {
		if (is_resized)
			resize(r);
		turn(r, &open);
	}
	end(r);
}

static void
write_down(struct relay *r, struct caststream *s, const uint8_t *p, size_t n)
{
	size_t at, piece;

	for (at = 0; at < n; at += piece) {
		piece = n - at < OUTPUT_BYTES ? n - at : OUTPUT_BYTES;
		castfile_bytes(&r->file, s, p + at, piece);
	}
}

/* What was typed before there was a recorder, and shown by sshd's terminal. */
static void
take_typed(struct relay *r)
{
	static struct recorder_typed typed;

	if (recorderlink_hear_typed(&typed) < 0)
		return;
	r->count.rx += typed.n_typed + typed.n_rest;
	/* First of all, for who goes on if the disk does not answer. */
	r->input = (struct buffer){ (char *)typed.rest, 0, typed.n_rest };
	write_down(r, &r->shown, typed.echo, typed.n_echo);
	/* The program runs, and may have turned echo off since. */
	if (r->options->has_input && typed.n_echo > 0)
		write_down(r, &r->typed, typed.typed, typed.n_typed);
	if (r->options->has_input && is_echoed())
		write_down(r, &r->typed, typed.rest, typed.n_rest);
	notice_failure(r);
}

void
relay_run(const struct recorder_options *options)
{
	relay = (struct relay){ .options = options,
		.output = { output_bytes[0], 0, 0 },
		.next = { output_bytes[1], 0, 0 },
		.input = { input_bytes, 0, 0 },
		.shown = { .code = 'o' },
		.typed = { .code = 'i' } };
	castfile_init(&relay.file, options->has_file, options->start_usec,
	    options->reserve_bytes);
	(void)ioctl(RECORDER_INNER, TIOCGWINSZ, &relay.size);
	if (options->has_typed)
		take_typed(&relay);
	run(&relay);
}

/* What is written down next is where the other thread is: everything up to that
 * is in *r, and nothing after it. */
_Noreturn void
relay_go_on(void)
{
	struct relay *r = &relay;

	castfile_abandon(&r->file);
	notice_failure(r);
	show_more(r);
	run(r);
	recorderlink_leave();
}
