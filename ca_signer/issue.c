/* SPDX-License-Identifier: ISC */
/* Issuing: profile, serial number, signature, ledger, and only then the
 * certificate. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "issue.h"
#include "ledger.h"
#include "sshcert.h"
#include "subject.h"
#include "validity.h"

DEFINE_AUTO(ledger_free, struct ledger)

static int
open_key(struct issuer *is)
{
	char why[CAKEY_WHY_MAX];
	enum ca_which which = is->kind == CERT_HOST ? CA_HOST : CA_USER;
	struct reader public;
	int r;

	r = is->ca_dir != NULL
	    ? ca_open_key(is->ca_dir, which, is->key.timeout_s, &is->ca, why)
	    : cakey_open(&is->key, &is->ca, why);
	if (r < 0)
		return show_error(EXIT_INPUT,
		    "cannot use the CA key %s'%s': %s",
		    is->ca_dir != NULL ? "in " : "",
		    is->ca_dir != NULL ? is->ca_dir : is->key.path, why);
	public = cakey_public(is->ca);
	sshkey_fingerprint(public.p, public.left, is->ca_fingerprint);
	return -1;
}

static int
open_directory(struct issuer *is)
{
	AUTO(free) char *said = NULL;
	struct conf_error e = { 0 };
	int i, r = 0;

	if (access(is->ca_dir, X_OK) < 0)
		return show_error(EXIT_INPUT,
		    "cannot use the CA in '%s': %s ('countersign init' makes "
		    "one)",
		    is->ca_dir, strerror(errno));
	if (profiles_load(is->ca_dir, &is->profiles, &e) < 0) {
		said = conf_error_text(&e, PROFILE_FILE);
		return show_error(EXIT_INPUT, "%s/%s", is->ca_dir,
		    said != NULL ? said : e.what);
	}
	for (i = 0; i < CA_WHICH_COUNT && r == 0; i++)
		r = ca_public_keys(is->ca_dir, (enum ca_which)i, true,
		    &is->ca_keys);
	if (r == 0)
		r = revoked_update(&is->revoked, is->ca_dir, false);
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot read the CA in '%s': %s",
		    is->ca_dir,
		    r == -EBADMSG ? "a key or a line of its ledger is damaged"
				  : strerror(-r));
	return -1;
}

static int
check_clock(void)
{
	if (clock_now_usec() / USEC_PER_SEC >= VALIDITY_CLOCK_MIN_S)
		return -1;
	return show_error(EXIT_INPUT,
	    "the clock says that it is before 2020: set it first");
}

int
issuer_open(struct issuer *is)
{
	struct conf_error e = { 0 };
	int r;

	if ((is->host = settings_load_host(&e)) == NULL)
		return show_error(EXIT_INPUT, "%s", e.what);
	eventsink_init(&is->sink, is->host, "signer");
	/* A reader that goes away is told of, not died of: what it did not get
	 * is in the ledger. */
	signal(SIGPIPE, SIG_IGN);
	if ((r = check_clock()) >= 0)
		return r;
	if (is->ca_dir != NULL && (r = open_directory(is)) >= 0)
		return r;
	return open_key(is);
}

void
issuer_close(struct issuer *is)
{
	cakey_free(is->ca);
	profiles_clear(&is->profiles);
	sshkey_list_clear(&is->ca_keys);
	revoked_clear(&is->revoked);
	if (is->host != NULL)
		eventsink_clear(&is->sink);
	settings_free(is->host);
}

void
issue_item_init(struct issue_item *it)
{
	*it = (struct issue_item){ .code = -1, .cert = WRITER_INIT };
}

void
issue_item_clear(struct issue_item *it)
{
	sshkey_clear(&it->subject);
	wanted_clear(&it->wanted);
	cert_request_clear(&it->req);
	writer_clear(&it->cert);
}

static int
refuse(struct issue_item *it, int code, const char *rule, const char *why)
{
	it->code = code;
	if (it->refusal.rule == NULL)
		it->refusal.rule = rule;
	if (it->refusal.profile[0] != '\0')
		snprintf(it->error, sizeof(it->error), "profile '%s': %s",
		    it->refusal.profile, why);
	else
		snprintf(it->error, sizeof(it->error), "%s", why);
	return code;
}

static struct event_context
context(const struct issuer *is, const char *user)
{
	return (struct event_context){ .host = is->host,
		.emitter = "signer",
		.user = user };
}

static void
record_refusal(struct issuer *is, const struct issue_item *it)
{
	struct event_context ctx = context(is, it->wanted.id);
	struct cert_refused cr = { .wanted = &it->wanted,
		.fingerprint = it->fingerprint,
		.profile =
		    it->refusal.profile[0] != '\0' ? it->refusal.profile : NULL,
		.rule = it->refusal.rule,
		.error = it->error };
	struct event ev;

	cert_refused_event(&ev, &ctx, &cr);
	/* A refusal stands also where the ledger cannot be written. */
	(void)ca_record(is->ca_dir, &is->sink, &ev);
}

static int
check_revoked(struct issuer *is, struct issue_item *it)
{
	const char *why =
	    revoked_why_not(&is->revoked, it->wanted.id, it->fingerprint);

	return why == NULL ? -1 : refuse(it, EXIT_REFUSED, "revoked", why);
}

static int
apply_profile(struct issuer *is, struct issue_item *it)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC;
	struct conf_error e = { 0 };
	int r;

	if (wanted_check(&it->wanted, &e) < 0)
		return refuse(it, EXIT_USAGE, "request", e.what);
	if (sshkey_list_has(&is->ca_keys, it->subject.blob, it->subject.len))
		return refuse(it, EXIT_REFUSED, "ca_key",
		    "it is a key of a CA: those are not for logging in");
	r = profiles_apply(&is->profiles, &it->wanted, it->subject.type, now,
	    &it->req, &it->profile, &it->refusal);
	if (r == -EACCES)
		return refuse(it, EXIT_REFUSED, NULL, it->refusal.why);
	if (r < 0)
		return refuse(it, r == -EINVAL ? EXIT_USAGE : EXIT_INPUT,
		    "options", r == -EINVAL ? it->refusal.why : strerror(-r));
	return check_revoked(is, it);
}

int
issue_prepare(struct issuer *is, struct issue_item *it)
{
	const char *why = subject_refusal(&it->subject, is->allow);

	sshkey_fingerprint(it->subject.blob, it->subject.len, it->fingerprint);
	if (why != NULL)
		refuse(it, EXIT_REFUSED, "key", why);
	else if (is->ca_dir != NULL)
		apply_profile(is, it);
	if (it->code == EXIT_REFUSED && is->ca_dir != NULL &&
	    it->wanted.id != NULL)
		record_refusal(is, it);
	return it->code;
}

/* ---- signing ---- */

/* Refused by a revocation that came while we prepared. */
static int
check_again(struct issuer *is, struct issue_item *items, size_t n)
{
	uint64_t before = is->revoked.read_to;
	size_t i;
	int r;

	if ((r = revoked_update(&is->revoked, is->ca_dir, true)) < 0)
		return r;
	if (is->revoked.read_to == before)
		return 0;
	for (i = 0; i < n; i++)
		if (items[i].code < 0)
			check_revoked(is, &items[i]);
	return 0;
}

static int
make_bodies(struct issuer *is, struct ledger *l, struct issue_item *items,
    size_t n, struct cakey_job *jobs, size_t *ret_jobs)
{
	struct reader ca = cakey_public(is->ca);
	uint64_t serial = l != NULL ? ledger_next_serial(l) : 0;
	struct issue_item *it;
	size_t i, j = 0;
	int r;

	for (i = 0; i < n; i++) {
		it = &items[i];
		if (it->code >= 0)
			continue;
		/* After the last number comes 0, which means none. */
		if (l != NULL && (it->req.serial = serial++) == 0)
			return -ERANGE;
		if ((r = certwriter_body(&it->req, &it->subject, &ca,
			 &it->cert)) < 0)
			return r;
		jobs[j++] = (struct cakey_job){ .data = it->cert.p,
			.len = it->cert.len,
			.signature = WRITER_INIT };
	}
	*ret_jobs = j;
	return 0;
}

/* Every signature of an agent's was verified; of our own, a sample. The same
 * ones are read back whole. */
static int
finish(struct issue_item *items, size_t n, const struct cakey_job *jobs)
{
	struct issue_item *it;
	size_t i, j = 0;
	int r;

	for (i = 0; i < n; i++) {
		it = &items[i];
		if (it->code >= 0)
			continue;
		writer_string(&it->cert, jobs[j].signature.p,
		    jobs[j].signature.len);
		if ((r = writer_error(&it->cert)) < 0)
			return r;
		if (j++ % CAKEY_SAMPLE == 0 &&
		    (r = certwriter_check(&it->req, it->cert.p, it->cert.len)) <
			0)
			return r;
	}
	return 0;
}

static void
create_event(struct issuer *is, const struct issue_item *it, struct event *ev,
    struct cert_create *cc)
{
	struct event_context ctx = context(is, it->req.key_id);
	bool by_profile = is->ca_dir != NULL;

	*cc = (struct cert_create){ .req = &it->req,
		.roles = by_profile && it->req.kind == CERT_USER
		    ? &it->wanted.roles
		    : NULL,
		.facts = by_profile ? &it->wanted.facts : NULL,
		.profile = it->profile != NULL ? it->profile->name : NULL,
		.fingerprint = it->fingerprint,
		.ca_fingerprint = is->ca_fingerprint };
	cert_create_event(ev, &ctx, cc);
}

/* Syslog is a copy, with the ledger's chain, so that the ledger can be held
 * against what left this machine; a line that is too long for it is cut. */
static void
send_events(struct issuer *is, const struct ledger *l,
    const struct issue_item *items, size_t n)
{
	struct reader lines = { NULL, 0 }, line;
	struct cert_create cc;
	struct event ev;
	size_t i;

	if (l != NULL)
		lines = ledger_committed(l);
	for (i = 0; i < n; i++) {
		if (items[i].code >= 0)
			continue;
		if (l != NULL && ca_take_line(&lines, &line) &&
		    line.left <= EVENT_LINE_MAX) {
			eventsink_send_line(&is->sink, (const char *)line.p,
			    line.left);
			continue;
		}
		create_event(is, &items[i], &ev, &cc);
		eventsink_send(&is->sink, &ev);
	}
}

static int
record(struct issuer *is, struct ledger *l, const struct issue_item *items,
    size_t n)
{
	struct cert_create cc;
	struct event ev;
	size_t i;
	int r;

	for (i = 0; i < n && l != NULL; i++) {
		if (items[i].code >= 0)
			continue;
		create_event(is, &items[i], &ev, &cc);
		if ((r = ledger_add(l, &ev, items[i].req.serial)) < 0)
			return r;
	}
	if (l != NULL && (r = ledger_commit(l)) < 0)
		return r;
	send_events(is, l, items, n);
	return 0;
}

static int
explain(const struct issuer *is, int r, const char *step)
{
	if (strcmp(step, "sign") == 0)
		return show_error(EXIT_INPUT,
		    "the CA's key did not sign: %s; nothing was issued",
		    cakey_sign_error(r));
	if (strcmp(step, "ledger") == 0)
		return show_error(EXIT_INPUT,
		    "cannot write the ledger in '%s': %s; nothing was issued",
		    is->ca_dir, strerror(-r));
	return show_error(EXIT_INPUT, "cannot certify: %s; nothing was issued",
	    r == -ERANGE ? "all serial numbers are used up" : strerror(-r));
}

static int
sign_with(struct issuer *is, struct ledger *l, struct issue_item *items,
    size_t n, struct cakey_job *jobs)
{
	size_t n_jobs = 0, i;
	int r, e = -1;

	if (l != NULL && (r = check_again(is, items, n)) < 0)
		return explain(is, r, "");
	if ((r = make_bodies(is, l, items, n, jobs, &n_jobs)) < 0)
		return explain(is, r, "");
	if ((r = cakey_sign(is->ca, jobs, n_jobs)) < 0)
		e = explain(is, r, "sign");
	else if ((r = finish(items, n, jobs)) < 0)
		e = explain(is, r, "");
	else if ((r = record(is, l, items, n)) < 0)
		e = explain(is, r, "ledger");
	for (i = 0; i < n_jobs; i++)
		writer_clear(&jobs[i].signature);
	return e;
}

int
issue_sign(struct issuer *is, struct issue_item *items, size_t n)
{
	AUTO(ledger_free) struct ledger *l = NULL;
	AUTO(free) struct cakey_job *jobs = calloc(n, sizeof(*jobs));
	char why[LEDGER_WHY_MAX] = "out of memory";

	if (jobs == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if (is->ca_dir != NULL && ledger_open(is->ca_dir, &l, why) < 0)
		return show_error(EXIT_INPUT, "cannot use the CA in '%s': %s",
		    is->ca_dir, why);
	return sign_with(is, l, items, n, jobs);
}

void
issue_undelivered(struct issuer *is, const struct issue_item *it,
    const char *error)
{
	struct event_context ctx = context(is, it->req.key_id);
	struct event ev;

	if (is->ca_dir == NULL)
		return;
	event_init(&ev, &ctx, "cert.undelivered", "TC001E");
	event_uint(&ev, "serial", it->req.serial);
	event_string(&ev, "error", error);
	(void)ca_record(is->ca_dir, &is->sink, &ev);
}
