/* SPDX-License-Identifier: ISC */
/* countersign-audit play: a recording, as it was. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "auditfind.h"
#include "auto.h"
#include "castreader.h"
#include "clock.h"
#include "parse.h"
#include "screen.h"
#include "termfilter.h"

DEFINE_AUTO(castreader_close, struct castreader)

#define KEY_EVENTS    64
#define CATCH_UP_USEC 10000.0

static const char usage[] =
    "usage: countersign-audit play [--speed N] [--idle SECONDS] [--from TIME]\n"
    "           [--raw] [--events FILE] SESSION|FILE\n"
    "Keys: blank pauses and goes on, . shows the next event, + and - change the\n"
    "speed, q ends. --idle: no pause is longer. --from: begins there (90, 5m).\n"
    "--raw: also what makes a terminal answer, copy or change its title.\n";

struct player {
	struct castreader *reader;
	struct termfilter filter;
	double speed;
	uint64_t idle_usec; /* 0: as it was */
	uint64_t from_usec;
	bool is_raw;
	bool has_keys; /* stdin is a terminal */
	bool is_paused;
	bool is_over;
	double owed_usec; /* recorded time that is not waited for yet */
};

static void
write_out(const char *p, size_t n)
{
	fwrite(p, 1, n, stdout);
	fflush(stdout);
}

static void
show(struct player *p, const struct cast_event *e)
{
	AUTO(free) char *out = NULL;

	if (e->code != 'o' && e->code != 'e')
		return;
	if (p->is_raw) {
		write_out(e->data, e->len);
		return;
	}
	if ((out = malloc(e->len + TERMFILTER_SEQUENCE_MAX)) != NULL)
		write_out(out,
		    termfilter_pass(&p->filter, e->data, e->len, out));
}

/* Whether the next event is to be shown at once. */
static bool
take_key(struct player *p)
{
	char key = 0;

	if (read(STDIN_FILENO, &key, 1) != 1) {
		p->has_keys = false;
		p->is_paused = false;
		return false;
	}
	switch (key) {
	case ' ':
		p->is_paused = !p->is_paused;
		return false;
	case '+':
		p->speed *= 2;
		return false;
	case '-':
		p->speed /= 2;
		return false;
	case 'q':
	case 3: /* ^C */
		p->is_over = true;
		return true;
	default:
		return key == '.';
	}
}

/* So long more, at the speed that it then has; keys may change that. What was
 * waited too long, to the next millisecond, is off what comes next. */
static void
wait_for(struct player *p, uint64_t usec)
{
	struct pollfd in = { p->has_keys ? STDIN_FILENO : -1, POLLIN, 0 };
	uint64_t began;
	int ms, n;

	p->owed_usec += (double)usec;
	while (!p->is_over && (p->owed_usec > 0 || p->is_paused)) {
		in.fd = p->has_keys ? STDIN_FILENO : -1;
		ms = p->is_paused
		    ? -1
		    : (int)fmin(ceil(p->owed_usec / p->speed / 1000), 1000);
		began = clock_boot_usec();
		n = poll(&in, 1, ms);
		if (!p->is_paused)
			p->owed_usec -=
			    (double)(clock_boot_usec() - began) * p->speed;
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0 && take_key(p)) {
			p->owed_usec = 0;
			return;
		}
	}
	/* Who was stopped for a while does not run after it. */
	p->owed_usec = fmax(p->owed_usec, -CATCH_UP_USEC * p->speed);
}

/* Also where nothing is waited for somebody may want to end it. */
static void
look_for_key(struct player *p)
{
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };

	if (p->has_keys && poll(&in, 1, 0) > 0)
		(void)take_key(p);
	if (ferror(stdout))
		p->is_over = true;
}

static int
play_all(struct player *p)
{
	uint64_t at = 0, gap, n = 0;
	struct cast_event e;
	int r = 0;

	while (!p->is_over && (r = castreader_next(p->reader, &e)) == 1) {
		gap = e.usec > at ? e.usec - at : 0;
		if (p->idle_usec != 0 && gap > p->idle_usec)
			gap = p->idle_usec;
		at = e.usec > at ? e.usec : at;
		if (at > p->from_usec && gap > 0)
			wait_for(p, gap);
		show(p, &e);
		if (++n % KEY_EVENTS == 0)
			look_for_key(p);
	}
	return r < 0 ? audit_complain("the recording is damaged here")
		     : AUDIT_DONE;
}

static int
play(struct player *p)
{
	int r;

	p->has_keys = screen_begin(true);
	r = play_all(p);
	screen_end();
	return r;
}

static int
read_seconds(const char *text, double most, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && *end == '\0' && *ret > 0 && *ret <= most ? 0 : -1;
}

static int
bad_number(const char *what, const char *text)
{
	audit_complain("'%s' is no %s", text, what);
	return AUDIT_USAGE;
}

int
audit_play(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "speed", required_argument, NULL, 's' },
		{ "idle", required_argument, NULL, 'i' },
		{ "from", required_argument, NULL, 'f' },
		{ "raw", no_argument, NULL, 'r' },
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO(castreader_close) struct castreader *reader = NULL;
	struct player p = { .speed = 1 };
	const char *events = AUDIT_EVENTS;
	uint64_t from_s;
	double idle;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		switch (opt) {
		case 's':
			if (read_seconds(optarg, 1000, &p.speed) < 0)
				return bad_number("speed", optarg);
			break;
		case 'i':
			if (read_seconds(optarg, 1e6, &idle) < 0)
				return bad_number("number of seconds", optarg);
			p.idle_usec = (uint64_t)(idle * USEC_PER_SEC);
			break;
		case 'f':
			if (parse_duration(optarg, &from_s) < 0)
				return bad_number("time", optarg);
			p.from_usec = from_s * USEC_PER_SEC;
			break;
		case 'r':
			p.is_raw = true;
			break;
		case 'e':
			events = optarg;
			break;
		default:
			return audit_usage(usage, opt == 'h');
		}
	if (argc - optind != 1)
		return audit_usage(usage, false);
	if ((reader = auditfind_open(argv[optind], events, &status)) == NULL)
		return status;
	p.reader = reader;
	return play(&p);
}
