/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "detect.h"
#include "linefeed.h"
#include "ruleset.h"
#include "stream.h"

static const char usage[] =
    "usage: countersign-detect run [--rules PATH]... [-o FILE] [FILE...|-]\n"
    "\n"
    "Reads events, a JSON object or a line of syslog each, and writes an alert as\n"
    "a JSON line for what the rules find. Without a FILE, or with -, reads\n"
    "standard input.\n"
    "\n"
    "  --rules PATH       rules (files, folders) instead of those installed\n"
    "  --logsources FILE  where the fields of rules are in events\n"
    "  -o FILE            alerts are appended to FILE instead of standard output\n"
    "  --matches          each rule that holds for each line, instead of alerts\n"
    "  --stats            says at the end what was read, on standard error\n"
    "Exit status: 0 all was read, 1 a rule cannot be read, 2 usage, 3 input or\n"
    "output failed.\n";

struct run {
	struct ruleset rules;
	const char *output;
	bool has_stats, has_matches;
	FILE *out;
	struct stream *stream;
	uint64_t too_long;
	bool is_failed; /* the output */
};

static void
write_alert(void *context, const char *line, size_t len)
{
	struct run *r = context;

	if (fwrite(line, 1, len, r->out) != len || fputc('\n', r->out) == EOF)
		r->is_failed = true;
}

static void
write_match(void *context, size_t rule, uint64_t time_us, const char *line,
    size_t len)
{
	struct run *r = context;
	const struct sigma_rule *s = engine_rule(r->rules.engine, rule);
	json_auto_t *j = json_pack("{s:I, s:s*, s:s, s:s}", "line",
	    (json_int_t)stream_stats(r->stream)->lines, "rule_id", s->id,
	    "rule", s->title, "level", sigma_level_name(s->level));

	(void)time_us;
	(void)line;
	(void)len;
	if (j == NULL || json_dumpf(j, r->out, JSON_COMPACT) < 0 ||
	    fputc('\n', r->out) == EOF)
		r->is_failed = true;
}

static void
take_line(void *context, const char *line, size_t len)
{
	stream_line(((struct run *)context)->stream, line, len);
}

static int
read_input(struct run *r, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	AUTO(close)
	int owned = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	int fd = is_stdin ? STDIN_FILENO : owned;
	struct linefeed f;
	ssize_t n;

	if (fd < 0) {
		fprintf(stderr, "countersign-detect: cannot open '%s': %s\n",
		    path, strerror(errno));
		return DETECT_IO;
	}
	if (linefeed_init(&f) < 0)
		return DETECT_IO;
	while ((n = linefeed_read(&f, fd, take_line, r)) > 0 && !r->is_failed)
		if (fflush(r->out) == EOF)
			r->is_failed = true;
	r->too_long += f.too_long;
	linefeed_clear(&f);
	if (n < 0)
		fprintf(stderr, "countersign-detect: cannot read '%s': %s\n",
		    path, strerror((int)-n));
	return n < 0 ? DETECT_IO : DETECT_DONE;
}

static void
tell_stats(const struct run *r)
{
	const struct stream_stats *s = stream_stats(r->stream);
	struct engine_stats e;

	engine_stats(r->rules.engine, &e);
	fprintf(stderr,
	    "%zu rules as %zu programs over %zu patterns, %zu KiB\n"
	    "%llu lines, %llu bytes; %llu not events, %llu without a time, "
	    "%llu far ahead, %llu longer than 1 MiB\n"
	    "%llu alerts, %llu more events under them; %llu keys given up\n",
	    e.rules, e.programs, e.patterns, e.database_bytes / 1024,
	    (unsigned long long)s->lines, (unsigned long long)s->bytes,
	    (unsigned long long)s->unreadable, (unsigned long long)s->timeless,
	    (unsigned long long)s->future, (unsigned long long)r->too_long,
	    (unsigned long long)s->alerts, (unsigned long long)s->suppressed,
	    (unsigned long long)s->lost);
}

static int
read_options(struct run *r, int argc, char **argv)
{
	static const struct option longs[] = { { "rules", required_argument,
						   NULL, 'r' },
		{ "logsources", required_argument, NULL, 'l' },
		{ "matches", no_argument, NULL, 'm' },
		{ "stats", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) != -1)
		switch (opt) {
		case 'r':
			if (strv_add(&r->rules.paths, optarg) < 0)
				return DETECT_IO;
			break;
		case 'l':
			r->rules.logsources = optarg;
			break;
		case 's':
			r->has_stats = true;
			break;
		case 'm':
			r->has_matches = true;
			break;
		case 'o':
			r->output = optarg;
			break;
		default:
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		}
	return -1;
}

static int
open_output(struct run *r)
{
	if (r->output == NULL) {
		r->out = stdout;
		return 0;
	}
	if ((r->out = fopen(r->output, "ae")) != NULL)
		return 0;
	fprintf(stderr, "countersign-detect: cannot open '%s': %s\n", r->output,
	    strerror(errno));
	return -1;
}

static int
run(struct run *r, char **inputs)
{
	static char dash[] = "-";
	char *standard[] = { dash, NULL };
	const struct stream_out out = { .take = write_alert,
		.hold = r->has_matches ? write_match : NULL,
		.context = r };
	int status = DETECT_DONE;

	if (ruleset_load(&r->rules) < 0 || open_output(r) < 0 ||
	    (r->stream = stream_new(r->rules.engine, r->rules.correlate,
		 &out)) == NULL)
		return DETECT_IO;
	for (inputs = *inputs != NULL ? inputs : standard;
	     *inputs != NULL && status == DETECT_DONE; inputs++)
		status = read_input(r, *inputs);
	stream_end(r->stream);
	if (r->has_stats)
		tell_stats(r);
	if (fflush(r->out) == EOF || r->is_failed) {
		fprintf(stderr, "countersign-detect: cannot write alerts: %s\n",
		    strerror(errno));
		return DETECT_IO;
	}
	return status != DETECT_DONE ? status
	    : r->rules.bad > 0	     ? DETECT_FAILED
				     : DETECT_DONE;
}

int
detect_run(int argc, char **argv)
{
	struct run r = { 0 };
	int status;

	if ((status = read_options(&r, argc, argv)) < 0)
		status = run(&r, argv + optind);
	stream_free(r.stream);
	ruleset_clear(&r.rules);
	if (r.out != NULL && r.out != stdout && fclose(r.out) == EOF)
		return DETECT_IO;
	return status;
}
