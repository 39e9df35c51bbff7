/* SPDX-License-Identifier: ISC */
/* All that a decision needs from this host's disk. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "host.h"
#include "path.h"

DEFINE_AUTO(policy_free, struct policy)

int
host_load_cas(const char *path, uid_t trusted, struct sshkey_list *ret,
    struct conf_error *reterr)
{
	AUTO(free) char *text = NULL;
	size_t len, line = 0;
	int r;

	r = path_read_trusted(path, trusted, HOST_CA_MAX_BYTES, &text, &len);
	if (r < 0) {
		conf_error(reterr, 0, "cannot read '%s': %s", path,
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
		return r;
	}
	if ((r = sshkey_list_parse(text, ret, &line)) == -EINVAL)
		conf_error(reterr, line, "%s:%zu: not a public key", path,
		    line);
	return r;
}

static enum reason
load_settings(struct host *h, uid_t trusted, struct conf_error *reterr)
{
	int r;

	if ((h->settings = settings_new()) == NULL)
		return REASON_INTERNAL;
	/* Without it the host has no labels, and a deny by label denies
	 * nobody: that has to be said, if only by an empty file. */
	if (access(SETTINGS_FILE, F_OK) < 0) {
		conf_error(reterr, 0, "cannot read '%s': %s", SETTINGS_FILE,
		    strerror(errno));
		return REASON_SETTINGS_UNREADABLE;
	}
	r = settings_load(h->settings, SETTINGS_VENDOR_FILE, SETTINGS_FILE,
	    SETTINGS_DIR, trusted, reterr);
	return r < 0 ? REASON_SETTINGS_UNREADABLE : REASON_NONE;
}

static char *
beside_policy(const struct settings *s, const char *name)
{
	const char *slash = strrchr(s->policy, '/');
	char *path;

	if (asprintf(&path, "%.*s/%s", (int)(slash - s->policy), s->policy,
		name) < 0)
		return NULL;
	return path;
}

char *
host_compiled_path(const struct settings *s)
{
	return beside_policy(s, "policy.bin");
}

char *
host_locks_path(const struct settings *s)
{
	return beside_policy(s, "locks.d");
}

struct host_facts
host_facts(const struct settings *s)
{
	return (struct host_facts){ .labels = &s->labels,
		.hostname = s->server_hostname,
		.server_id = s->server_id };
}

/* The compiled file, if it is of this very policy and of this host's labels. */
static bool
load_compiled(struct host *h, uid_t trusted)
{
	AUTO(free) char *path = host_compiled_path(h->settings);
	struct host_facts facts = host_facts(h->settings);
	struct hostpolicy_origin origin;
	struct stat st;

	if (path == NULL || stat(h->settings->policy, &st) < 0 ||
	    hostpolicy_map(path, trusted, &h->policy) < 0)
		return false;
	origin = hostpolicy_origin_of(&st);
	if (hostpolicy_is_of(&h->policy, &facts, &origin))
		return true;
	hostpolicy_clear(&h->policy);
	return false;
}

/* Slower, and as right: compiles here what should have been compiled. */
static enum reason
load_source(struct host *h, uid_t trusted, struct conf_error *reterr)
{
	AUTO(free) char *text = NULL;
	AUTO(policy_free) struct policy *p = NULL;
	struct host_facts facts = host_facts(h->settings);
	struct conf_error e = { 0 };

	if (policy_load(h->settings->policy, trusted, &p, &e) < 0) {
		text = conf_error_text(&e, h->settings->policy);
		conf_error(reterr, e.line, "%s", text != NULL ? text : e.what);
		return REASON_POLICY_UNREADABLE;
	}
	return hostpolicy_make(p, &facts, &h->policy) < 0 ? REASON_INTERNAL
							  : REASON_NONE;
}

static enum reason
load_policy(struct host *h, uid_t trusted, struct conf_error *reterr)
{
	h->is_compiled = load_compiled(h, trusted);
	return h->is_compiled ? REASON_NONE : load_source(h, trusted, reterr);
}

static int
is_lock_name(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 &&
	    strcmp(d->d_name + n - 5, ".json") == 0;
}

static int
read_lock(const char *path, uid_t trusted, struct locks *ret,
    struct conf_error *reterr)
{
	AUTO(free) char *text = NULL, *said = NULL;
	struct conf_error e = { 0 };
	size_t len;
	int r;

	r = path_read_trusted(path, trusted, LOCK_FILE_MAX_BYTES, &text, &len);
	/* Ended between the look at the folder and now. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		conf_error(&e, 0, "%s",
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
	else
		r = locks_parse_one(text, len, ret, &e);
	if (r < 0) {
		said = conf_error_text(&e, path);
		conf_error(reterr, e.line, "%s", said != NULL ? said : e.what);
	}
	return r;
}

int
host_read_locks(const char *dir, uid_t trusted, struct locks *ret,
    struct conf_error *reterr)
{
	struct dirent **names = NULL;
	char path[PATH_MAX];
	int i, n, r = 0;

	if ((n = scandir(dir, &names, is_lock_name, alphasort)) < 0) {
		if (errno == ENOENT)
			return 0;
		r = -errno;
		conf_error(reterr, 0, "%s: %s", dir, strerror(-r));
		return r;
	}
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		free(names[i]);
		if (r == 0)
			r = read_lock(path, trusted, ret, reterr);
	}
	free(names);
	return r;
}

static enum reason
load_locks(struct host *h, uid_t trusted, struct conf_error *reterr)
{
	AUTO(free) char *dir = host_locks_path(h->settings);
	struct host_facts facts = host_facts(h->settings);
	struct policy only = { 0 };
	int r;

	if (dir == NULL)
		return REASON_INTERNAL;
	if ((r = host_read_locks(dir, trusted, &only.locks, reterr)) == 0 &&
	    only.locks.n > 0)
		r = hostpolicy_make(&only, &facts, &h->local_locks);
	locks_clear(&only.locks);
	return r < 0 ? REASON_LOCKS_UNREADABLE : REASON_NONE;
}

enum reason
host_load(struct host *h, uid_t trusted, struct conf_error *reterr)
{
	enum reason reason;

	*h = (struct host){ 0 };
	*reterr = (struct conf_error){ 0 };
	if ((reason = load_settings(h, trusted, reterr)) != REASON_NONE)
		return reason;
	if (host_load_cas(h->settings->user_ca, trusted, &h->cas, reterr) < 0)
		return REASON_SETTINGS_UNREADABLE;
	if ((reason = load_policy(h, trusted, reterr)) != REASON_NONE)
		return reason;
	return load_locks(h, trusted, reterr);
}

void
host_clear(struct host *h)
{
	settings_free(h->settings);
	sshkey_list_clear(&h->cas);
	hostpolicy_clear(&h->policy);
	hostpolicy_clear(&h->local_locks);
	*h = (struct host){ 0 };
}

static struct decide_question
question(const struct host *h, const struct cert *cert, const char *login)
{
	return (struct decide_question){ .cert = cert,
		.login = login,
		.trusted_cas = &h->cas,
		.policy = &h->policy,
		.local_locks =
		    h->local_locks.p != NULL ? &h->local_locks : NULL,
		.now_s = clock_now_usec() / USEC_PER_SEC,
		.grace_s = h->settings->stale_grace_s };
}

/* Asked once more of the policy itself where a page of the compiled file turns
 * out to be damaged. */
static void
ask(struct host *h, const struct cert *cert, const char *login,
    void (*how)(const struct decide_question *q, struct decision *ret),
    struct decision *ret)
{
	struct decide_question q = question(h, cert, login);
	struct conf_error e;

	how(&q, ret);
	if (ret->reason != REASON_POLICY_UNREADABLE || !h->is_compiled)
		return;
	hostpolicy_clear(&h->policy);
	h->is_compiled = false;
	if (load_source(h, 0, &e) != REASON_NONE)
		return;
	decision_clear(ret);
	how(&q, ret);
}

void
host_decide(struct host *h, const struct cert *cert, const char *login,
    struct decision *ret)
{
	ask(h, cert, login, decide, ret);
}

void
host_ask_locks(struct host *h, const struct cert *cert, const char *login,
    struct decision *ret)
{
	ask(h, cert, login, decide_locks, ret);
}

bool
host_trusts(const struct host *h, const struct cert *cert)
{
	return cert != NULL && !cert->is_opaque &&
	    sshkey_list_has(&h->cas, cert->ca, cert->ca_len);
}

void
refusal_init(struct refusal *f, const struct cert *cert, enum reason reason,
    const char *detail)
{
	*f = (struct refusal){ .cert = cert,
		.reason = reason,
		.detail = detail };
	if (cert == NULL || cert->is_opaque) {
		f->cert = NULL;
		return;
	}
	/* Without memory the roles are missing in the event, no more. */
	decide_roles_of(cert, &f->roles);
	sshkey_fingerprint(cert->key, cert->key_len, f->fingerprint);
}

void
refusal_event(struct event *ev, const struct event_context *ctx,
    const struct refusal *f, const char *name, const char *code)
{
	event_init(ev, ctx, name, code);
	event_bool(ev, "success", false);
	event_string(ev, "reason", reason_name(f->reason));
	event_string(ev, "error",
	    f->detail != NULL && f->detail[0] != '\0' ? f->detail
						      : reason_text(f->reason));
	if (f->cert == NULL)
		return;
	if (ctx->user == NULL)
		event_string(ev, "claimed_user", f->cert->key_id);
	event_uint(ev, "serial", f->cert->serial);
	event_string(ev, "fingerprint", f->fingerprint);
	event_list(ev, "roles", &f->roles);
}

void
refusal_clear(struct refusal *f)
{
	strv_clear(&f->roles);
}
