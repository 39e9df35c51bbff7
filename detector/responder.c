/* SPDX-License-Identifier: ISC */
/* countersign-responder(8): does what rules ask for about what they find, as far
 * as this host lets them. Root, without a network: the detector has neither. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "act.h"
#include "alertqueue.h"
#include "auto.h"
#include "clock.h"
#include "parse.h"

DEFINE_AUTO(settings_free, struct settings)

#define EMITTER	    "respond"
#define BATCH	    256
#define LOOK_MS	    100
#define AGAIN_MS    5000
#define TIDY_MS	    60000
#define PENDING_MAX 256

static const char usage[] =
    "usage: responder [--config FILE] [--queue DIR] [--once] [--check]\n"
    "\n"
    "Ends connections, locks users and runs commands for the alerts that\n"
    "countersign-detect run --respond DIR has put there (countersign-respond(5)).\n"
    "\n"
    "  --config FILE  instead of " CS_RESPOND "\n"
    "  --queue DIR    instead of " CS_RESPOND_QUEUE "\n"
    "  --once         ends when there is nothing more to do or to be tried now\n"
    "  --check        only reads the configuration\n"
    "Exit status: 0 done, 2 usage or a wrong configuration, 3 the queue or the\n"
    "host's settings cannot be used.\n";

static volatile sig_atomic_t is_ending;

static void
on_signal(int number)
{
	(void)number;
	is_ending = 1;
}

/* An alert of which something has failed: what of it is done is not done again. */
struct pending {
	char name[ALERTQUEUE_NAME_MAX];
	uint64_t next_ms;
	unsigned done, told; /* bits by number */
};

struct responder {
	const char *config, *queue;
	bool is_once, is_check;
	struct respondconf conf;
	struct eventsink sink;
	struct actor actor;
	struct pending pending[PENDING_MAX];
	size_t n_pending;
	uint64_t tidied_ms;
};

/* ---- telling ------------------------------------------------------------------- */

static void
tell(void *context, const struct order *o, enum act_outcome out,
    const char *why)
{
	struct responder *r = context;
	bool is_known = o->connection_id != NULL && is_uuid(o->connection_id);
	const struct event_context ctx = { .host = r->actor.host,
		.emitter = EMITTER,
		.user = o->user,
		.login = o->login,
		.connection_id = is_known ? o->connection_id : NULL };
	struct event ev;

	event_init(&ev, &ctx, "respond",
	    out == ACT_REFUSED || out == ACT_FAILED ? "CS110W" : "CS110I");
	event_string(&ev, "alert", o->uid);
	event_string(&ev, "rule_id", o->rule_id);
	event_string(&ev, "rule_title", o->rule_title);
	event_string(&ev, "action", o->action);
	event_string(&ev, "what", o->target);
	event_string(&ev, "outcome", act_outcome_name(out));
	if (*why != '\0')
		event_string(&ev, "reason", why);
	eventsink_send(&r->sink, &ev);
}

/* ---- one alert -------------------------------------------------------------------- */

static struct pending *
find_pending(struct responder *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_pending; i++)
		if (strcmp(r->pending[i].name, name) == 0)
			return &r->pending[i];
	return NULL;
}

static void
forget_pending(struct responder *r, const char *name)
{
	struct pending *p = find_pending(r, name);

	if (p != NULL)
		*p = r->pending[--r->n_pending];
}

/* Is there one left that may be possible later? */
static bool
do_all(struct responder *r, json_t *alert, struct pending *p)
{
	enum act_outcome out;
	char why[ACT_WHY_MAX];
	bool is_left = false;
	struct order o;
	size_t i;
	int x;

	for (i = 0; i < 8 && (x = order_read(alert, i, &o)) != -ENOENT; i++) {
		if (x < 0)
			syslog(LOG_WARNING, "a response that is none");
		if (x < 0 || (p->done & 1U << i) != 0)
			continue;
		out = act(&r->actor, &o, why);
		if (out == ACT_FAILED)
			is_left = true;
		else
			p->done |= 1U << i;
		/* What fails again and again is told once. */
		if (out != ACT_FAILED || (p->told & 1U << i) == 0)
			tell(r, &o, out, why);
		p->told |= 1U << i;
	}
	return is_left;
}

static void
keep_for_later(struct responder *r, struct pending *p, const char *name)
{
	struct pending *kept = find_pending(r, name);

	if (kept == NULL && r->n_pending < PENDING_MAX)
		kept = &r->pending[r->n_pending++];
	if (kept == NULL)
		return;
	*kept = *p;
	(void)snprintf(kept->name, sizeof(kept->name), "%s", name);
	kept->next_ms = clock_boot_ms() + AGAIN_MS;
}

/* Whether it is out of the queue. */
static bool
take(struct responder *r, const char *name)
{
	AUTO(free) char *text = NULL;
	json_auto_t *alert = NULL;
	struct pending p = { .done = 0 }, *known = find_pending(r, name);
	size_t len;
	int x;

	if (known != NULL && clock_boot_ms() < known->next_ms)
		return false;
	if (known != NULL)
		p = *known;
	x = alertqueue_read(r->queue, "new", name, &text, &len);
	if (x == 0)
		alert = json_loadb(text, len, 0, NULL);
	if (x < 0 && x != -EFBIG && x != -EINVAL && x != -ELOOP) {
		keep_for_later(r, &p, name);
		return false;
	}
	if (alert == NULL)
		syslog(LOG_WARNING, "'%s' is no alert: thrown away", name);
	else if (do_all(r, alert, &p)) {
		keep_for_later(r, &p, name);
		return false;
	}
	if ((x = alertqueue_remove(r->queue, "new", name)) < 0) {
		syslog(LOG_ERR, "cannot remove '%s': %s", name, strerror(-x));
		keep_for_later(r, &p, name);
		return false;
	}
	forget_pending(r, name);
	return true;
}

/* How many, or -errno. */
static int
take_all(struct responder *r)
{
	struct strv names;
	size_t i;
	int n = 0, x = alertqueue_list(r->queue, "new", BATCH, &names);

	if (x < 0)
		return x;
	for (i = 0; i < names.n && !is_ending; i++)
		n += take(r, names.v[i]);
	if (names.n == 0)
		r->n_pending = 0; /* somebody has removed them */
	strv_clear(&names);
	return n;
}

/* ---- all of them -------------------------------------------------------------------- */

static bool
has_runs(const struct responder *r)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(r->actor.runs); i++)
		if (r->actor.runs[i].pid != 0)
			return true;
	return false;
}

static void
run(struct responder *r)
{
	int n = 0;

	do {
		if (clock_boot_ms() - r->tidied_ms >= TIDY_MS) {
			(void)act_tidy_locks(&r->actor);
			r->tidied_ms = clock_boot_ms();
		}
		n = take_all(r);
		act_reap(&r->actor, tell, r);
		(void)eventsink_flush(&r->sink);
		if (n <= 0 && (!r->is_once || has_runs(r)))
			(void)poll(NULL, 0, n < 0 ? AGAIN_MS : LOOK_MS);
	} while (!is_ending && (!r->is_once || n > 0 || has_runs(r)));
}

static int
read_options(struct responder *r, int argc, char **argv)
{
	static const struct option longs[] = { { "config", required_argument,
						   NULL, 'c' },
		{ "queue", required_argument, NULL, 'q' },
		{ "once", no_argument, NULL, 'o' },
		{ "check", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (opt == 'c')
			r->config = optarg;
		else if (opt == 'q')
			r->queue = optarg;
		else if (opt == 'o')
			r->is_once = true;
		else if (opt == 'C')
			r->is_check = true;
		else {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? 0 : 2;
		}
	if (optind == argc)
		return -1;
	fputs(usage, stderr);
	return 2;
}

static int
load_config(struct responder *r)
{
	AUTO(free) char *text = NULL;
	struct conf_error e = { 0 };
	int x = respondconf_read(r->config, &r->conf, &e);

	if (x == 0)
		return 0;
	if (x != -EINVAL)
		(void)conf_error(&e, 0, "cannot be read: %s", strerror(-x));
	text = conf_error_text(&e, r->config);
	fprintf(stderr, "responder: %s\n", text != NULL ? text : r->config);
	return x;
}

/* The folder above has to be ours alone: what is removed from it is removed by
 * root. */
static int
check_queue(const struct responder *r)
{
	struct stat st;

	if (stat(r->queue, &st) < 0)
		return -errno;
	return st.st_uid == 0 && (st.st_mode & 022) == 0 ? 0 : -EPERM;
}

static int
respond(struct responder *r)
{
	AUTO(settings_free) struct settings *host = NULL;
	struct conf_error e = { 0 };
	int x;

	if ((host = settings_load_host(&e)) == NULL) {
		fprintf(stderr, "responder: %s\n", e.what);
		return 3;
	}
	if ((x = check_queue(r)) < 0) {
		fprintf(stderr, "responder: cannot use the queue '%s': %s\n",
		    r->queue,
		    x == -EPERM ? "it has to be root's, writable by nobody else"
				: strerror(-x));
		return 3;
	}
	eventsink_init(&r->sink, host, EMITTER);
	r->sink.spool_max_bytes = EVENTSINK_SPOOL_MAX_BYTES;
	r->actor =
	    (struct actor){ .conf = &r->conf, .host = host, .sink = &r->sink };
	run(r);
	eventsink_clear(&r->sink);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct sigaction end = { .sa_handler = on_signal };
	static struct responder r = { .config = CS_RESPOND,
		.queue = CS_RESPOND_QUEUE };
	int x;

	if ((x = read_options(&r, argc, argv)) >= 0)
		return x;
	if (sodium_init() < 0)
		return 3;
	openlog("countersign-responder", LOG_PID, LOG_DAEMON);
	(void)umask(077);
	(void)sigaction(SIGTERM, &end, NULL);
	(void)sigaction(SIGINT, &end, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (load_config(&r) < 0)
		return 2;
	x = r.is_check ? 0 : respond(&r);
	respondconf_clear(&r.conf);
	return x;
}
