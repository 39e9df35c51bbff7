/* SPDX-License-Identifier: ISC */
/* countersign-responder(8): does what rules ask for about what they find, as far
 * as this host lets them. Root, without a network: the detector has neither. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act.h"
#include "alertqueue.h"
#include "auto.h"
#include "clock.h"
#include "daemon.h"
#include "parse.h"

DEFINE_AUTO(settings_free, struct settings)

#define EMITTER	    "respond"
#define BATCH	    256
#define LOOK_MS	    100
#define AGAIN_MS    5000
#define TIDY_MS	    60000
#define PENDING_MAX 256
#define ORDERS_MAX  8

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

static void complain(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Nobody who does not read it holds this up: see main. */
static void
complain(const char *fmt, ...)
{
	va_list ap;

	fputs("responder: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* An alert of which something has failed, or still runs: what of it is done is
 * not done again. */
struct pending {
	char name[ALERTQUEUE_NAME_MAX];
	uint64_t next_ms;
	unsigned done, told, running; /* bits by number */
};

struct responder {
	const char *config, *queue;
	bool is_once, is_check, is_named; /* the configuration is */
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

/* Is there one left that may be possible later, or that runs? */
static bool
do_all(struct responder *r, json_t *alert, const char *name, struct pending *p)
{
	enum act_outcome out;
	char why[ACT_WHY_MAX];
	bool is_left = false;
	struct order o;
	unsigned bit;
	size_t i;
	int x;

	for (i = 0;
	     i < ORDERS_MAX && (x = order_read(alert, name, i, &o)) != -ENOENT;
	     i++) {
		bit = 1U << i;
		if (x < 0 && (p->told & bit) == 0)
			complain("'%s' asks for what is no response", name);
		is_left = is_left || (p->running & bit) != 0;
		if (x < 0 || ((p->done | p->running) & bit) != 0) {
			p->told |= bit;
			continue;
		}
		out = act(&r->actor, &o, why);
		if (out == ACT_STARTED)
			p->running |= bit;
		else if (out != ACT_FAILED)
			p->done |= bit;
		is_left = is_left || out == ACT_STARTED || out == ACT_FAILED;
		/* What fails again and again is told once. */
		if (out != ACT_FAILED || (p->told & bit) == 0)
			tell(r, &o, out, why);
		p->told |= bit;
	}
	return is_left;
}

/* Out of the queue, whatever it was. */
static bool
take_out(struct responder *r, const char *name)
{
	int x = alertqueue_remove(r->queue, "new", name);

	if (x < 0 && x != -ENOENT)
		complain("cannot remove '%s': %s", name, strerror(-x));
	forget_pending(r, name);
	return true;
}

/* The one that has waited longest goes, so that it holds nobody up. */
static void
give_up_one(struct responder *r)
{
	AUTO(free) char *text = NULL;
	json_auto_t *alert = NULL;
	struct pending *oldest = NULL, *p;
	char name[ALERTQUEUE_NAME_MAX];
	struct order o;
	size_t i, len;

	for (p = r->pending; p < r->pending + r->n_pending; p++)
		if (p->running == 0 &&
		    (oldest == NULL || strcmp(p->name, oldest->name) < 0))
			oldest = p;
	if (oldest == NULL)
		return;
	(void)snprintf(name, sizeof(name), "%s", oldest->name);
	if (alertqueue_read(r->queue, "new", name, &text, &len) == 0)
		alert = json_loadb(text, len, 0, NULL);
	for (i = 0; alert != NULL && i < ORDERS_MAX; i++)
		if ((oldest->done >> i & 1) == 0 &&
		    order_read(alert, name, i, &o) == 0) {
			(void)snprintf(o.target, sizeof(o.target), "%s",
			    o.what);
			tell(r, &o, ACT_REFUSED,
			    "given up: too many others wait");
		}
	(void)take_out(r, name);
}

static void
keep_for_later(struct responder *r, const struct pending *p, const char *name)
{
	struct pending *kept = find_pending(r, name);

	if (kept == NULL && r->n_pending == PENDING_MAX)
		give_up_one(r);
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

	if (strlen(name) >= ALERTQUEUE_NAME_MAX)
		return take_out(r, name);
	if (known != NULL)
		p = *known;
	x = alertqueue_read(r->queue, "new", name, &text, &len);
	if (x == 0)
		alert = json_loadb(text, len, 0, NULL);
	if (x == -ENOMEM || x == -EIO || x == -EMFILE || x == -ENFILE) {
		keep_for_later(r, &p, name);
		return false;
	}
	if (alert == NULL && x != -ENOENT)
		complain("'%s' is no alert: thrown away", name);
	else if (alert != NULL && do_all(r, alert, name, &p)) {
		keep_for_later(r, &p, name);
		return false;
	}
	return take_out(r, name);
}

static bool
is_due(struct responder *r, const char *name)
{
	const struct pending *p = find_pending(r, name);

	return p == NULL || clock_boot_ms() >= p->next_ms;
}

/* How many, or -errno. Those that wait hold nobody up. */
static int
take_all(struct responder *r)
{
	struct strv names;
	size_t i, tried = 0;
	int n = 0, x = alertqueue_list(r->queue, "new", SIZE_MAX, &names);

	if (x < 0)
		return x;
	for (i = 0; i < names.n && tried < BATCH && !daemon_is_ending(); i++)
		if (is_due(r, names.v[i])) {
			n += take(r, names.v[i]);
			tried++;
		}
	if (names.n == 0)
		r->n_pending = 0; /* somebody has removed them */
	strv_clear(&names);
	return n;
}

/* A command has ended: only now its alert is done with. */
static void
take_ended(void *context, const struct order *o, enum act_outcome out,
    const char *why)
{
	struct responder *r = context;
	struct pending *p = find_pending(r, o->file);

	tell(r, o, out, why);
	if (p == NULL)
		return;
	p->running &= ~(1U << o->number);
	p->done |= 1U << o->number;
	p->next_ms = 0;
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

static int
run(struct responder *r)
{
	int n = 0;

	do {
		if (clock_boot_ms() - r->tidied_ms >= TIDY_MS) {
			(void)act_tidy_locks(&r->actor);
			r->tidied_ms = clock_boot_ms();
		}
		act_reap(&r->actor, take_ended, r);
		n = take_all(r);
		(void)eventsink_flush(&r->sink);
		if (n <= 0 && (!r->is_once || has_runs(r)))
			(void)poll(NULL, 0, n < 0 ? AGAIN_MS : LOOK_MS);
	} while (!daemon_is_ending() && (!r->is_once || n > 0 || has_runs(r)));
	return r->is_once ? n : 0;
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
		if (opt == 'c') {
			r->config = optarg;
			r->is_named = true;
		} else if (opt == 'q')
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
	struct conf_error e = { 0 };
	int x = respondconf_read(r->config, &r->conf, &e);

	/* The usual place may be empty. */
	if (x == 0 && r->is_named && access(r->config, F_OK) < 0)
		x = -errno;
	return x == 0 ? 0 : daemon_refuse("responder", r->config, x, &e);
}

/* The folder above has to be ours alone: what is removed from it is removed by
 * root. */
static int
check_queue(const struct responder *r)
{
	struct strv names = { 0 };
	struct stat st;
	int x;

	if (stat(r->queue, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		return -EPERM;
	/* Can it be read at all? */
	x = alertqueue_list(r->queue, "new", 0, &names);
	strv_clear(&names);
	return x;
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
	x = run(r);
	eventsink_clear(&r->sink);
	if (x < 0)
		complain("cannot read the queue '%s': %s", r->queue,
		    strerror(-x));
	return x < 0 ? 3 : 0;
}

/* Of a journal that hangs; of a terminal it is also others'. */
static void
do_not_wait_for_stderr(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)fcntl(STDERR_FILENO, F_SETFL,
		    fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
}

int
main(int argc, char **argv)
{
	static struct responder r = { .config = CS_RESPOND,
		.queue = CS_RESPOND_QUEUE };
	int x;

	if ((x = read_options(&r, argc, argv)) >= 0)
		return x;
	if (sodium_init() < 0)
		return 3;
	do_not_wait_for_stderr();
	(void)umask(077);
	daemon_catch_end();
	(void)signal(SIGPIPE, SIG_IGN);
	if (load_config(&r) < 0)
		return 2;
	x = r.is_check ? 0 : respond(&r);
	respondconf_clear(&r.conf);
	return x;
}
