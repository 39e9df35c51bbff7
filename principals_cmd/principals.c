/* SPDX-License-Identifier: ISC */
/* sshd's AuthorizedPrincipalsCommand: one line for a certificate that may be
 * this login, nothing for one that may not. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "auto.h"
#include "eventsink.h"
#include "host.h"

#define DEADLINE_S 2

static void
give_up(int sig)
{
	(void)sig;
	/* Not 0: sshd then logs that the command failed, and refuses. */
	_exit(1);
}

/* sshd would wait for LoginGraceTime, two minutes. */
static void
arm_deadline(void)
{
	struct itimerval limit = { .it_value.tv_sec = DEADLINE_S };

	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, give_up);
	setitimer(ITIMER_REAL, &limit, NULL);
}

/* In one write: sshd may have closed the pipe, and half a line is a wrong one.
 */
static bool
print_line(const struct decision *d)
{
	AUTO(free) char *line = NULL, *text = NULL;
	int n;

	/* gmtime_r(3) reads /etc/localtime unless it is told otherwise. */
	setenv("TZ", "UTC0", 1);
	line = decision_line(d);
	if (line == NULL || (n = asprintf(&text, "%s\n", line)) < 0)
		return false;
	return write(STDOUT_FILENO, text, (size_t)n) == n;
}

static void
report(const struct host *h, const struct cert *cert, const char *login,
    enum reason reason, const char *detail)
{
	struct event_context ctx = { .host = h->settings,
		.emitter = "principals",
		.login = login };
	struct refusal refused;
	struct eventsink sink;
	struct uuid connection;
	struct event ev;

	/* sshd's monitor is the parent (docs/ARCHITECTURE.md). */
	if (uuid_of_connection(getppid(), &connection) == 0)
		ctx.connection_id = connection.text;
	if (host_trusts(h, cert))
		ctx.user = cert->key_id;
	refusal_init(&refused, cert, reason, detail);
	refusal_event(&ev, &ctx, &refused, "auth", "T3007W");
	eventsink_init(&sink, h->settings, "principals");
	eventsink_send(&sink, &ev);
	eventsink_clear(&sink);
	refusal_clear(&refused);
}

static enum reason
answer(struct host *h, const struct cert *cert, const char *login,
    struct conf_error *detail)
{
	AUTO_CLEAR(decision_clear) struct decision d = { 0 };

	host_decide(h, cert, login, &d);
	if (d.verdict == ALLOW)
		return print_line(&d) ? REASON_NONE : REASON_INTERNAL;
	if (d.detail != NULL)
		conf_error(detail, 0, "%s", d.detail);
	return d.reason;
}

int
main(int argc, char **argv)
{
	struct conf_error e = { 0 };
	struct cert *cert = NULL;
	struct host h = { 0 };
	enum reason reason;

	arm_deadline();
	if (argc != 3) {
		fputs("usage: principals LOGIN CERT-BASE64\n"
		      "For sshd_config: AuthorizedPrincipalsCommand "
		      "/usr/libexec/countersign/principals %u %k\n",
		    stderr);
		return 2;
	}
	reason = host_load(&h, 0, &e);
	if (h.settings == NULL)
		return 1;
	if (cert_parse_base64(argv[2], &cert) < 0 && reason == REASON_NONE)
		reason = REASON_BAD_CERTIFICATE;
	if (reason == REASON_NONE)
		reason = answer(&h, cert, argv[1], &e);
	if (reason != REASON_NONE)
		report(&h, cert, argv[1], reason, e.what);
	/* A login waits: the kernel frees faster than we do. */
	_exit(0);
}
