/* SPDX-License-Identifier: ISC */
/* sshd-events(8): rsyslog feeds it sshd's lines, "UID PID MESSAGE"; what sshd
 * refused by itself becomes an `auth` event, a forwarding a `port` event. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "eventsink.h"
#include "host.h"
#include "parse.h"
#include "portevents.h"
#include "proc.h"
#include "sshdlog.h"

DEFINE_AUTO(settings_free, struct settings)

#define INPUT_LINE_MAX 16384

/* A refusal that sshd gives no reason for: is it the CA? The file is read anew:
 * this program lives as long as rsyslog. */
static enum reason
reason_by_ca(const struct settings *host, const char *ca_fingerprint)
{
	AUTO_CLEAR(sshkey_list_clear) struct sshkey_list cas = { 0 };
	char fp[SSHKEY_FINGERPRINT_MAX];
	struct conf_error e;
	size_t i;

	if (host_load_cas(host->user_ca, 0, &cas, &e) < 0)
		return REASON_REFUSED_BY_SSHD;
	for (i = 0; i < cas.n; i++) {
		sshkey_fingerprint(cas.v[i].blob, cas.v[i].len, fp);
		if (strcmp(fp, ca_fingerprint) == 0)
			return REASON_REFUSED_BY_SSHD;
	}
	return REASON_CA_NOT_TRUSTED;
}

static const char *
if_any(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

static void
report(const struct settings *host, pid_t pid, struct sshd_refusal *f)
{
	struct event_context ctx = { .host = host,
		.emitter = "sshd",
		.login = if_any(f->login) };
	struct eventsink sink;
	struct uuid connection;
	struct event ev;

	if (f->reason == REASON_NONE)
		f->reason = reason_by_ca(host, f->ca_fingerprint);
	if (f->reason != REASON_CA_NOT_TRUSTED)
		ctx.user = if_any(f->user);
	/* As long as the process lives, which is mostly so. */
	if (uuid_of_connection(pid, &connection) == 0)
		ctx.connection_id = connection.text;
	event_init(&ev, &ctx, "auth", "T3007W");
	event_bool(&ev, "success", false);
	event_string(&ev, "reason", reason_name(f->reason));
	event_string(&ev, "error", reason_text(f->reason));
	if (ctx.user == NULL)
		event_string(&ev, "claimed_user", if_any(f->user));
	if (f->ca_fingerprint[0] != '\0') {
		event_uint(&ev, "serial", f->serial);
		event_string(&ev, "fingerprint", f->fingerprint);
		event_string(&ev, "ca_fingerprint", f->ca_fingerprint);
	}
	event_string(&ev, "addr.remote", f->address);
	eventsink_init(&sink, host, "sshd");
	eventsink_send(&sink, &ev);
	eventsink_clear(&sink);
}

/* A busy host reads a line when sshd has ended already. */
static struct sshdlog_process
process_of(pid_t pid)
{
	struct proc_stat st = { 0 };

	(void)proc_stat(pid, &st);
	return (struct sshdlog_process){ pid, st.start_ticks };
}

/* Of the user's own sshd come its forwardings, of root's the refusals: anybody
 * can call a program sshd. */
static void
take_line(struct sshdlog *log, struct portevents *ports, char *line)
{
	struct sshd_refusal refusal;
	struct sshdforward forward;
	char *uid, *pid;
	uint64_t u, p;

	uid = strsep(&line, " ");
	pid = strsep(&line, " ");
	if (line == NULL || parse_uint(uid, 0, UINT32_MAX, &u) < 0 ||
	    parse_uint(pid, 1, INT32_MAX, &p) < 0)
		return;
	if (*line == ' ')
		line++;
	if (sshdforward_line(line, &forward))
		portevents_take(ports, (pid_t)p, &forward);
	else if (u == 0 &&
	    sshdlog_line(log, process_of((pid_t)p), line, &refusal) == 1)
		report(ports->host, (pid_t)p, &refusal);
}

/* What was read of stdin and is no whole line yet. */
struct input {
	char bytes[INPUT_LINE_MAX];
	size_t n;
};

/* The lines that are there; one that is too long is passed over. */
static void
take_lines(struct input *in, struct sshdlog *log, struct portevents *ports)
{
	char *newline, *at = in->bytes;

	while ((newline = memchr(at, '\n', in->n - (size_t)(at - in->bytes))) !=
	    NULL) {
		*newline = '\0';
		take_line(log, ports, at);
		at = newline + 1;
	}
	in->n -= (size_t)(at - in->bytes);
	memmove(in->bytes, at, in->n);
	if (in->n == sizeof(in->bytes))
		in->n = 0;
}

static void
serve(struct portevents *ports)
{
	struct pollfd p = { STDIN_FILENO, POLLIN, 0 };
	struct sshdlog log = { 0 };
	struct input in = { .n = 0 };
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, portevents_due_ms(ports)) < 0 && errno != EINTR)
			return;
		portevents_flush(ports);
		if (p.revents == 0)
			continue;
		n = read(STDIN_FILENO, in.bytes + in.n,
		    sizeof(in.bytes) - in.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		in.n += (size_t)n;
		take_lines(&in, &log, ports);
	}
}

int
main(int argc, char **argv)
{
	AUTO(settings_free) struct settings *host = NULL;
	AUTO(free) struct portevents *ports = calloc(1, sizeof(*ports));
	struct conf_error e = { 0 };

	(void)argv;
	if (argc > 1) {
		fputs("usage: sshd-events <LINES (started by rsyslog)\n",
		    stderr);
		return 2;
	}
	if (ports == NULL || (host = settings_load_host(&e)) == NULL) {
		fprintf(stderr, "sshd-events: %s\n",
		    ports == NULL ? "out of memory" : e.what);
		return 1;
	}
	ports->host = host;
	/* rsyslog's, when logs are rotated: systemctl kill means all of its
	 * processes. */
	(void)signal(SIGHUP, SIG_IGN);
	serve(ports);
	return 0;
}
