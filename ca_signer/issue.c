/* SPDX-License-Identifier: ISC */
/* Issuing: serial number, signature, ledger, and only then the file. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "eventsink.h"
#include "issue.h"
#include "jsontext.h"
#include "path.h"
#include "show.h"
#include "subject.h"

DEFINE_AUTO(cert_free, struct cert)
DEFINE_AUTO(edkey_free, struct edkey)
DEFINE_AUTO(settings_free, struct settings)

void
issue_clear(struct issue *o)
{
	cert_request_clear(&o->req);
	strv_clear(&o->roles);
}

static int
load_ca(const struct issue *o, struct edkey **ret)
{
	AUTO(free) char *in_dir = NULL;
	const char *path = o->ca_key, *why;
	int r;

	if (o->ca_dir != NULL) {
		if ((in_dir = ca_path(o->ca_dir,
			 o->req.kind == CERT_HOST ? CA_HOST_KEY
						  : CA_USER_KEY)) == NULL)
			return show_error(EXIT_INPUT, "out of memory");
		path = in_dir;
	}
	if ((r = edkey_load(path, ret)) == 0)
		return -1;
	if (r == -EPERM)
		why = "others than you can read it: chmod 600";
	else if (r == -EACCES)
		why = "it is encrypted, which this version cannot use, or not "
		      "yours to read";
	else if (r == -EOPNOTSUPP)
		why = "only Ed25519 CA keys can be used";
	else if (r == -EBADMSG)
		why = "not an OpenSSH private key";
	else
		why = strerror(-r);
	return show_error(EXIT_INPUT, "cannot use the CA key '%s': %s", path,
	    why);
}

static int
load_subject(const char *path, struct sshkey *ret)
{
	const char *why;
	int r;

	if ((r = subject_load(path, ret)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    r == -EBADMSG ? "not a public key (those end in .pub)"
				  : strerror(-r));
	if ((why = subject_refusal(ret)) != NULL)
		return show_error(EXIT_REFUSED, "will not certify '%s': %s",
		    path, why);
	return -1;
}

/* The comment is the requester's: it must not speak to a terminal or end a
 * line, and without it nothing is lost. */
static const char *
safe_comment(const char *comment)
{
	const uint8_t *p = (const uint8_t *)comment;
	size_t left = strlen(comment), used;

	for (; left > 0; p += used, left -= used)
		if (is_deceptive_char(utf8_decode(p, left, &used)) || used == 0)
			return "";
	return comment;
}

static int
print_json(const struct cert *c, const char *line, const char *until)
{
	json_auto_t *doc = json_pack("{s:o, s:s, s:s%}", "serial",
	    show_json_serial(c->serial), "expires", until, "certificate", line,
	    (int)strcspn(line, "\n"));

	if (doc == NULL || json_dumpf(doc, stdout, JSON_COMPACT) < 0)
		return show_error(EXIT_INPUT, "cannot write the JSON");
	putchar('\n');
	return -1;
}

/* The certificate's way out, once it is in the ledger. */
static int
deliver(const struct issue *o, const char *key_path, const struct cert *c,
    const char *comment)
{
	AUTO(free) char *line = certwriter_format(c, safe_comment(comment));
	AUTO(free) char *path = subject_cert_path(key_path);
	bool to_stdout = strcmp(key_path, "-") == 0;
	char until[CLOCK_TEXT_MAX];
	int r;

	if (line == NULL || path == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	clock_rfc3339(c->valid_before, until);
	if (o->json && (r = print_json(c, line, until)) >= 0)
		return r;
	if (!o->json && to_stdout)
		fputs(line, stdout);
	if (to_stdout)
		return fflush(stdout) == 0
		    ? -1
		    : show_error(EXIT_INPUT, "cannot write: %s",
			  strerror(errno));
	if ((r = path_write_atomic(path, line, strlen(line), 0644, 0)) < 0)
		return show_error(EXIT_INPUT, "cannot write '%s': %s", path,
		    strerror(-r));
	if (!o->quiet && !o->json)
		printf("%s: %s, serial %llu, until %s\n", path, c->key_id,
		    (unsigned long long)c->serial, until);
	return -1;
}

/* With --ca the ledger's line is on disk before the certificate leaves. */
static int
record(const struct issue *o, const struct cert *c, const struct settings *host,
    struct eventsink *sink)
{
	struct event_context ctx = { .host = host,
		.emitter = "signer",
		.user = c->key_id };
	char line[EVENT_LINE_MAX + 1];
	struct cert_create cc;
	struct event ev;
	int r;

	cert_create_init(&cc, c, o->req.kind == CERT_USER ? &o->roles : NULL);
	cert_create_event(&ev, &ctx, &cc);
	event_render(&ev, line);
	if (o->ca_dir != NULL && (r = ca_ledger_append(o->ca_dir, line)) < 0)
		return show_error(EXIT_INPUT,
		    "cannot write the ledger in '%s': %s; nothing was issued",
		    o->ca_dir, strerror(-r));
	/* Syslog is a copy: an offline CA has none. */
	eventsink_send(sink, &ev);
	return -1;
}

static int
sign_locked(struct issue *o, const char *path, const struct edkey *ca,
    const struct settings *host, struct eventsink *sink)
{
	AUTO_CLEAR(sshkey_clear) struct sshkey subject = { 0 };
	AUTO(cert_free) struct cert *c = NULL;
	int r;

	if ((r = load_subject(path, &subject)) >= 0)
		return r;
	if (o->ca_dir != NULL &&
	    (r = ca_next_serial(o->ca_dir, &o->req.serial)) < 0)
		return show_error(EXIT_INPUT,
		    "cannot take a serial number from '%s': %s", o->ca_dir,
		    r == -EBADMSG ? "the counter is damaged" : strerror(-r));
	if ((r = certwriter_sign(&o->req, &subject, ca, &c)) < 0)
		return show_error(EXIT_INPUT, "cannot certify '%s': %s", path,
		    strerror(-r));
	if ((r = record(o, c, host, sink)) >= 0)
		return r;
	return deliver(o, path, c, subject.comment);
}

static int
sign_one(struct issue *o, const char *path, const struct edkey *ca,
    const struct settings *host, struct eventsink *sink)
{
	AUTO(close) int lock = -1;

	if (o->ca_dir != NULL && (lock = ca_lock(o->ca_dir)) < 0)
		return show_error(EXIT_INPUT, "cannot lock the CA in '%s': %s",
		    o->ca_dir, strerror(-lock));
	return sign_locked(o, path, ca, host, sink);
}

int
issue_keys(struct issue *o, char **keys, size_t n)
{
	AUTO(settings_free) struct settings *host = NULL;
	AUTO(edkey_free) struct edkey *ca = NULL;
	struct conf_error e = { 0 };
	struct eventsink sink;
	size_t i;
	int r;

	if ((r = load_ca(o, &ca)) >= 0)
		return r;
	if ((host = settings_load_host(&e)) == NULL)
		return show_error(EXIT_INPUT, "%s", e.what);
	eventsink_init(&sink, host, "signer");
	for (i = 0, r = -1; i < n && r < 0; i++)
		r = sign_one(o, keys[i], ca, host, &sink);
	eventsink_clear(&sink);
	return r < 0 ? EXIT_DONE : r;
}
