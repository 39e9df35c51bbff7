/* SPDX-License-Identifier: ISC */
/* fetch: brings policy and KRL to this host, verified, into a folder from which
 * install-policy takes them. Owns nothing but that folder. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "fetchstate.h"
#include "inforce.h"
#include "report.h"
#include "source.h"
#include "spool.h"

#define DEADLINE_S  540U /* all sources together */
#define TORN_WAIT_S 2 /* a source whose files are just being replaced */

DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: fetch [--once] [--scheduled]\n"
    "\n"
    "Brings policy and KRL from the first PolicySource (node.conf) that has "
    "good ones\n"
    "into /var/lib/countersign/incoming, for install-policy. Usually run by\n"
    "'countersign-node refresh'. Exit status 0: good ones are there; 1: no "
    "source has\n"
    "any.\n"
    "\n"
    "  --once        what it does anyway\n"
    "  --scheduled   leave out sources that failed lately\n"
    "  --help        this text\n";

struct fetcher {
	const struct settings *settings;
	struct fetchstate state;
	bool scheduled;
	uint64_t now_s;
	uint64_t end_s; /* of what one source may take; monotonic */
	size_t asked;
};

static int
parse_options(int argc, char **argv, struct fetcher *f)
{
	static const struct option longs[] = {
		{ "once", no_argument, NULL, 'o' },
		{ "scheduled", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 's') {
			f->scheduled = true;
		} else if (c != 'o') {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return 2;
}

static uint64_t
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

/* At least a moment: 0 would be no limit. */
static unsigned
seconds_left(const struct fetcher *f)
{
	uint64_t now_s = seconds_now();

	return f->end_s > now_s ? (unsigned)(f->end_s - now_s) : 1;
}

static int
try_once(struct fetcher *f, const char *source, bool is_fresh,
    struct source_answer *a, struct conf_error *e)
{
	int r = source_get(source, f->settings, &f->state, INFORCE_INCOMING,
	    is_fresh, seconds_left(f), a, e);

	if (r < 0)
		return r;
	return release_verify(&a->release, f->settings, f->now_s, 0, e);
}

/* What does not fit together may be new and old files of a source that is just
 * being replaced: once more, and nothing from the spool. */
static int
try_source(struct fetcher *f, const char *source, struct source_answer *a,
    struct conf_error *e)
{
	int r = try_once(f, source, false, a, e);

	if (r != -EINVAL || a->release.files[RELEASE_POLICY_SIG].p == NULL)
		return r;
	source_answer_clear(a);
	nanosleep(&(struct timespec){ .tv_sec = TORN_WAIT_S }, NULL);
	return try_once(f, source, true, a, e);
}

static int
keep(struct fetcher *f, const char *source, const struct source_answer *a)
{
	struct conf_error e = { 0 };
	size_t i;

	if (spool_put(INFORCE_SPOOL, &a->release, &e) < 0)
		return report_failure("%s", e.what);
	fetchstate_succeeded(&f->state, source);
	for (i = 0; i < RELEASE_FILES; i++)
		if (a->etags[i] != NULL)
			fetchstate_set_etag(&f->state, (enum release_file)i,
			    a->etags[i]);
	return 0;
}

/* 0: it has a good one, which is kept; 1: not, and that is said. */
static int
ask(struct fetcher *f, const char *source)
{
	AUTO_CLEAR(source_answer_clear) struct source_answer a = { 0 };
	AUTO(free) char *shown = source_shown(source);
	struct conf_error e = { 0 };
	int r;

	f->asked++;
	/* Noted as failed before it is asked: if we are killed over it, the
	 * next run begins with another. */
	fetchstate_failed(&f->state, source, f->now_s);
	(void)fetchstate_save(INFORCE_SPOOL, &f->state);
	f->end_s = seconds_now() + DEADLINE_S / f->settings->policy_sources.n;
	if ((r = try_source(f, source, &a, &e)) == 0)
		return keep(f, source, &a);
	return report_failure("%s: %s", shown != NULL ? shown : "?",
	    r == -ENOMEM ? "out of memory" : e.what);
}

static int
ask_all(struct fetcher *f)
{
	const struct strv *sources = &f->settings->policy_sources;
	size_t i;

	for (i = 0; i < sources->n; i++) {
		if (f->scheduled &&
		    !fetchstate_is_due(&f->state, sources->v[i], f->now_s))
			continue;
		if (ask(f, sources->v[i]) == 0)
			return 0;
	}
	/* All failed lately, and are left alone for a while. */
	return f->asked == 0 ? FETCH_NOT_DUE : 1;
}

static int
run(struct fetcher *f)
{
	AUTO(close)
	int lock = open(INFORCE_SPOOL, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int status;

	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
		    ? report_failure("another fetch is running")
		    : report_failure("cannot use '" INFORCE_SPOOL "': %s",
			  strerror(errno));
	if (fetchstate_load(INFORCE_SPOOL, &f->state) < 0)
		return report_failure("out of memory");
	status = ask_all(f);
	/* Without it the next run downloads again. */
	(void)fetchstate_save(INFORCE_SPOOL, &f->state);
	fetchstate_clear(&f->state);
	return status;
}

int
main(int argc, char **argv)
{
	AUTO(settings_free) struct settings *settings = NULL;
	struct fetcher f = { .now_s = clock_now_usec() / USEC_PER_SEC };
	struct conf_error e = { 0 };
	int r;

	umask(027);
	/* A folder on a network that hangs has no other end. */
	alarm(DEADLINE_S);
	if ((r = parse_options(argc, argv, &f)) >= 0)
		return r;
	if ((settings = settings_load_host(&e)) == NULL)
		return report_failure("%s", e.what);
	if (settings->policy_sources.n == 0)
		return report_failure("no PolicySource in node.conf");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return report_failure("libcurl cannot start");
	f.settings = settings;
	r = run(&f);
	curl_global_cleanup();
	return r;
}
