/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alert.h"
#include "alertqueue.h"
#include "auto.h"
#include "clock.h"
#include "daemon.h"
#include "detect.h"
#include "inputs.h"
#include "linefeed.h"
#include "ruleset.h"
#include "statefile.h"
#include "stream.h"

#define WAIT_MS 1000
#define KEEP_MS 10000

static const char usage[] =
    "usage: countersign-detect run [--rules PATH]... [-o FILE] [FILE...|-]\n"
    "       countersign-detect run --follow [--state FILE] [--listen SOCKET] FILE...\n"
    "\n"
    "Reads events, a JSON object or a line of syslog each, and writes an alert as\n"
    "a JSON line for what the rules find. Without a FILE, or with -, reads\n"
    "standard input.\n"
    "\n"
    "  --rules PATH       rules (files, folders) instead of those installed\n"
    "  --logsources FILE  where the fields of rules are in events\n"
    "  --respond DIR      alerts that ask for a response into this one, for responder(8)\n"
    "  --queue DIR        alerts also go into this folder, for alert-sender(8)\n"
    "  -o FILE            alerts are appended to FILE instead of standard output\n"
    "  --follow           goes on with what is appended to the files, also when they\n"
    "                     are rotated, until SIGTERM\n"
    "  --state FILE       what is known is kept there, and where the files were read\n"
    "                     to: the next start goes on there; also with standard input\n"
    "  --listen SOCKET    takes events from a Unix datagram socket, too\n"
    "  --matches          each rule that holds for each line, instead of alerts\n"
    "  --stats            says at the end what was read, on standard error\n"
    "Exit status: 0 all was read, 1 a rule cannot be read, 2 usage, 3 input or\n"
    "output failed.\n";

struct run {
	struct ruleset rules;
	const char *output, *queue, *respond;
	bool has_stats, has_matches, is_following;
	const char *state, *listen;
	FILE *out;
	struct stream *stream;
	uint64_t too_long;
	clock_t begin; /* the rules have been read */
	bool is_failed; /* the output */
};

static void
put(struct run *r, const char *queue, const struct stream_told *told)
{
	int x;

	if (queue == NULL ||
	    (x = alertqueue_put(queue, told->line, told->len)) == 0)
		return;
	fprintf(stderr,
	    "countersign-detect: cannot queue an alert in '%s': %s\n", queue,
	    strerror(-x));
	r->is_failed = true;
}

static void
write_alert(void *context, const struct stream_told *told)
{
	struct run *r = context;

	if (told->is_alert && told->rule->alerting.n_respond > 0)
		put(r, r->respond, told);
	if (told->is_muted)
		return;
	if (fwrite(told->line, 1, told->len, r->out) != told->len ||
	    fputc('\n', r->out) == EOF)
		r->is_failed = true;
	put(r, r->queue, told);
}

/* Live, somebody is to hear of it. */
static void
write_failure(void *context, const char *path, const struct conf_error *e)
{
	AUTO(free) char *line = alert_render_failed(path, e);
	const struct stream_told told = { .line = line,
		.len = line != NULL ? strlen(line) : 0 };

	if (line == NULL)
		return;
	write_alert(context, &told);
	(void)fflush(((struct run *)context)->out);
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
	struct run *r = context;

	if (!r->is_failed)
		stream_line(r->stream, line, len);
}

/* ---- over a restart -------------------------------------------------------------- */

static void
resume(struct run *r, struct follow *files)
{
	int x;

	if (r->state == NULL)
		return;
	x = statefile_load(r->state, r->stream, files);
	if (x == -EBADMSG)
		fprintf(stderr,
		    "countersign-detect: '%s' is of another version or damaged: "
		    "beginning anew\n",
		    r->state);
	else if (x < 0 && x != -ENOENT)
		fprintf(stderr, "countersign-detect: cannot read '%s': %s\n",
		    r->state, strerror(-x));
}

/* What has been said is out before it is said that it was. */
static void
keep(struct run *r, const struct follow *files)
{
	int x;

	/* What could not be told has not been read: the next start tells it. */
	if (r->is_failed || fflush(r->out) == EOF) {
		r->is_failed = true;
		return;
	}
	if (r->state == NULL)
		return;
	if ((x = statefile_save(r->state, r->stream, files)) < 0)
		fprintf(stderr, "countersign-detect: cannot write '%s': %s\n",
		    r->state, strerror(-x));
}

/* ---- reading to the end ------------------------------------------------------------ */

/* With a state, standard input goes on another time: what is known is kept now
 * and then, and who is told to end reads what has been written to it. */
static bool
is_more(struct run *r, int fd, uint64_t *kept)
{
	static const struct follow none;
	struct pollfd in = { .fd = fd, .events = POLLIN };

	if (r->state == NULL)
		return true;
	while (poll(&in, 1, WAIT_MS) <= 0)
		if (daemon_is_ending())
			return false;
	if (clock_boot_ms() - *kept >= KEEP_MS) {
		keep(r, &none);
		*kept = clock_boot_ms();
	}
	return true;
}

static int
read_input(struct run *r, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	AUTO(close)
	int owned = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	int fd = is_stdin ? STDIN_FILENO : owned;
	uint64_t kept = clock_boot_ms();
	struct linefeed f;
	ssize_t n = 0;

	if (fd < 0) {
		fprintf(stderr, "countersign-detect: cannot open '%s': %s\n",
		    path, strerror(errno));
		return DETECT_IO;
	}
	if (linefeed_init(&f) < 0)
		return DETECT_IO;
	while (is_more(r, fd, &kept) &&
	    (n = linefeed_read(&f, fd, take_line, r)) > 0 && !r->is_failed)
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
	    "%llu alerts, %llu more events under them, %llu not told for a "
	    "flood; %llu keys given up\n"
	    "%.3f s of processor time, after the rules had been read\n",
	    e.rules, e.programs, e.patterns, e.database_bytes / 1024,
	    (unsigned long long)s->lines, (unsigned long long)s->bytes,
	    (unsigned long long)s->unreadable, (unsigned long long)s->timeless,
	    (unsigned long long)s->future, (unsigned long long)r->too_long,
	    (unsigned long long)s->alerts, (unsigned long long)s->suppressed,
	    (unsigned long long)s->flooded, (unsigned long long)s->lost,
	    (double)(clock() - r->begin) / CLOCKS_PER_SEC);
}

static const char **
text_of(struct run *r, int opt)
{
	switch (opt) {
	case 'l':
		return &r->rules.logsources;
	case 'S':
		return &r->state;
	case 'L':
		return &r->listen;
	case 'q':
		return &r->queue;
	case 'R':
		return &r->respond;
	case 'o':
		return &r->output;
	default:
		return NULL;
	}
}

static bool *
flag_of(struct run *r, int opt)
{
	switch (opt) {
	case 'f':
		return &r->is_following;
	case 's':
		return &r->has_stats;
	case 'm':
		return &r->has_matches;
	default:
		return NULL;
	}
}

/* Files that are read from their beginning are no new events. */
static int
check_options(const struct run *r, char *const *inputs)
{
	bool is_stdin = inputs[0] == NULL ||
	    (inputs[1] == NULL && strcmp(inputs[0], "-") == 0);

	if (r->is_following ||
	    (r->listen == NULL && (r->state == NULL || is_stdin)))
		return -1;
	fputs("countersign-detect: --state goes with --follow or standard "
	      "input, --listen with --follow\n",
	    stderr);
	return DETECT_USAGE;
}

static int
read_options(struct run *r, int argc, char **argv)
{
	static const struct option longs[] = { { "rules", required_argument,
						   NULL, 'r' },
		{ "logsources", required_argument, NULL, 'l' },
		{ "follow", no_argument, NULL, 'f' },
		{ "state", required_argument, NULL, 'S' },
		{ "listen", required_argument, NULL, 'L' },
		{ "queue", required_argument, NULL, 'q' },
		{ "respond", required_argument, NULL, 'R' },
		{ "matches", no_argument, NULL, 'm' },
		{ "stats", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (text_of(r, opt) != NULL) {
			*text_of(r, opt) = optarg;
		} else if (flag_of(r, opt) != NULL) {
			*flag_of(r, opt) = true;
		} else if (opt != 'r') {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		} else if (strv_add(&r->rules.paths, optarg) < 0)
			return DETECT_IO;
	}
	return check_options(r, argv + optind);
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

/* Nobody may know how much it was. */
static void
say_missed(struct follow *files)
{
	if (files->has_missed)
		fprintf(stderr,
		    "countersign-detect: a part of a log was compressed, "
		    "deleted or made unreadable before it was read: what it had "
		    "is missed\n");
	files->has_missed = false;
}

/* logrotate(8) has moved it. */
static void
open_output_anew(struct run *r)
{
	struct stat now, own;

	if (r->output == NULL || fstat(fileno(r->out), &own) < 0)
		return;
	if (stat(r->output, &now) == 0
		? now.st_dev == own.st_dev && now.st_ino == own.st_ino
		: errno != ENOENT)
		return;
	fclose(r->out);
	if (open_output(r) < 0)
		r->is_failed = true;
}

/* ---- following ---------------------------------------------------------------- */

static int
follow(struct run *r, char **paths, size_t n)
{
	uint64_t kept = clock_boot_ms();
	bool is_new = false;
	struct inputs in;
	int x = inputs_open(&in, paths, n, r->listen);

	if (x == 0) {
		daemon_catch_end();
		resume(r, &in.files);
	}
	while (x >= 0 && !daemon_is_ending() && !r->is_failed) {
		if ((x = inputs_read(&in, take_line, r)) > 0)
			is_new = true;
		else if (x == 0)
			inputs_wait(&in, WAIT_MS);
		if (x > 0 && fflush(r->out) == EOF)
			r->is_failed = true;
		else
			open_output_anew(r);
		say_missed(&in.files);
		if (is_new && clock_boot_ms() - kept >= KEEP_MS) {
			keep(r, &in.files);
			kept = clock_boot_ms();
			is_new = false;
		}
	}
	if (x >= 0)
		keep(r, &in.files);
	inputs_close(&in);
	return x < 0 ? DETECT_IO : DETECT_DONE;
}

static int
read_inputs(struct run *r, char **inputs)
{
	static char dash[] = "-";
	char *standard[] = { dash, NULL };
	struct follow none = { 0 };
	int status = DETECT_DONE;

	if (r->state != NULL) {
		daemon_catch_end();
		resume(r, &none);
	}
	for (inputs = *inputs != NULL ? inputs : standard;
	     *inputs != NULL && status == DETECT_DONE; inputs++)
		status = read_input(r, *inputs);
	/* What is followed goes on another time. */
	if (r->state == NULL)
		stream_end(r->stream);
	else
		keep(r, &none);
	return status;
}

static int
make_queue(const char *dir)
{
	int x = dir != NULL ? alertqueue_make(dir, "new") : 0;

	if (x < 0)
		fprintf(stderr, "countersign-detect: cannot use '%s': %s\n",
		    dir, strerror(-x));
	return x;
}

static int
run(struct run *r, char **inputs)
{
	const struct stream_out out = { .take = write_alert,
		.hold = r->has_matches ? write_match : NULL,
		.context = r };
	int status = DETECT_DONE;
	size_t n;

	if (make_queue(r->queue) < 0 || make_queue(r->respond) < 0)
		return DETECT_IO;
	if (open_output(r) < 0)
		return DETECT_IO;
	if (r->is_following) {
		r->rules.failed = write_failure;
		r->rules.context = r;
	}
	if (ruleset_load(&r->rules) < 0 ||
	    (r->stream = stream_new(r->rules.engine, r->rules.correlate,
		 &out)) == NULL)
		return DETECT_IO;
	r->begin = clock();
	for (n = 0; inputs[n] != NULL; n++)
		;
	status =
	    r->is_following ? follow(r, inputs, n) : read_inputs(r, inputs);
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
