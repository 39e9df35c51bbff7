/* SPDX-License-Identifier: ISC */
/* countersign-audit tail and watch: what happens now. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "auditfind.h"
#include "auto.h"
#include "castreader.h"
#include "eventlog.h"
#include "eventsink.h"
#include "follow.h"
#include "logparts.h"
#include "screen.h"
#include "settings.h"
#include "termfilter.h"

DEFINE_AUTO(castreader_close, struct castreader)
DEFINE_AUTO(settings_free, struct settings)

#define LOOK_MS 100

static const char tail_usage[] =
    "usage: countersign-audit tail [--follow] [--lines N] [--json]\n"
    "           [--user ID] [--events FILE]\n";
static const char watch_usage[] =
    "usage: countersign-audit watch [--events FILE] SESSION\n"
    "Shows an open session from its beginning on, as it happens, until it ends\n"
    "or you press ^C. That you have looked is an event of its own.\n";

static void
pause_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000L };

	nanosleep(&moment, NULL);
}

/* ---- tail */

struct tail {
	const char *user;
	bool is_json;
};

static void
print_line(const struct tail *t, const char *line, size_t n)
{
	json_t *event = json_loadb(line, n, 0, NULL);
	const char *user = eventlog_text(event, "user");

	if (json_is_object(event) &&
	    (t->user == NULL || strcmp(t->user, user) == 0)) {
		if (t->is_json) {
			fwrite(line, 1, n, stdout);
			putchar('\n');
		} else {
			printf("%.19s %-18s ", eventlog_text(event, "time"),
			    eventlog_text(event, "event"));
			audit_print_safe(stdout, user);
			putchar(' ');
			audit_print_safe(stdout, eventlog_text(event, "login"));
			putchar(' ');
			audit_print_safe(stdout,
			    eventlog_text(event, "command"));
			audit_print_safe(stdout,
			    eventlog_text(event, "reason"));
			putchar('\n');
		}
	}
	json_decref(event);
}

/* Where the last n lines begin. */
static long
start_of_last(FILE *f, unsigned long n)
{
	long at;

	if (fseek(f, 0, SEEK_END) < 0)
		return 0;
	for (at = ftell(f); at > 0; at--) {
		if (fseek(f, at - 1, SEEK_SET) < 0)
			return 0;
		if (getc(f) == '\n' && n-- == 0)
			break;
	}
	return at;
}

static void
print_what_is_there(const struct tail *t, FILE *f)
{
	AUTO(free) char *line = NULL;
	size_t room = 0;
	long at = ftell(f);
	ssize_t n;

	clearerr(f);
	while ((n = getline(&line, &room, f)) > 0) {
		/* Half a line comes whole the next time. */
		if (line[n - 1] != '\n') {
			(void)fseek(f, at, SEEK_SET);
			break;
		}
		print_line(t, line, (size_t)n - 1);
		at = ftell(f);
	}
	fflush(stdout);
}

/* Of a file that was rotated, and not written to since, the part before. */
static FILE *
open_last(const char *path)
{
	AUTO_CLEAR(logparts_clear) struct logparts parts = { 0 };
	struct logpart *last;
	FILE *f = fopen(path, "re");

	if (f != NULL || errno != ENOENT || logparts_open(path, &parts) < 0 ||
	    parts.n == 0)
		return f;
	last = &parts.v[parts.n - 1];
	if (logparts_tool(last->path) != NULL) {
		errno = ENOENT;
		return NULL;
	}
	if ((f = fdopen(last->fd, "re")) != NULL)
		last->fd = -1;
	return f;
}

static void
take_line(void *context, const char *line, size_t len)
{
	const struct tail *t = context;

	print_line(t, line, len);
}

/* From where f stands. */
static int
follow_file(struct tail *t, char *path, FILE *f)
{
	AUTO_CLEAR(follow_clear) struct follow files = { 0 };
	int r = follow_init(&files, &path, 1);

	if (r == 0)
		r = follow_begin(&files, fcntl(fileno(f), F_DUPFD_CLOEXEC, 3),
		    (uint64_t)ftell(f));
	while (r >= 0 && !ferror(stdout)) {
		if ((r = follow_read(&files, take_line, t)) == 0)
			pause_a_moment();
		fflush(stdout);
		if (files.has_missed)
			audit_complain("a part of '%s' was compressed, deleted "
				       "or made unreadable before it was read",
			    path);
		files.has_missed = false;
	}
	return r < 0
	    ? audit_complain("cannot read '%s': %s", path, strerror(-r))
	    : AUDIT_DONE;
}

/* A pipe has no end to begin from, and is read whole. */
static int
follow_pipe(const struct tail *t, FILE *f)
{
	while (!ferror(stdout)) {
		pause_a_moment();
		print_what_is_there(t, f);
	}
	return AUDIT_DONE;
}

static int
tail(struct tail *t, char *path, unsigned long lines, bool follows)
{
	AUTO(fclose) FILE *f = open_last(path);
	struct stat st;

	if (f == NULL)
		return audit_complain("cannot read '%s': %s", path,
		    strerror(errno));
	if (fstat(fileno(f), &st) < 0 || S_ISDIR(st.st_mode))
		return audit_complain("cannot read '%s': %s", path,
		    strerror(EISDIR));
	(void)fseek(f, start_of_last(f, lines), SEEK_SET);
	print_what_is_there(t, f);
	if (!follows)
		return AUDIT_DONE;
	return S_ISREG(st.st_mode) ? follow_file(t, path, f)
				   : follow_pipe(t, f);
}

int
audit_tail(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "lines", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "user", required_argument, NULL, 'u' },
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static char usual[] = AUDIT_EVENTS;
	char *events = usual;
	struct tail t = { 0 };
	bool follows = false;
	uint64_t lines = 10;
	int opt;

	while ((opt = getopt_long(argc, argv, "fhn:", longs, NULL)) != -1)
		switch (opt) {
		case 'f':
			follows = true;
			break;
		case 'n':
			if (parse_uint(optarg, 0, 1000000, &lines) < 0)
				return audit_usage(tail_usage, false);
			break;
		case 'j':
			t.is_json = true;
			break;
		case 'u':
			t.user = optarg;
			break;
		case 'e':
			events = optarg;
			break;
		default:
			return audit_usage(tail_usage, opt == 'h');
		}
	if (optind != argc)
		return audit_usage(tail_usage, false);
	return tail(&t, events, (unsigned long)lines, follows);
}

/* ---- watch */

/* Before anything is shown: whoever watches is on record, too. */
static int
report_watching(const char *path)
{
	AUTO(settings_free) struct settings *host = NULL;
	struct event_context ctx = { .emitter = "audit" };
	struct conf_error e = { 0 };
	struct eventsink sink;
	struct event ev;
	char sid[UUID_TEXT_LEN + 1] = "", uid[16];
	const char *name = strrchr(path, '/');
	int r;

	if ((host = settings_load_host(&e)) == NULL)
		return audit_complain("%s", e.what);
	snprintf(sid, sizeof(sid), "%.36s", name != NULL ? name + 1 : path);
	snprintf(uid, sizeof(uid), "%u", getuid());
	ctx.host = host;
	if (is_uuid(sid))
		ctx.sid = sid;
	event_init(&ev, &ctx, "session.watch", "CS012I");
	event_string(&ev, "watched_by",
	    getenv("SUDO_USER") != NULL ? getenv("SUDO_USER") : uid);
	eventsink_init(&sink, host, "audit");
	r = eventsink_send(&sink, &ev);
	eventsink_clear(&sink);
	if (r < 0)
		return audit_complain(
		    "this cannot be put on record (%s): nothing is shown; it "
		    "takes root, and a log that runs",
		    strerror(-r));
	return 0;
}

static int
watch(struct castreader *reader)
{
	struct termfilter filter = { 0 };
	struct cast_event e;
	int r;

	for (;;) {
		while ((r = castreader_next(reader, &e)) == 1) {
			AUTO(free)
			char *out = malloc(e.len + TERMFILTER_SEQUENCE_MAX);

			if (out != NULL && (e.code == 'o' || e.code == 'e'))
				fwrite(out, 1,
				    termfilter_pass(&filter, e.data, e.len,
					out),
				    stdout);
			fflush(stdout);
			if (e.code == 'x')
				return AUDIT_DONE;
		}
		if (r < 0)
			return audit_complain("the recording is damaged here");
		if (ferror(stdout))
			return AUDIT_DONE;
		pause_a_moment();
	}
}

int
audit_watch(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO(castreader_close) struct castreader *reader = NULL;
	const char *events = AUDIT_EVENTS;
	char path[PATH_MAX];
	int opt, r, e;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt != 'e')
			return audit_usage(watch_usage, opt == 'h');
		events = optarg;
	}
	if (argc - optind != 1)
		return audit_usage(watch_usage, false);
	if ((r = auditfind_path(argv[optind], events, path, sizeof(path))) != 0)
		return r;
	if ((reader = castreader_open(path, &e)) == NULL)
		return audit_complain("cannot read '%s': %s", path,
		    e == EBADMSG ? "it is no recording" : strerror(e));
	if ((r = report_watching(path)) != 0)
		return r;
	(void)screen_begin(false);
	r = watch(reader);
	screen_end();
	return r;
}
