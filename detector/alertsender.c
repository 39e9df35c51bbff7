/* SPDX-License-Identifier: ISC */
/* countersign-alert-sender(8): takes alerts out of the queue to where they are to
 * go. One process hands them out to the routes' folders, and each route has a
 * process of its own: a receiver that is down holds up nobody else's. */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "alertqueue.h"
#include "auto.h"
#include "daemon.h"
#include "deliver.h"
#include "routes.h"

#define BATCH	    256
#define LOOK_MS	    200
#define BACKOFF_MIN 1
#define BACKOFF_MAX 300

static const char usage[] =
    "usage: alert-sender [--routes FILE] [--queue DIR] [--once]\n"
    "\n"
    "Delivers the alerts that countersign-detect run --queue DIR has put there, by\n"
    "the routes (countersign-routes(5)).\n"
    "\n"
    "  --routes FILE  instead of " CS_ROUTES "\n"
    "  --queue DIR    instead of " CS_QUEUE "\n"
    "  --once         ends when there is nothing more to do or to be tried now\n"
    "Exit status: 0 done, 2 usage or a wrong routes file, 3 the queue cannot be used.\n";

struct sender {
	const char *routes_path, *queue;
	bool is_once;
	struct routes routes;
	pid_t *children; /* by route */
};

/* ---- one route ----------------------------------------------------------------- */

struct outcome {
	bool is_down; /* nothing more can be delivered now */
	unsigned wait_s;
};

/* Whether it is out of the way. */
static bool
bury(const struct sender *s, const char *from, const char *file,
    const char *why)
{
	char dead[ALERTQUEUE_NAME_MAX + 8];

	(void)snprintf(dead, sizeof(dead), "dead/%s", from);
	syslog(LOG_WARNING, "%s: refused: %s: kept in %s/%s/%s", from, why,
	    s->queue, dead, file);
	/* Where it cannot be kept it stays where it is. */
	return alertqueue_link(s->queue, from, dead, file) == 0 &&
	    alertqueue_remove(s->queue, from, file) == 0;
}

/* Done with it, or not now. */
static bool
deliver_one(const struct sender *s, const struct route *r, const char *file,
    struct outcome *o)
{
	AUTO(free) char *text = NULL;
	json_auto_t *alert = NULL;
	char why[DELIVER_WHY_MAX] = "it cannot be read";
	bool is_done = false;
	size_t len;
	int x = alertqueue_read(s->queue, r->name, file, &text, &len);

	if (x == -EFBIG ||
	    (x == 0 && (alert = json_loadb(text, len, 0, NULL)) == NULL))
		is_done = bury(s, r->name, file, "it is no alert");
	else if (x == 0)
		switch (deliver(r, alert, text, len, why, &o->wait_s)) {
		case DELIVERED:
		case DELIVERY_NOTHING:
			is_done =
			    alertqueue_remove(s->queue, r->name, file) == 0;
			break;
		case DELIVERY_REFUSED:
			is_done = bury(s, r->name, file, why);
			break;
		case DELIVERY_LATER:
			break;
		}
	if (is_done)
		return true;
	syslog(LOG_NOTICE, "route %s: not now: %s", r->name, why);
	o->is_down = true;
	return false;
}

/* How many were delivered. */
static size_t
deliver_all(const struct sender *s, const struct route *r, struct outcome *o)
{
	struct strv files;
	size_t i;

	*o = (struct outcome){ 0 };
	if (alertqueue_list(s->queue, r->name, BATCH, &files) < 0) {
		o->is_down = true;
		return 0;
	}
	for (i = 0; i < files.n && !daemon_is_ending(); i++)
		if (!deliver_one(s, r, files.v[i], o))
			break;
	strv_clear(&files);
	return i;
}

static void
pause_ms(unsigned long ms)
{
	/* A signal ends it. */
	(void)poll(NULL, 0, (int)ms);
}

static void
run_route(const struct sender *s, const struct route *r)
{
	unsigned backoff = BACKOFF_MIN, wait;
	struct outcome o;
	size_t n;

	while (!daemon_is_ending()) {
		n = deliver_all(s, r, &o);
		if (s->is_once && (n == 0 || o.is_down))
			return;
		if (n > 0)
			backoff = BACKOFF_MIN;
		if (o.is_down) {
			wait = o.wait_s > backoff ? o.wait_s : backoff;
			wait = wait < BACKOFF_MAX ? wait : BACKOFF_MAX;
			pause_ms(wait * 1000UL + randombytes_uniform(1000));
			backoff = backoff * 2 < BACKOFF_MAX ? backoff * 2
							    : BACKOFF_MAX;
		} else if (n == 0)
			pause_ms(LOOK_MS);
	}
}

/* ---- handing out ------------------------------------------------------------------ */

/* Into the folder of each route that it is for, and then out of `new`: whatever
 * is killed in between, it is done again, and nothing is there twice. */
static int
hand_out(const struct sender *s, const char *file)
{
	AUTO(free) char *text = NULL;
	json_auto_t *alert = NULL;
	size_t i, len;
	int r = alertqueue_read(s->queue, "new", file, &text, &len);

	if (r == -EFBIG ||
	    (r == 0 && (alert = json_loadb(text, len, 0, NULL)) == NULL))
		return bury(s, "new", file, "it is no alert") ? 0 : -EIO;
	for (i = 0; r == 0 && i < s->routes.n; i++)
		if (route_takes(&s->routes.v[i], alert))
			r = alertqueue_link(s->queue, "new",
			    s->routes.v[i].name, file);
	return r < 0 ? r : alertqueue_remove(s->queue, "new", file);
}

/* How many there were, or -errno. One that cannot be handed out is left, and the
 * others go. */
static int
hand_out_all(const struct sender *s)
{
	struct strv files;
	size_t i;
	int r = alertqueue_list(s->queue, "new", BATCH, &files), x, n = 0;

	if (r < 0)
		return r;
	for (i = 0; i < files.n; i++) {
		x = hand_out(s, files.v[i]);
		n += x == 0;
		if (x < 0) {
			syslog(LOG_ERR, "cannot hand out '%s': %s", files.v[i],
			    strerror(-x));
			r = x;
		}
	}
	strv_clear(&files);
	return n > 0 ? n : r;
}

static void
start_route(struct sender *s, size_t i)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == parent)
			run_route(s, &s->routes.v[i]);
		_exit(0);
	}
	s->children[i] = pid;
}

/* One that has died is started again; --once: that has ended is done. */
static size_t
look_after(struct sender *s, bool restarts)
{
	size_t i, running = 0;
	int status;

	for (i = 0; i < s->routes.n; i++) {
		if (s->children[i] > 0 &&
		    waitpid(s->children[i], &status, WNOHANG) == s->children[i])
			s->children[i] = 0;
		if (s->children[i] <= 0 && restarts)
			start_route(s, i);
		running += s->children[i] > 0;
	}
	return running;
}

static int
prepare(const struct sender *s)
{
	char dead[ALERTQUEUE_NAME_MAX + 8];
	size_t i;
	int r;

	if ((r = alertqueue_make(s->queue, "new")) < 0 ||
	    (r = alertqueue_make(s->queue, "dead")) < 0 ||
	    (r = alertqueue_make(s->queue, "dead/new")) < 0)
		return r;
	for (i = 0; i < s->routes.n; i++) {
		(void)snprintf(dead, sizeof(dead), "dead/%s",
		    s->routes.v[i].name);
		if ((r = alertqueue_make(s->queue, s->routes.v[i].name)) < 0 ||
		    (r = alertqueue_make(s->queue, dead)) < 0)
			return r;
	}
	return 0;
}

static void
run(struct sender *s)
{
	int n;

	if (s->is_once) {
		while (hand_out_all(s) > 0)
			;
		(void)look_after(s, true);
		while (look_after(s, false) > 0 && !daemon_is_ending())
			pause_ms(20);
		return;
	}
	while (!daemon_is_ending()) {
		(void)look_after(s, true);
		n = hand_out_all(s);
		pause_ms(n > 0 ? 0 : n < 0 ? 5000 : LOOK_MS);
	}
}

static int
read_options(struct sender *s, int argc, char **argv)
{
	static const struct option longs[] = { { "routes", required_argument,
						   NULL, 'r' },
		{ "queue", required_argument, NULL, 'q' },
		{ "once", no_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (opt == 'r')
			s->routes_path = optarg;
		else if (opt == 'q')
			s->queue = optarg;
		else if (opt == 'o')
			s->is_once = true;
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
load_routes(struct sender *s)
{
	struct conf_error e = { 0 };
	int r = routes_read(s->routes_path, &s->routes, &e);

	if (r == 0) {
		s->children = calloc(s->routes.n + 1, sizeof(*s->children));
		return s->children == NULL ? -ENOMEM : 0;
	}
	return daemon_refuse("alert-sender", s->routes_path, r, &e);
}

int
main(int argc, char **argv)
{
	struct sender s = { .routes_path = CS_ROUTES, .queue = CS_QUEUE };
	int r;

	if ((r = read_options(&s, argc, argv)) >= 0)
		return r;
	if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 3;
	openlog("countersign-alert-sender", LOG_PID, LOG_DAEMON);
	(void)umask(077);
	daemon_catch_end();
	(void)signal(SIGPIPE, SIG_IGN);
	if (load_routes(&s) < 0)
		return 2;
	if ((r = prepare(&s)) < 0) {
		fprintf(stderr, "alert-sender: cannot use the queue '%s': %s\n",
		    s.queue, strerror(-r));
		return 3;
	}
	run(&s);
	free(s.children);
	routes_clear(&s.routes);
	curl_global_cleanup();
	return 0;
}
