/* SPDX-License-Identifier: ISC */
/*
 * Output is on record before it is shown: whatever kills this process, nothing
 * has been seen that was not written. No memory is asked for; each direction
 * has one buffer, which is only filled when it is empty.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <termios.h>
#include <unistd.h>

#include "castwriter.h"
#include "clock.h"
#include "recordermsg.h"
#include "relay.h"

/* A terminal gives at most 4 KiB at a time: several make one event. */
#define OUTPUT_BYTES   65536
#define INPUT_BYTES    4096
#define LOOK_AT_DISK   (1024 * 1024)
#define ACTIVITY_USEC  USEC_PER_SEC
#define FAREWELL_TRIES 50
#define FAREWELL_MS    20

struct buffer {
	char *bytes;
	size_t from, to;
};

struct relay {
	const struct relay_options *options;
	struct buffer output, input;
	struct buffer next; /* output that is not on record yet */
	bool is_at_end; /* after `next` there is no more */
	bool is_draining; /* DRAINED is owed */
	struct caststream shown, typed;
	struct winsize size;
	bool is_recording;
	uint64_t since_disk; /* bytes written since the disk was looked at */
	uint64_t told_usec; /* of the last ACTIVITY */
	uint64_t tx, rx;
	enum recorder_end why; /* 0: goes on */
};

static char output_bytes[2][OUTPUT_BYTES], input_bytes[INPUT_BYTES];
static char line[CASTWRITER_ROOM(OUTPUT_BYTES)];
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

static uint64_t
since_start(const struct relay *r)
{
	uint64_t now = clock_boot_usec();

	return now > r->options->start_usec ? now - r->options->start_usec : 0;
}

static void
report(const struct relay *r, struct recorder_report *m)
{
	m->version = RECORDERMSG_VERSION;
	m->tx = r->tx;
	m->rx = r->rx;
	/* A keeper that is gone or does not listen is not waited for. */
	(void)send(RECORDER_CONTROL, m, sizeof(*m),
	    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
fail(struct relay *r, int error)
{
	struct recorder_report m = { .type = RECORDER_FAILED,
		.error = (uint32_t)error };

	r->is_recording = false;
	report(r, &m);
	if (r->options->is_strict)
		r->why = RECORDER_END_FAILED;
}

/* The end of the disk is not ours: others write their ends there. */
static bool
disk_is_full(struct relay *r)
{
	struct statfs fs;

	r->since_disk = 0;
	return fstatfs(RECORDER_FILE, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize <
	    r->options->reserve_bytes;
}

/* The first n bytes of `line`, whole or it has failed. */
static void
write_down(struct relay *r, size_t n)
{
	size_t at = 0;
	ssize_t w;

	if (n == 0 || !r->is_recording)
		return;
	if (r->since_disk >= LOOK_AT_DISK && disk_is_full(r)) {
		fail(r, ENOSPC);
		return;
	}
	r->since_disk += n;
	while (at < n) {
		w = write(RECORDER_FILE, line + at, n - at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			fail(r, w < 0 ? errno : EIO);
			return;
		}
		at += (size_t)w;
	}
}

static void
record(struct relay *r, struct caststream *s, const char *p, size_t n)
{
	if (r->is_recording)
		write_down(r, caststream_event(s, since_start(r), p, n, line));
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
	return b->to > had || (n < 0 && errno == EAGAIN);
}

/* false: the other side is gone. */
static bool
drain(int fd, struct buffer *b)
{
	ssize_t n;

	while (!is_empty(b)) {
		n = write(fd, b->bytes + b->from, b->to - b->from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
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
	record(r, &r->shown, r->next.bytes, r->next.to);
	if (r->why != 0)
		return;
	r->tx += r->next.to;
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
tell_activity(struct relay *r)
{
	struct recorder_report m = { .type = RECORDER_ACTIVITY };
	uint64_t now = clock_boot_usec();

	if (r->told_usec != 0 && now - r->told_usec < ACTIVITY_USEC)
		return;
	r->told_usec = now;
	report(r, &m);
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
	r->rx += r->input.to;
	tell_activity(r);
	if (r->options->has_input && is_echoed())
		record(r, &r->typed, r->input.bytes, r->input.to);
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
	snprintf(text, sizeof(text), "%ux%u", now.ws_col, now.ws_row);
	write_down(r,
	    castwriter_text(since_start(r), 'r', text, line, sizeof(line)));
	m.columns = now.ws_col;
	m.rows = now.ws_row;
	report(r, &m);
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
	write_down(r,
	    castwriter_text(since_start(r), 'm', text, line, sizeof(line)));
	for (tries = 0; tries < FAREWELL_TRIES; tries++) {
		if (!drain(RECORDER_OUTER, &r->output) ||
		    !drain(RECORDER_OUTER, &b) ||
		    (is_empty(&r->output) && is_empty(&b)))
			return;
		(void)ppoll(&p, 1, &moment, NULL);
	}
}

static void
obey(struct relay *r)
{
	struct recorder_order m = { 0 };
	ssize_t n = recv(RECORDER_CONTROL, &m, sizeof(m), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 || n < 0) {
		/* Nobody supervises this any more. */
		show(r, "the session's keeper is gone; ending the session");
		r->why = RECORDER_END_TOLD;
		return;
	}
	if (n != sizeof(m) || m.version != RECORDERMSG_VERSION ||
	    memchr(m.text, '\0', sizeof(m.text)) == NULL)
		return;
	if (m.type == RECORDER_DRAIN) {
		r->is_draining = true;
		return;
	}
	show(r, m.text);
	if (m.type == RECORDER_STOP)
		r->why = RECORDER_END_TOLD;
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
	if ((p[RECORDER_INNER].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		take_output(r);
	/* What nobody reads any more is no reason to end. */
	if (!drain(RECORDER_INNER, &r->input))
		r->input.from = r->input.to;
	if (r->why == 0 && !drain(RECORDER_OUTER, &r->output))
		r->why = RECORDER_END_CLIENT;
	while (r->why == 0 && is_empty(&r->output) &&
	    (r->next.to > 0 || r->is_at_end))
		show_next(r);
	if (r->is_draining)
		drain_program(r);
}

static void
end(struct relay *r)
{
	struct recorder_report m = { .type = RECORDER_END, .why = r->why };

	if (r->why == RECORDER_END_FAILED)
		show(r,
		    "this session cannot be recorded any more, and its "
		    "role demands it; ending the session");
	write_down(r, caststream_end(&r->shown, since_start(r), line));
	write_down(r, caststream_end(&r->typed, since_start(r), line));
	report(r, &m);
}

void
relay_run(const struct relay_options *options)
{
	struct relay r = { .options = options,
		.output = { output_bytes[0], 0, 0 },
		.next = { output_bytes[1], 0, 0 },
		.input = { input_bytes, 0, 0 },
		.shown = { .code = 'o' },
		.typed = { .code = 'i' },
		.since_disk = LOOK_AT_DISK };
	struct statfs fs;
	sigset_t open;

	sigemptyset(&open);
	r.is_recording = fstatfs(RECORDER_FILE, &fs) == 0;
	(void)ioctl(RECORDER_INNER, TIOCGWINSZ, &r.size);
	while (r.why == 0) {
		if (is_resized)
			resize(&r);
		turn(&r, &open);
	}
	end(&r);
}
