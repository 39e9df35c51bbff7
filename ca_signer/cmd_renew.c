/* SPDX-License-Identifier: ISC */
/* countersign renew: the same key, the same identity, a later end. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "askfor.h"
#include "auto.h"
#include "certfile.h"
#include "clock.h"
#include "decide.h"
#include "deliver.h"
#include "ledger.h"
#include "sigverify.h"
#include "sshcert.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign renew --ca DIR [--ttl TIME] [OPTION]... CERT|-\n"
    "\n"
    "Renews a certificate of this CA, in its file: same key, same identity, "
    "same\n"
    "options, as long as it was. Refused when it has expired, was revoked, or "
    "is\n"
    "no longer allowed by the profile that it was issued by.\n"
    "\n"
    "  --ca DIR         the CA\n"
    "  --ttl TIME       another lifetime, within the profile's\n"
    "  --request-id ID, --reason TEXT   for the ledger\n"
    "  --agent-timeout TIME   as countersign sign\n"
    "  -q, --quiet      no word about what was written\n"
    "  --json           one JSON object\n"
    "  -h, --help       this text\n";

struct renew {
	struct askfor a;
	struct cert *cert;
	const char *path;
};

static int
parse_options(int argc, char **argv, struct renew *o)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, OPT_CA },
		{ "ttl", required_argument, NULL, OPT_TTL },
		{ "reason", required_argument, NULL, OPT_REASON },
		{ "request-id", required_argument, NULL, OPT_REQUEST_ID },
		{ "agent-timeout", required_argument, NULL, OPT_AGENT_TIMEOUT },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		if (c == 'h' || c == '?') {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
		if ((r = askfor_option(c, optarg, &o->a)) >= 0)
			return r;
	}
	if (o->a.is.ca_dir == NULL || optind + 1 != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	o->path = argv[optind];
	return -1;
}

static int
refuse(const struct renew *o, const char *why)
{
	return show_error(EXIT_REFUSED, "will not renew '%s': %s", o->path,
	    why);
}

/* Signed by one of this CA's keys of that kind, and only now expired. */
static int
check_cert(const struct renew *o)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC;
	const struct cert *c = o->cert;
	struct reader ca = { c->ca, c->ca_len };
	struct sshkey_list keys = { 0 };
	bool is_ours;
	int r;

	r = ca_public_keys(o->a.is.ca_dir,
	    c->kind == CERT_HOST ? CA_HOST : CA_USER, true, &keys);
	is_ours = r == 0 && sshkey_list_has(&keys, c->ca, c->ca_len);
	sshkey_list_clear(&keys);
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot read the CA in '%s': %s",
		    o->a.is.ca_dir, strerror(-r));
	if (!is_ours)
		return refuse(o, "it is not a certificate of this CA");
	if (sigverify(&ca, &c->signature, NULL, c->blob, c->signed_len) < 0)
		return refuse(o, "its signature is not this CA's");
	if (now >= c->valid_before)
		return refuse(o, "it has expired: issue a new one");
	if (now < c->valid_after)
		return refuse(o, "it is not valid yet");
	return -1;
}

/* The roles and facts, as they stand in the ledger. */
static int
take_text(json_t *v, char **ret)
{
	const char *s = json_string_value(v);

	if (s == NULL || *ret != NULL)
		return 0;
	return (*ret = strdup(s)) == NULL ? -ENOMEM : 0;
}

static int
take_identity(struct renew *o, json_t *doc)
{
	json_t *identity = json_object_get(doc, "identity");
	json_t *claims = json_object_get(identity, "claims");
	struct wanted *w = &o->a.wanted;
	struct facts *f = &w->facts;
	const char *role;
	json_t *item;
	size_t i;
	int r;

	json_array_foreach (json_object_get(identity, "roles"), i, item)
		if ((role = json_string_value(item)) != NULL &&
		    (r = strv_add(&w->roles, role)) < 0)
			return r;
	if (claims != NULL &&
	    (f->claims = json_dumps(claims,
		 JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII)) == NULL)
		return -ENOMEM;
	if ((r = take_text(json_object_get(identity, "connector_id"),
		 &f->connector_id)) < 0 ||
	    (r = take_text(json_object_get(identity, "mfa"), &f->mfa)) < 0 ||
	    (r = take_text(json_object_get(doc, "reason"), &f->reason)) < 0 ||
	    (r = take_text(json_object_get(doc, "request_id"),
		 &f->request_id)) < 0)
		return r;
	return take_text(json_object_get(doc, "profile"), &w->profile);
}

/* Its line in the ledger: a certificate that the CA's key made elsewhere is
 * none of this CA's. */
static int
find_line(struct renew *o, json_t **ret, bool *ret_revoked)
{
	char fp[SSHKEY_FINGERPRINT_MAX];
	struct revoked revoked = { 0 };
	struct ledger_line line;
	struct ledger_view v = { .lock = -1 };
	uint64_t serial, end;
	int r;

	sshkey_fingerprint(o->cert->key, o->cert->key_len, fp);
	if ((r = revoked_update(&revoked, o->a.is.ca_dir, false)) < 0 ||
	    (r = ledger_view_open(o->a.is.ca_dir, 0, false, &v)) < 0) {
		revoked_clear(&revoked);
		return r;
	}
	r = -ENOENT;
	while (r == -ENOENT && ledger_view_next(&v, &line)) {
		if (!ledger_line_is(&line, "cert.create") ||
		    !ledger_line_uint(&line, "serial", &serial) ||
		    serial != o->cert->serial)
			continue;
		if (!ledger_line_text_is(&line, "fingerprint", fp) ||
		    !ledger_line_text_is(&line, "user", o->cert->key_id) ||
		    !ledger_line_time(&line, "valid_before", &end) ||
		    end != o->cert->valid_before)
			break;
		*ret_revoked = revoked_has_cert(&revoked, &line, serial);
		*ret = json_loadb(line.p, line.len, 0, NULL);
		r = *ret != NULL ? 0 : -EBADMSG;
	}
	ledger_view_close(&v);
	revoked_clear(&revoked);
	return r;
}

static int
take_ledger(struct renew *o)
{
	json_auto_t *doc = NULL;
	bool is_revoked = false;
	int r;

	if ((r = find_line(o, &doc, &is_revoked)) == -ENOENT)
		return refuse(o, "it is not in this CA's ledger");
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot read the CA in '%s': %s",
		    o->a.is.ca_dir,
		    r == -EBADMSG ? "its ledger is damaged" : strerror(-r));
	if (is_revoked)
		return refuse(o, "it was revoked");
	if (take_identity(o, doc) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	return -1;
}

/* An option as the word that asks for it. */
static int
add_option(struct strv *words, const char *prefix, const struct cert_options *o,
    const struct cert_option *opt)
{
	AUTO(free) char *value = NULL;
	char *word = NULL;
	int n;

	if (opt->len > 0 && cert_option_value(o, opt->name, &value) < 0)
		return -EBADMSG;
	n = asprintf(&word, "%s%s%s%s", prefix, opt->name,
	    value != NULL ? "=" : "", value != NULL ? value : "");
	if (n < 0)
		return -ENOMEM;
	return strv_add_take(words, word);
}

static bool
is_ours(const char *name)
{
	size_t n = strlen(name), m = strlen("@countersign");

	return n > m && strcmp(name + n - m, "@countersign") == 0;
}

/* Exactly what it had: the profile's own extensions go first. */
static int
take_options(struct renew *o)
{
	const struct cert *c = o->cert;
	struct strv *words = &o->a.wanted.options;
	size_t i;
	int r;

	if (c->kind == CERT_HOST)
		return 0;
	if ((r = strv_add(words, "clear")) < 0)
		return r;
	for (i = 0; i < c->critical.n; i++)
		if ((r = add_option(words, "", &c->critical,
			 &c->critical.v[i])) < 0)
			return r;
	for (i = 0; i < c->extensions.n; i++) {
		const char *name = c->extensions.v[i].name;

		if (is_ours(name))
			continue;
		r = add_option(words,
		    strncmp(name, "permit-", 7) == 0 ||
			    strcmp(name, "no-touch-required") == 0
			? ""
			: "extension:",
		    &c->extensions, &c->extensions.v[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* role:NAME is in wanted.roles already. */
static int
take_principals(struct renew *o)
{
	const struct strv *p = &o->cert->principals;
	size_t i, n = strlen(ROLE_PRINCIPAL_PREFIX);
	int r;

	for (i = 0; i < p->n; i++) {
		if (strncmp(p->v[i], ROLE_PRINCIPAL_PREFIX, n) == 0 &&
		    strv_has(&o->a.wanted.roles, p->v[i] + n))
			continue;
		if ((r = strv_add(&o->a.wanted.principals, p->v[i])) < 0)
			return r;
	}
	return 0;
}

static int
take_cert(struct renew *o)
{
	const struct cert *c = o->cert;
	struct wanted *w = &o->a.wanted;

	o->a.is.kind = w->kind = c->kind;
	if (w->ttl_s == 0)
		w->ttl_s = c->valid_before - c->valid_after -
		    (c->valid_before - c->valid_after > 60 ? 60 : 0);
	if ((w->id = strdup(c->key_id)) == NULL || take_principals(o) < 0 ||
	    take_options(o) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	return -1;
}

static int
fill_item(const struct renew *o, struct issue_item *it)
{
	const struct cert *c = o->cert;
	struct reader key = { c->key, c->key_len };

	it->name = o->path;
	if (wanted_copy(&o->a.wanted, &it->wanted) < 0 ||
	    reader_cstring(&key, &it->subject.type) < 0 ||
	    (it->subject.blob = malloc(c->key_len)) == NULL ||
	    (it->subject.comment = strdup(c->key_id)) == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	memcpy(it->subject.blob, c->key, c->key_len);
	it->subject.len = c->key_len;
	return -1;
}

static int
renew(struct renew *o)
{
	struct issue_item it;
	int r;

	if ((r = issuer_open(&o->a.is)) >= 0)
		return r;
	issue_item_init(&it);
	if ((r = fill_item(o, &it)) < 0) {
		r = issue_prepare(&o->a.is, &it);
		if (r < 0 && !it.profile->renewable)
			r = refuse(o, "its profile says \"renewable\": false");
		else if (r >= 0)
			r = refuse(o, it.error);
		else if ((r = issue_sign(&o->a.is, &it, 1)) < 0)
			r = it.code >= 0 ? refuse(o, it.error)
					 : deliver_to(&o->a.is, &it, o->path);
	}
	issue_item_clear(&it);
	return r < 0 ? EXIT_DONE : r;
}

static int
run(struct renew *o)
{
	int r;

	if ((r = certfile_load(o->path, &o->cert)) < 0 || o->cert->is_opaque)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", o->path,
		    r < 0 ? certfile_error(r)
			  : "a certificate of an unknown type");
	if ((r = check_cert(o)) >= 0 || (r = take_ledger(o)) >= 0 ||
	    (r = take_cert(o)) >= 0)
		return r;
	return renew(o);
}

int
cmd_renew(int argc, char **argv)
{
	struct renew o = { 0 };
	int r;

	if ((r = parse_options(argc, argv, &o)) < 0)
		r = run(&o);
	cert_free(o.cert);
	askfor_clear(&o.a);
	return r;
}
