/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "detect.h"
#include "linefeed.h"
#include "ruleset.h"
#include "stream.h"

#define SAMPLE_MAX 200

static const char usage[] =
    "usage: countersign-detect replay [--rules PATH]... [--against PATH]... FILE...\n"
    "\n"
    "Asks the rules about events of the past and says how often each held, since\n"
    "when, and the first event. With --against, what other rules would say instead.\n"
    "\n"
    "  --rules PATH       rules (files, folders) instead of those installed\n"
    "  --against PATH     the other rules\n"
    "  --logsources FILE  where the fields of rules are in events\n"
    "Exit status: 0 done, 1 a rule cannot be read, 2 usage, 3 input failed.\n";

/* What one rule has held for. */
struct tally {
	uint64_t events;
	uint64_t first_us;
	char sample[SAMPLE_MAX + 1];
};

/* One set of rules over all events. */
struct side {
	struct ruleset rules;
	struct stream *held;
	struct tally *tally; /* by rule */
};

struct replay {
	struct side now, other;
	bool has_other;
};

static void
count_event(void *context, size_t rule, uint64_t time_us, const char *line,
    size_t len)
{
	struct tally *t = &((struct side *)context)->tally[rule];
	size_t n = len < SAMPLE_MAX ? len : SAMPLE_MAX;

	if (t->events++ > 0 && time_us >= t->first_us)
		return;
	t->first_us = time_us;
	memcpy(t->sample, line, n);
	t->sample[n] = '\0';
}

static void
take_line(void *context, const char *line, size_t len)
{
	stream_line(context, line, len);
}

static int
read_file(struct stream *s, const char *path)
{
	AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct linefeed f;
	ssize_t n;

	if (fd < 0 || linefeed_init(&f) < 0) {
		fprintf(stderr, "countersign-detect: cannot open '%s': %s\n",
		    path, strerror(errno));
		return DETECT_IO;
	}
	while ((n = linefeed_read(&f, fd, take_line, s)) > 0)
		;
	linefeed_clear(&f);
	return n < 0 ? DETECT_IO : 0;
}

static int
run_side(struct side *s, char **files)
{
	const struct stream_out out = { .hold = count_event, .context = s };
	int r = 0;

	if (ruleset_load(&s->rules) < 0)
		return DETECT_IO;
	s->tally = calloc(engine_rules(s->rules.engine) + 1, sizeof(*s->tally));
	s->held = stream_new(s->rules.engine, s->rules.correlate, &out);
	if (s->tally == NULL || s->held == NULL)
		return DETECT_IO;
	for (; *files != NULL && r == 0; files++)
		r = read_file(s->held, *files);
	stream_end(s->held);
	return r;
}

static void
show_text(const char *p)
{
	for (; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			printf("\\x%02x", (unsigned char)*p);
		else
			putchar(*p);
	putchar('\n');
}

static const struct tally *
tally_of(const struct side *s, const struct sigma_rule *rule)
{
	const struct sigma_rule *other;
	size_t i;

	for (i = 0; i < engine_rules(s->rules.engine); i++) {
		other = engine_rule(s->rules.engine, i);
		if (rule->id != NULL && other->id != NULL
			? strcmp(rule->id, other->id) == 0
			: strcmp(rule->title, other->title) == 0)
			return &s->tally[i];
	}
	return NULL;
}

static void
show_rule(const struct sigma_rule *rule, const struct tally *t)
{
	char text[CLOCK_TEXT_MAX];

	printf("%8llu  %-13s %s\n", (unsigned long long)t->events,
	    sigma_level_name(rule->level), rule->title);
	printf("          first %s  ", clock_rfc3339_usec(t->first_us, text));
	show_text(t->sample);
}

static void
show_counts(const struct side *s)
{
	const struct stream_stats *st = stream_stats(s->held);
	size_t i;

	for (i = 0; i < engine_rules(s->rules.engine); i++)
		if (s->tally[i].events > 0)
			show_rule(engine_rule(s->rules.engine, i),
			    &s->tally[i]);
	printf("%llu lines, %llu of them not events\n",
	    (unsigned long long)st->lines, (unsigned long long)st->unreadable);
}

/* What one side has and the other has not, or otherwise. */
static void
show_difference(const struct side *from, const struct side *to)
{
	const struct sigma_rule *rule;
	const struct tally *a, *b;
	size_t i;

	for (i = 0; i < engine_rules(from->rules.engine); i++) {
		rule = engine_rule(from->rules.engine, i);
		a = &from->tally[i];
		b = tally_of(to, rule);
		if (b == NULL ? a->events > 0 : a->events != b->events)
			printf("%8llu -> %llu  %s\n",
			    (unsigned long long)a->events,
			    (unsigned long long)(b != NULL ? b->events : 0),
			    rule->title);
	}
	for (i = 0; i < engine_rules(to->rules.engine); i++) {
		rule = engine_rule(to->rules.engine, i);
		if (tally_of(from, rule) == NULL && to->tally[i].events > 0)
			printf("%8d -> %llu  %s\n", 0,
			    (unsigned long long)to->tally[i].events,
			    rule->title);
	}
}

static int
read_options(struct replay *r, int argc, char **argv)
{
	static const struct option longs[] = { { "rules", required_argument,
						   NULL, 'r' },
		{ "against", required_argument, NULL, 'a' },
		{ "logsources", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt, x = 0;

	while (
	    x == 0 && (opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		switch (opt) {
		case 'r':
			x = strv_add(&r->now.rules.paths, optarg);
			break;
		case 'a':
			r->has_other = true;
			x = strv_add(&r->other.rules.paths, optarg);
			break;
		case 'l':
			r->now.rules.logsources = optarg;
			r->other.rules.logsources = optarg;
			break;
		default:
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		}
	if (x < 0)
		return DETECT_IO;
	if (optind < argc)
		return -1;
	fputs(usage, stderr);
	return DETECT_USAGE;
}

static void
clear_side(struct side *s)
{
	stream_free(s->held);
	free(s->tally);
	ruleset_clear(&s->rules);
}

int
detect_replay(int argc, char **argv)
{
	struct replay r = { 0 };
	int status = read_options(&r, argc, argv);

	if (status < 0) {
		status = run_side(&r.now, argv + optind);
		if (status == 0 && r.has_other)
			status = run_side(&r.other, argv + optind);
		if (status == 0 && r.has_other)
			show_difference(&r.now, &r.other);
		else if (status == 0)
			show_counts(&r.now);
		if (status == 0 && r.now.rules.bad + r.other.rules.bad > 0)
			status = DETECT_FAILED;
	}
	clear_side(&r.now);
	clear_side(&r.other);
	return status;
}
