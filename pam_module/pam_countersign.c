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
#include "shells.h"

#define SERVICE	  "sshd"
#define DATA_NAME "countersign_keeper"

/* Only what pam_countersign.map names is exported. */
int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
    const char **argv);
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
    const char **argv);

/* What the first line of the stack leaves for the last, and for the close. */
struct keeper_link {
	int fd; /* -1: a break-glass login without a keeper */
	bool is_break_glass;
	struct uuid connection;
};

/* The descriptor stays open in the monitor and the post-auth sshd: its end
 * tells the keeper that both are gone. */
static void
link_free(pam_handle_t *pamh, void *data, int status)
{
	struct keeper_link *link = data;

	(void)pamh;
	(void)status;
	if (link->fd >= 0)
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

/* What the role allows, for the keeper to keep. Break-glass is exempt. */
static struct keeper_limits
limits_of(const struct login *l)
{
	const struct access *a = &l->decision.access;
	struct keeper_limits limits = { 0 };

	if (l->break_glass != REASON_NONE)
		return limits;
	/* Not the certificate's end: max_session_ttl may come first. */
	if (a->options.disconnect_expired_cert)
		limits.expires_s = a->expires_s;
	limits.max_connection_s = a->options.max_connection_time_s;
	limits.max_sessions = a->options.max_sessions;
	limits.max_connections = a->options.max_connections;
	limits.idle_s = a->options.idle_timeout_s;
	limits.record_exec_max_bytes = a->options.record_exec_max_bytes;
	limits.record_strict = a->options.record_strict;
	limits.record_input = a->options.record_input;
	limits.trace_required = a->options.enhanced_required;
	limits.survivors_kill = a->options.survivors_kill;
	limits.no_file_copy = !a->options.file_copy;
	return limits;
}

/* Borrows from l and f: not to be cleared. */
static void
fill_hello(const struct login *l, const struct refusal *f,
    struct keeper_hello *h)
{
	const struct cert *c = f->cert;

	*h = (struct keeper_hello){ .user = (char *)(uintptr_t)login_user(l),
		.login = (char *)(uintptr_t)l->name,
		.shell = (char *)(uintptr_t)l->shell,
		.auth_method = l->auth.method,
		.fingerprint = (char *)(uintptr_t)f->fingerprint,
		.command = l->decision.access.options.force_command,
		.addr_remote = (char *)(uintptr_t)l->addresses.remote,
		.addr_local = (char *)(uintptr_t)l->addresses.local,
		.roles = l->decision.roles,
		.serial = c != NULL ? c->serial : 0,
		.cert_expires_s = c != NULL ? c->valid_before : 0,
		.limits = limits_of(l),
		.uid = l->uid,
		.audit_session_id = l->audit_session_id };
	/* A lock that comes later ends the connection; not a break-glass one. */
	if (c != NULL && l->break_glass == REASON_NONE) {
		h->cert = c->blob;
		h->cert_len = c->len;
	}
	if (l->break_glass != REASON_NONE)
		h->break_glass = (char *)(uintptr_t)reason_name(l->break_glass);
}

/* 0; -errno; -EUSERS with the keeper's words if it wants no such connection. */
static int
greet(int fd, struct login *l)
{
	struct keeper_message hello = { .type = KEEPERMSG_HELLO }, answer;
	char ca[SSHKEY_FINGERPRINT_MAX] = "";
	struct refusal f;
	int r;

	refusal_init(&f, l->auth.cert, REASON_NONE, NULL);
	fill_hello(l, &f, &hello.u.hello);
	if (f.cert != NULL) {
		sshkey_fingerprint(f.cert->ca, f.cert->ca_len, ca);
		hello.u.hello.ca_fingerprint = ca;
	}
	r = keepermsg_send_fds(fd, &hello, &l->addresses.fd,
	    l->addresses.fd >= 0 ? 1 : 0);
	refusal_clear(&f);
	if (r < 0 || (r = keepermsg_receive(fd, &answer)) < 0)
		return r;
	r = answer.type == KEEPERMSG_READY ? 0 : -EBADMSG;
	if (answer.type == KEEPERMSG_DENIED) {
		conf_error(&l->error, 0, "%s", answer.u.denied);
		r = -EUSERS;
	}
	if (answer.type == KEEPERMSG_UNTRACED)
		r = -EOPNOTSUPP;
	keepermsg_clear(&answer);
	return r;
}

/* A socket whose keeper supervises this connection, or -errno. */
static int
start_keeper(struct login *l)
{
	const struct settings *s = l->host.settings;
	char path[PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "%s/" KEEPER_SOCKET, s->run_dir);
	fd = keepermsg_connect(path, (unsigned)s->keeper_timeout_s * 1000);
	if (fd < 0)
		return fd;
	if ((r = greet(fd, l)) < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* Takes fd, which may be -1. */
static int
keep_link(pam_handle_t *pamh, const struct login *l, int fd)
{
	struct keeper_link *link = malloc(sizeof(*link));

	if (link != NULL) {
		*link = (struct keeper_link){ fd, l->break_glass != REASON_NONE,
			l->connection };
		if (pam_set_data(pamh, DATA_NAME, link, link_free) ==
		    PAM_SUCCESS)
			return 0;
		free(link);
	}
	if (fd >= 0)
		close(fd);
	return -ENOMEM;
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
	event_string(&ev, "reason", reason_name(l->break_glass));
	event_string(&ev, "error", reason_text(REASON_KEEPER));
	send_event(l, &ev);
}

/* Loud, like break-glass: what is in force is what was right a while ago. */
static void
report_stale(const struct login *l)
{
	struct event_context ctx = context_of(l);
	char end[CLOCK_TEXT_MAX], text[128];
	struct event ev;

	snprintf(text, sizeof(text),
	    "let in by a policy that has expired at %s, in its grace "
	    "(StalePolicy)",
	    clock_rfc3339(l->host.policy.expires_s, end));
	event_init(&ev, &ctx, "policy.update", "CS030W");
	event_uint(&ev, "version", l->host.policy.version);
	event_string(&ev, "error", text);
	send_event(l, &ev);
}

/* What the role demands, on this host and for this account. */
static enum reason
check_demands(struct login *l)
{
	const struct role_options *o = &l->decision.access.options;

	if (o->record_strict && !is_closed_shell(l->shell)) {
		conf_error(&l->error, 0,
		    "%s: '%s' (bash, dash, zsh and fish cannot)",
		    reason_text(REASON_BYPASSABLE_SHELL), l->shell);
		return REASON_BYPASSABLE_SHELL;
	}
	/* What cannot be found cannot be ended. */
	if (o->survivors_kill && l->audit_session_id == UINT32_MAX) {
		conf_error(&l->error, 0,
		    "the role has survivors killed, and there is no audit "
		    "session to know them by: is pam_loginuid before "
		    "pam_countersign?");
		return REASON_NOT_ENFORCED;
	}
	return REASON_NONE;
}

static enum reason
open_connection(pam_handle_t *pamh, struct login *l)
{
	enum reason reason;
	int fd;

	if ((reason = login_judge(pamh, l)) != REASON_NONE)
		return reason;
	if (l->break_glass == REASON_NONE &&
	    (reason = check_demands(l)) != REASON_NONE)
		return reason;
	if ((fd = start_keeper(l)) == -EUSERS)
		return REASON_MAX_CONNECTIONS;
	if (fd == -EOPNOTSUPP)
		return REASON_NOT_TRACED;
	if (fd < 0) {
		if (l->break_glass == REASON_NONE) {
			conf_error(&l->error, 0, "%s: %s",
			    reason_text(REASON_KEEPER), strerror(-fd));
			return REASON_KEEPER;
		}
		report_unsupervised(l);
		fd = -1;
	}
	if (l->decision.is_stale)
		report_stale(l);
	return keep_link(pamh, l, fd) < 0 ? REASON_INTERNAL : REASON_NONE;
}

/* The first line: who is it, before any module has read a file of theirs. */
static int
open_identity(pam_handle_t *pamh)
{
	AUTO_CLEAR(login_clear) struct login l = { 0 };
	const void *data = NULL;
	enum reason reason;

	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS) {
		(void)login_judge(pamh, &l);
		conf_error(&l.error, 0,
		    "pam_countersign stands twice in the PAM stack");
		return refuse(pamh, &l, REASON_INTERNAL);
	}
	if ((reason = open_connection(pamh, &l)) != REASON_NONE)
		return refuse(pamh, &l, reason);
	return PAM_SUCCESS;
}

static int
put_connection(pam_handle_t *pamh, const struct keeper_link *link)
{
	char text[sizeof(CONNECTION_VARIABLE) + 1 + UUID_TEXT_LEN];

	snprintf(text, sizeof(text), CONNECTION_VARIABLE "=%s",
	    link->connection.text);
	return pam_putenv(pamh, text) == PAM_SUCCESS ? 0 : -ENOMEM;
}

static int
hand_over_environment(pam_handle_t *pamh, const struct keeper_link *link)
{
	struct keeper_message m = { .type = KEEPERMSG_ENVIRONMENT };
	int r = 0;

	/* A break-glass login has a plain sshd's environment. */
	if (!link->is_break_glass)
		r = environment_take(pamh, &m.u.environment);
	if (r == 0)
		r = put_connection(pamh, link);
	if (r == 0 && link->fd >= 0)
		r = keepermsg_send(link->fd, &m);
	keepermsg_clear(&m);
	return link->is_break_glass ? 0 : r;
}

/* The last line: what the modules between have set, of the user's making. */
static int
open_environment(pam_handle_t *pamh)
{
	AUTO_CLEAR(login_clear) struct login l = { 0 };
	const void *data = NULL;
	int r = -ENOENT;

	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS && data != NULL)
		r = hand_over_environment(pamh, data);
	if (r == 0)
		return PAM_SUCCESS;
	(void)login_judge(pamh, &l);
	conf_error(&l.error, 0,
	    r == -ENOENT ? "the first pam_countersign line is missing"
			 : "the environment cannot be handed over: %s",
	    strerror(-r));
	return refuse(pamh, &l, REASON_INTERNAL);
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	if (!is_sshd(pamh))
		return PAM_IGNORE;
	if (argc == 0)
		return open_identity(pamh);
	if (argc == 1 && strcmp(argv[0], "environment") == 0)
		return open_environment(pamh);
	pam_syslog(pamh, LOG_ERR, "the only argument is 'environment'");
	kill(getpid(), SIGTERM);
	return PAM_SESSION_ERR;
}

int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct keeper_message bye = { .type = KEEPERMSG_BYE };
	const void *data = NULL;

	(void)flags;
	(void)argv;
	/* Once, though the stack has two lines. */
	if (argc > 0 || !is_sshd(pamh))
		return PAM_IGNORE;
	/* The keeper sees the end by itself as well. */
	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS &&
	    data != NULL && ((const struct keeper_link *)data)->fd >= 0)
		(void)keepermsg_send(((const struct keeper_link *)data)->fd,
		    &bye);
	return PAM_SUCCESS;
}
