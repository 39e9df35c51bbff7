/* SPDX-License-Identifier: ISC */
/* All that a decision needs from this host's disk. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "host.h"
#include "path.h"

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

enum reason
host_load(struct host *h, uid_t trusted, struct conf_error *reterr)
{
	struct conf_error e = { 0 };
	enum reason reason;

	*h = (struct host){ 0 };
	*reterr = (struct conf_error){ 0 };
	if ((reason = load_settings(h, trusted, reterr)) != REASON_NONE)
		return reason;
	if (host_load_cas(h->settings->user_ca, trusted, &h->cas, reterr) < 0)
		return REASON_SETTINGS_UNREADABLE;
	if (policy_load(h->settings->policy, trusted, &h->policy, &e) < 0) {
		if (e.line > 0)
			conf_error(reterr, e.line, "%s:%zu: %.180s",
			    h->settings->policy, e.line, e.what);
		else
			conf_error(reterr, 0, "%s: %.180s", h->settings->policy,
			    e.what);
		return REASON_POLICY_UNREADABLE;
	}
	return REASON_NONE;
}

void
host_clear(struct host *h)
{
	settings_free(h->settings);
	sshkey_list_clear(&h->cas);
	policy_free(h->policy);
	*h = (struct host){ 0 };
}

void
host_decide(const struct host *h, const struct cert *cert, const char *login,
    struct decision *ret)
{
	struct decide_question q = { .cert = cert,
		.login = login,
		.trusted_cas = &h->cas,
		.labels = &h->settings->labels,
		.policy = h->policy,
		.now_s = clock_now_usec() / USEC_PER_SEC };

	decide(&q, ret);
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
