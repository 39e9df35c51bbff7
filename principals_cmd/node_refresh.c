/* SPDX-License-Identifier: ISC */
/* countersign-node refresh: fetch without rights, then install without a
 * network; what went wrong is an event, once. */
#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "command.h"
#include "inforce.h"
#include "node.h"
#include "parse.h"
#include "refreshstate.h"
#include "report.h"
#include "spool.h"

#define FETCH_PROGRAM	  "/usr/libexec/countersign/fetch"
#define INSTALL_PROGRAM	  "/usr/libexec/countersign/install-policy"
#define FETCH_USER	  "_countersign-fetch"
#define FETCH_TIMEOUT_S	  600
#define WORDS_MAX	  1024
#define INSTALL_TIMEOUT_S 120

DEFINE_AUTO(settings_free, struct settings)
DEFINE_AUTO(policy_free, struct policy)

static const char usage[] =
    "usage: countersign-node refresh [--scheduled] [--every TIME] [-q]\n"
    "\n"
    "Brings policy and KRL from the host's PolicySource, verifies them, and "
    "puts them\n"
    "in force. Without a source it only compiles the policy that is there. "
    "Exit\n"
    "status 0: up to date; 1: not, and everything is as it was.\n"
    "\n"
    "  --scheduled   leave sources alone for a while that failed lately\n"
    "  --every TIME  again and again, about so often; for a host without "
    "timers\n"
    "  -q, --quiet   no word about it; failures are events in any case\n"
    "  --help        this text\n";

struct refresh {
	bool scheduled, quiet;
	uint64_t every_s; /* 0: once */
};

/* The first line of what a program said, for the event. */
static char *
first_words(const struct command_result *r, const char *program)
{
	char *text;

	if (r->is_late)
		return asprintf(&text, "%s took too long", program) < 0 ? NULL
									: text;
	if (r->err[0] == '\0')
		return asprintf(&text, "%s failed: status %d", program,
			   r->status) < 0
		    ? NULL
		    : text;
	return strdup(r->err);
}

/* 0; FETCH_NOT_DUE; or 1 with *ret_error, in as many lines as sources. */
static int
run_fetch(const struct refresh *o, char **ret_error)
{
	const char *argv[] = { FETCH_PROGRAM, "--once",
		o->scheduled ? "--scheduled" : NULL, NULL };
	struct command c = { .argv = argv,
		.user = FETCH_USER,
		.timeout_s = FETCH_TIMEOUT_S };
	AUTO_CLEAR(command_result_clear) struct command_result r = { 0 };

	if (command_run(&c, &r) < 0) {
		*ret_error = strdup("cannot start a program");
		return 1;
	}
	if (r.status == 0 || r.status == FETCH_NOT_DUE)
		return r.status;
	*ret_error = first_words(&r, "fetch");
	return 1;
}

static int
run_install(bool compile_only, char **ret_error)
{
	const char *argv[] = { INSTALL_PROGRAM,
		compile_only ? "--compile" : NULL, NULL };
	struct command c = { .argv = argv,
		.without_network = true,
		.timeout_s = INSTALL_TIMEOUT_S };
	AUTO_CLEAR(command_result_clear) struct command_result r = { 0 };

	if (command_run(&c, &r) < 0) {
		*ret_error = strdup("cannot start a program");
		return 1;
	}
	if (r.status == 0)
		return 0;
	*ret_error = first_words(&r, "install-policy");
	return 1;
}

/* From a program of another account: no more than can be read, on one line, and
 * nothing that a terminal would act upon. */
static void
make_plain(char *text)
{
	size_t n = strlen(text);

	if (n > WORDS_MAX)
		text[n = WORDS_MAX] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			*text = ';';
		else if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

/* The policy in force is past its end: said when it begins, not each time. */
static void
say_stale(const struct settings *s, struct refreshstate *st,
    const struct policy *p, uint64_t now_s)
{
	char end[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
	char text[200];

	if (p == NULL || p->expires_s == 0 || now_s < p->expires_s) {
		st->stale_is_said = false;
		return;
	}
	if (st->stale_is_said)
		return;
	clock_rfc3339(p->expires_s, end);
	clock_rfc3339(p->expires_s + s->stale_grace_s, until);
	if (s->stale_grace_s == 0)
		snprintf(text, sizeof(text),
		    "the policy has expired at %s: nobody logs in by it", end);
	else
		snprintf(text, sizeof(text),
		    "the policy has expired at %s, and is good until %s "
		    "(StalePolicy)",
		    end, until);
	report_error(s, p->version, text);
	st->stale_is_said = true;
}

/* was_asked: else no source was due, and nothing is known of it. */
static void
finish(const struct refresh *o, const struct settings *s, char *error,
    bool was_asked)
{
	AUTO_CLEAR(refreshstate_clear) struct refreshstate st = { 0 };
	AUTO(policy_free) struct policy *p = inforce_policy(s, 0);
	uint64_t now_s = clock_now_usec() / USEC_PER_SEC;

	if (error != NULL)
		make_plain(error);
	if (refreshstate_load(s, &st) < 0)
		return;
	if (was_asked && refreshstate_note(&st, error, now_s)) {
		if (error != NULL)
			report_error(s, p != NULL ? p->version : 0, error);
		else if (p != NULL)
			report_recovered(s, p->version);
	}
	say_stale(s, &st, p, now_s);
	/* On a full disk the same is said again: better than never. */
	(void)refreshstate_save(s, &st);
	if (error != NULL)
		report_failure("%s", error);
	else if (was_asked && !o->quiet && p != NULL)
		printf("up to date: version %llu\n",
		    (unsigned long long)p->version);
}

static int
refresh_once(const struct refresh *o)
{
	AUTO(settings_free) struct settings *s = NULL;
	AUTO(free) char *error = NULL;
	struct conf_error e = { 0 };
	bool was_asked;
	int status = 0;

	if ((s = settings_load_host(&e)) == NULL)
		return report_failure("%s", e.what);
	if (s->policy_sources.n > 0)
		status = run_fetch(o, &error);
	was_asked = status != FETCH_NOT_DUE;
	/* Labels may have changed also when nothing was brought. */
	if (status != 1)
		status =
		    run_install(s->policy_sources.n == 0 || !was_asked, &error);
	finish(o, s, error, was_asked || error != NULL);
	return status == 0 ? NODE_DONE : NODE_FAILED;
}

/* Give or take a fifth: a fleet that was started together drifts apart. */
static void
wait_about(uint64_t seconds)
{
	uint32_t fifth = (uint32_t)(seconds / 5);
	struct timespec t = { .tv_sec = (time_t)(seconds - fifth +
				  randombytes_uniform(2 * fifth + 1)) };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int
parse_options(int argc, char **argv, struct refresh *o)
{
	static const struct option longs[] = {
		{ "scheduled", no_argument, NULL, 's' },
		{ "every", required_argument, NULL, 'e' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		if (c == 's') {
			o->scheduled = true;
		} else if (c == 'q') {
			o->quiet = true;
		} else if (c == 'e') {
			if (parse_duration(optarg, &o->every_s) < 0 ||
			    o->every_s > 86400) {
				report_failure("--every wants a duration such "
					       "as 5m, at most 1d");
				return NODE_USAGE;
			}
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? NODE_DONE : NODE_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return NODE_USAGE;
}

int
node_refresh(int argc, char **argv)
{
	struct refresh o = { 0 };
	int r;

	if ((r = parse_options(argc, argv, &o)) >= 0)
		return r;
	if (geteuid() != 0)
		return report_failure("has to run as root");
	if (o.every_s == 0)
		return refresh_once(&o);
	for (o.scheduled = true;; wait_about(o.every_s))
		(void)refresh_once(&o);
}
