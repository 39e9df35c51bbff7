/* SPDX-License-Identifier: ISC */
/*
 * A channel without a terminal: three pipes of sshd's on the one side, three of
 * the program's on the other. What is recorded of a stream is on record before
 * it passes; what comes after the most that is recorded is spliced (splice(2)),
 * unless somebody reads which files it is about (filetap.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auto.h"
#include "castfile.h"
#include "filetap.h"
#include "recorderlink.h"
#include "relay.h"

#define SPLICE_BYTES (1024 * 1024)
#define FLOW_BYTES   CASTFILE_BYTES

enum flow_name {
	FLOW_IN,
	FLOW_OUT,
	FLOW_ERR,
	FLOWS
};

struct flow {
	int from, to;
	char *bytes;
	/* From `at` on they have not passed yet; from `ready` on they may not. */
	size_t at, ready, n;
	struct caststream stream;
	uint64_t recorded;
	uint64_t *count;
	bool waits_for_reader; /* while it is spliced */
	bool is_over; /* nobody writes, or nobody reads */
};

struct streams {
	const struct recorder_options *options;
	struct castfile file;
	struct flow flows[FLOWS];
	struct recorder_count count;
	uint64_t told_usec;
	enum recorder_end why; /* 0: goes on */
};

static char flow_bytes[FLOWS][FLOW_BYTES];

static void
init_flow(struct streams *s, enum flow_name name, int from, int to, char code)
{
	s->flows[name] = (struct flow){ .from = from,
		.to = to,
		.bytes = flow_bytes[name],
		.stream = { .code = code },
		.count = name == FLOW_IN ? &s->count.rx : &s->count.tx };
}

static void
notice_failure(struct streams *s)
{
	struct recorder_report m = { .type = RECORDER_FAILED,
		.error = (uint32_t)s->file.error };

	if (s->file.error == 0)
		return;
	s->file.error = 0;
	recorderlink_say(&m, &s->count);
	if (s->options->is_strict)
		s->why = RECORDER_END_FAILED;
}

static void
record(struct streams *s, struct flow *f, size_t n)
{
	uint64_t left = s->options->max_bytes - f->recorded;

	if (left == 0)
		return;
	if (n > left)
		n = (size_t)left;
	castfile_bytes(&s->file, &f->stream, f->bytes, n);
	f->recorded += n;
	if (f->recorded == s->options->max_bytes)
		castfile_text(&s->file, 'm',
		    f->stream.code == 'i'
			? "no more of the input is recorded"
			: "no more of the output is recorded");
	notice_failure(s);
}

/* The reader hears that there is no more, the writer that nobody reads. An sshd
 * that was built without pipes has one socket for two of them. */
static void
end_flow(struct flow *f)
{
	f->is_over = true;
	f->at = f->ready = f->n = 0;
	shutdown(f->to, SHUT_WR);
	shutdown(f->from, SHUT_RD);
	close(f->to);
	close(f->from);
}

/* The files in it are read before it passes. */
static void
offer(struct streams *s, enum flow_name name)
{
	struct flow *f = &s->flows[name];
	const char *p = f->bytes + f->ready;
	size_t n = f->n - f->ready;

	if (name == FLOW_IN)
		f->ready += filetap_client(p, n);
	else if (name == FLOW_OUT)
		f->ready += filetap_server(p, n);
	else
		f->ready = f->n;
}

/* What one side says may be what the other's waits for, and again. */
static void
offer_all(struct streams *s)
{
	size_t before, i;

	do
		for (i = 0,
		    before = s->flows[FLOW_IN].ready + s->flows[FLOW_OUT].ready;
		     i < FLOWS; i++)
			if (!s->flows[i].is_over)
				offer(s, (enum flow_name)i);
	while (s->flows[FLOW_IN].ready + s->flows[FLOW_OUT].ready != before);
}

static void
fill(struct streams *s, struct flow *f)
{
	ssize_t n = read(f->from, f->bytes, FLOW_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_flow(f);
		return;
	}
	record(s, f, (size_t)n);
	if (s->why != 0)
		return;
	f->at = f->ready = 0;
	f->n = (size_t)n;
	*f->count += (uint64_t)n;
}

static void
pass(struct flow *f)
{
	ssize_t n;

	while (f->at < f->ready) {
		n = write(f->to, f->bytes + f->at, f->ready - f->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			end_flow(f);
			return;
		}
		f->at += (size_t)n;
	}
}

/* Which of the two is not ready is not said: both are asked for, in turns. */
static void
splice_on(struct flow *f)
{
	ssize_t n = splice(f->from, NULL, f->to, NULL, SPLICE_BYTES,
	    SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

	f->waits_for_reader = n < 0 && errno == EAGAIN && !f->waits_for_reader;
	if (n > 0)
		*f->count += (uint64_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		end_flow(f);
}

static bool
is_spliced(const struct streams *s, const struct flow *f)
{
	return f->recorded == s->options->max_bytes && f->at == f->n &&
	    (!filetap_is_on() || f == &s->flows[FLOW_ERR]);
}

static bool
is_held(const struct flow *f)
{
	return !f->is_over && f->at == f->ready && f->ready < f->n;
}

static struct pollfd
wanted(const struct flow *f)
{
	if (f->is_over || is_held(f))
		return (struct pollfd){ .fd = -1 };
	if (f->at < f->ready || f->waits_for_reader)
		return (struct pollfd){ .fd = f->to, .events = POLLOUT };
	return (struct pollfd){ .fd = f->from, .events = POLLIN };
}

static void
obey(struct streams *s)
{
	struct recorder_order m = { 0 };
	int n = recorderlink_hear(&m);

	if (n < 0 || (n > 0 && m.type == RECORDER_STOP))
		s->why = RECORDER_END_TOLD;
}

static void
move(struct streams *s, struct flow *f)
{
	if (is_spliced(s, f)) {
		splice_on(f);
		return;
	}
	if (f->at == f->n)
		fill(s, f);
	if (s->why != 0)
		return;
	offer_all(s);
	pass(f);
}

/* Who is gone answers nothing: what waits for that never passes. */
static void
end_when_stuck(struct streams *s)
{
	const struct flow *in = &s->flows[FLOW_IN], *out = &s->flows[FLOW_OUT];

	if (in->is_over && is_held(out) && filetap_only_takes()) {
		filetap_end();
		offer_all(s);
	}
	if (filetap_is_refused() || (out->is_over && is_held(in)) ||
	    (in->is_over && is_held(out)))
		s->why = RECORDER_END_FILES;
}

/* Asked for nothing, it says when nobody reads any more. A tap of a client that
 * is gone is still owed the answers to what it asked for. */
static struct pollfd
watched(const struct streams *s, const struct flow *f)
{
	bool is_awaited = filetap_is_on() && f != &s->flows[FLOW_IN];

	return (struct pollfd){ f->is_over || is_awaited ? -1 : f->to, 0, 0 };
}

static void
turn(struct streams *s)
{
	struct pollfd p[2 * FLOWS + 1];
	size_t i;

	for (i = 0; i < FLOWS; i++) {
		p[i] = wanted(&s->flows[i]);
		p[FLOWS + 1 + i] = watched(s, &s->flows[i]);
	}
	p[FLOWS] = (struct pollfd){ RECORDER_CONTROL, POLLIN, 0 };
	if (ppoll(p, ARRAY_SIZE(p), NULL, NULL) < 0) {
		if (errno != EINTR)
			s->why = RECORDER_END_TOLD;
		return;
	}
	if (p[FLOWS].revents != 0)
		obey(s);
	for (i = 0; i < FLOWS && s->why == 0; i++)
		if (p[i].revents != 0)
			move(s, &s->flows[i]);
	for (i = 0; i < FLOWS; i++)
		if (!s->flows[i].is_over &&
		    (p[FLOWS + 1 + i].revents & (POLLERR | POLLHUP)) != 0)
			end_flow(&s->flows[i]);
	if (s->why == 0)
		end_when_stuck(s);
	/* Also the input: a program may have sent its output elsewhere. */
	for (i = 0; i < FLOWS && s->flows[i].is_over; i++)
		continue;
	if (s->why == 0 && i == FLOWS)
		s->why = RECORDER_END_PROGRAM;
}

static struct streams streams;

static void
say_end(const struct streams *s)
{
	struct recorder_report m = { .type = RECORDER_END, .why = s->why };

	recorderlink_say(&m, &s->count);
}

void
streams_run(const struct recorder_options *options)
{
	struct streams *s = &streams;
	size_t i;

	s->options = options;
	castfile_init(&s->file, options->has_file, options->start_usec,
	    options->reserve_bytes);
	init_flow(s, FLOW_IN, RECORDER_OUTER, RECORDER_INNER, 'i');
	init_flow(s, FLOW_OUT, RECORDER_INNER_OUT, RECORDER_OUTER_OUT, 'o');
	init_flow(s, FLOW_ERR, RECORDER_INNER_ERR, RECORDER_OUTER_ERR, 'e');
	filetap_init(options->tap, &s->count);
	while (s->why == 0)
		turn(s);
	filetap_end();
	for (i = 0; i < FLOWS; i++)
		castfile_end(&s->file, &s->flows[i].stream);
	say_end(s);
}

/* Only where the role demands the record are there streams with a file. */
_Noreturn void
streams_go_on(void)
{
	castfile_abandon(&streams.file);
	notice_failure(&streams);
	filetap_end();
	if (streams.why == 0)
		streams.why = RECORDER_END_FAILED;
	say_end(&streams);
	recorderlink_leave();
}
