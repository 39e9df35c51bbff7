/* SPDX-License-Identifier: ISC */
/* pam_countersign(8): sshd's PAM session is the connection's identity. */
#include <errno.h>
#include <limits.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "auto.h"
#include "environment.h"
#include "eventsink.h"
#include "keepermsg.h"
#include "login.h"

#define SERVICE	  "sshd"
#define DATA_NAME "countersign_keeper"

/* Only what pam_countersign.map names is exported. */
int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
    const char **argv);
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
    const char **argv);

struct keeper_link {
	int fd;
};

/* The descriptor stays open in the monitor and the post-auth sshd: its end
 * tells the keeper that both are gone. */
static void
link_free(pam_handle_t *pamh, void *data, int status)
{
	struct keeper_link *link = data;

	(void)pamh;
	(void)status;
	close(link->fd);
	free(link);
}

static bool
is_sshd(pam_handle_t *pamh)
{
	const void *service = NULL;

	return pam_get_item(pamh, PAM_SERVICE, &service) == PAM_SUCCESS &&
	    service != NULL && strcmp(service, SERVICE) == 0;
}

static struct event_context
context_of(const struct login *l)
{
	return (struct event_context){ .host = l->host.settings,
		.emitter = "pam",
		.user = login_user(l),
		.login = l->name,
		.connection_id =
		    l->connection.text[0] != '\0' ? l->connection.text : NULL,
		.audit_session_id = &l->audit_session_id };
}

static void
send_event(const struct login *l, const struct event *ev)
{
	struct eventsink sink;

	eventsink_init(&sink, l->host.settings, "pam");
	eventsink_send(&sink, ev);
	eventsink_clear(&sink);
}

static void
report_refusal(const struct login *l, enum reason reason)
{
	struct event_context ctx = context_of(l);
	struct refusal f;
	struct event ev;

	refusal_init(&f, l->auth.cert, reason, l->error.what);
	refusal_event(&ev, &ctx, &f, "session.rejected", "T1006W");
	if (l->addresses.remote[0] != '\0')
		event_string(&ev, "addr.remote", l->addresses.remote);
	send_event(l, &ev);
	refusal_clear(&f);
}

/*
 * A session that PAM did not open leaves the connection: forwardings of a
 * client with -N would be granted. sshd has not forked yet: ending this process
 * ends the connection.
 */
static int
refuse(pam_handle_t *pamh, const struct login *l, enum reason reason)
{
	if (l->host.settings != NULL)
		report_refusal(l, reason);
	pam_syslog(pamh, LOG_WARNING, "%s: %s; ending the connection",
	    reason_name(reason),
	    l->error.what[0] != '\0' ? l->error.what : reason_text(reason));
	kill(getpid(), SIGTERM);
	return PAM_SESSION_ERR;
}

/* Borrows from l and f; only `roles` and `environment` are the message's. */
static void
fill_hello(const struct login *l, const struct refusal *f,
    const struct strv *environment, struct keeper_hello *h)
{
	const struct cert *c = f->cert;

	*h = (struct keeper_hello){ .user = (char *)(uintptr_t)login_user(l),
		.login = (char *)(uintptr_t)l->name,
		.shell = (char *)(uintptr_t)l->shell,
		.auth_method = l->auth.method,
		.fingerprint = (char *)(uintptr_t)f->fingerprint,
		.command = l->decision.access.command,
		.addr_remote = (char *)(uintptr_t)l->addresses.remote,
		.addr_local = (char *)(uintptr_t)l->addresses.local,
		.roles = l->decision.roles,
		.environment = *environment,
		.serial = c != NULL ? c->serial : 0,
		.cert_expires_s = c != NULL ? c->valid_before : 0,
		.uid = l->uid,
		.audit_session_id = l->audit_session_id,
		.is_break_glass = l->is_break_glass };
}

static int
greet(int fd, const struct login *l, const struct strv *environment)
{
	struct keeper_message hello = { .type = KEEPERMSG_HELLO }, answer;
	char ca[SSHKEY_FINGERPRINT_MAX] = "";
	struct refusal f;
	int r;

	refusal_init(&f, l->auth.cert, REASON_NONE, NULL);
	fill_hello(l, &f, environment, &hello.u.hello);
	if (f.cert != NULL) {
		sshkey_fingerprint(f.cert->ca, f.cert->ca_len, ca);
		hello.u.hello.ca_fingerprint = ca;
	}
	r = keepermsg_send(fd, &hello);
	refusal_clear(&f);
	if (r < 0 || (r = keepermsg_receive(fd, &answer)) < 0)
		return r;
	r = answer.type == KEEPERMSG_READY ? 0 : -EBADMSG;
	keepermsg_clear(&answer);
	return r;
}

static int
start_keeper(pam_handle_t *pamh, const struct login *l,
    const struct strv *environment)
{
	const struct settings *s = l->host.settings;
	AUTO(free) struct keeper_link *link = malloc(sizeof(*link));
	AUTO(close) int fd = -1;
	char path[PATH_MAX];
	int r;

	if (link == NULL)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/" KEEPER_SOCKET, s->run_dir);
	fd = keepermsg_connect(path, (unsigned)s->keeper_timeout_s * 1000);
	if (fd < 0)
		return fd;
	if ((r = greet(fd, l, environment)) < 0)
		return r;
	link->fd = fd;
	if (pam_set_data(pamh, DATA_NAME, link, link_free) != PAM_SUCCESS)
		return -ENOMEM;
	link = NULL;
	fd = -1;
	return 0;
}

/* The keeper writes connection.start; without one, break-glass does. */
static void
report_unsupervised(const struct login *l)
{
	struct event_context ctx = context_of(l);
	struct event ev;

	event_init(&ev, &ctx, "connection.start", "CS010W");
	event_string(&ev, "addr.remote", l->addresses.remote);
	event_string(&ev, "addr.local", l->addresses.local);
	event_bool(&ev, "break_glass", true);
	event_string(&ev, "error", reason_text(REASON_KEEPER));
	send_event(l, &ev);
}

static int
put_connection(pam_handle_t *pamh, const struct login *l)
{
	char text[sizeof(CONNECTION_VARIABLE) + 1 + UUID_TEXT_LEN];

	snprintf(text, sizeof(text), CONNECTION_VARIABLE "=%s",
	    l->connection.text);
	return pam_putenv(pamh, text) == PAM_SUCCESS ? 0 : -ENOMEM;
}

static enum reason
open_connection(pam_handle_t *pamh, struct login *l)
{
	AUTO_CLEAR(strv_clear) struct strv environment = { 0 };
	enum reason reason;
	int r;

	if ((reason = login_judge(pamh, l)) != REASON_NONE)
		return reason;
	if (environment_take(pamh, &environment) < 0 ||
	    put_connection(pamh, l) < 0)
		return REASON_INTERNAL;
	if ((r = start_keeper(pamh, l, &environment)) == 0)
		return REASON_NONE;
	if (l->is_break_glass) {
		report_unsupervised(l);
		return REASON_NONE;
	}
	conf_error(&l->error, 0, "%s: %s", reason_text(REASON_KEEPER),
	    strerror(-r));
	return REASON_KEEPER;
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	AUTO_CLEAR(login_clear) struct login l = { 0 };
	enum reason reason;

	(void)flags;
	(void)argv;
	if (!is_sshd(pamh))
		return PAM_IGNORE;
	if (argc > 0) {
		pam_syslog(pamh, LOG_ERR, "takes no arguments");
		return PAM_SESSION_ERR;
	}
	if ((reason = open_connection(pamh, &l)) != REASON_NONE)
		return refuse(pamh, &l, reason);
	return PAM_SUCCESS;
}

int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct keeper_message bye = { .type = KEEPERMSG_BYE };
	const void *data = NULL;

	(void)flags;
	(void)argc;
	(void)argv;
	if (!is_sshd(pamh))
		return PAM_IGNORE;
	/* The keeper sees the end by itself as well. */
	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS && data != NULL)
		(void)keepermsg_send(((const struct keeper_link *)data)->fd,
		    &bye);
	return PAM_SUCCESS;
}
