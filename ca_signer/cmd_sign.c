/* SPDX-License-Identifier: ISC */
/* countersign sign: certificates for keys. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "decide.h"
#include "eventsink.h"
#include "jsontext.h"
#include "parse.h"
#include "path.h"
#include "show.h"
#include "subject.h"
#include "validity.h"
#include "verbs.h"

DEFINE_AUTO(cert_free, struct cert)
DEFINE_AUTO(edkey_free, struct edkey)
DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: countersign sign --ca DIR --user ID --role ROLE [--role ROLE]...\n"
    "                        [--ttl 8h] [-O OPTION]... [-q] [--json] "
    "KEY.pub...\n"
    "       countersign sign -s CA_KEY -I ID -n PRINCIPAL[,...] [-V VALIDITY]\n"
    "                        [-z SERIAL] [-O OPTION]... [-q] KEY.pub...\n"
    "\n"
    "Certifies public keys. KEY.pub gives KEY-cert.pub; '-' reads a key from\n"
    "stdin and writes the certificate to stdout.\n"
    "\n"
    "  --ca DIR      the CA that 'countersign init' made: serial and ledger\n"
    "  --user ID     who it is, for example alice@example.com\n"
    "  --role ROLE   a role of the policy; may be repeated\n"
    "  --ttl TIME    how long it is valid (default 8h), starting a minute ago\n"
    "  -s CA_KEY     as ssh-keygen: a CA key file, no serial, no ledger\n"
    "  -I ID, -n, -V, -z, -O   as ssh-keygen(1)\n"
    "  -O OPTION     clear, force-command=..., source-address=..., "
    "verify-required,\n"
    "                [no-]pty, [no-]port-forwarding, [no-]agent-forwarding,\n"
    "                [no-]x11-forwarding, [no-]user-rc\n"
    "  -q, --quiet   no word about what was written\n"
    "  --json        one JSON object for each certificate\n"
    "  -h, --help    this text\n";

struct sign_options {
	const char *ca_dir, *ca_key;
	const char *id, *validity, *ttl, *serial;
	bool quiet, json;
	struct cert_request req; /* what is the same for every key */
	struct strv roles;
	char **keys;
	size_t n_keys;
};

enum {
	OPT_CA = 256,
	OPT_USER,
	OPT_ROLE,
	OPT_TTL,
	OPT_JSON
};

static void
sign_options_clear(struct sign_options *o)
{
	cert_request_clear(&o->req);
	strv_clear(&o->roles);
}

static void
strv_remove(struct strv *s, const char *item)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (strcmp(s->v[i], item) != 0)
			continue;
		free(s->v[i]);
		s->v[i] = s->v[--s->n];
		return;
	}
}

/* Hosts decide what is allowed: the certificate closes nothing but user rc. */
static int
default_extensions(struct strv *ext)
{
	static const char *const names[] = { "permit-X11-forwarding",
		"permit-agent-forwarding", "permit-port-forwarding",
		"permit-pty" };
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if ((r = strv_add(ext, names[i])) < 0)
			return r;
	return 0;
}

static const char *
extension_of(const char *word)
{
	static const struct {
		const char *word, *extension;
	} flags[] = { { "pty", "permit-pty" },
		{ "port-forwarding", "permit-port-forwarding" },
		{ "agent-forwarding", "permit-agent-forwarding" },
		{ "x11-forwarding", "permit-X11-forwarding" },
		{ "user-rc", "permit-user-rc" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].word, word) == 0)
			return flags[i].extension;
	return NULL;
}

static bool
has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int
add_critical(struct cert_request *req, const char *word)
{
	size_t i, n = strcspn(word, "=");

	if (word[n] == '=' && word[n + 1] == '\0')
		return -EINVAL;
	for (i = 0; i < req->critical.n; i++)
		if (strncmp(req->critical.v[i], word, n) == 0 &&
		    strchr("=", req->critical.v[i][n]) != NULL)
			return -EEXIST;
	return strv_add(&req->critical, word);
}

/* One -O of ssh-keygen(1). -EINVAL: unknown; -EEXIST: a second one. */
static int
add_option(struct cert_request *req, const char *word)
{
	const char *ext;

	if (strcmp(word, "clear") == 0) {
		strv_clear(&req->extensions);
		return 0;
	}
	if (has_prefix(word, "force-command=") ||
	    has_prefix(word, "source-address=") ||
	    strcmp(word, "verify-required") == 0)
		return add_critical(req, word);
	if (has_prefix(word, "no-")) {
		if ((ext = extension_of(word + 3)) == NULL)
			return -EINVAL;
		strv_remove(&req->extensions, ext);
		return 0;
	}
	/* ssh-keygen spells the other way "permit-...". */
	if (has_prefix(word, "permit-"))
		word += 7;
	if ((ext = extension_of(strcmp(word, "X11-forwarding") == 0
		     ? "x11-forwarding"
		     : word)) == NULL)
		return -EINVAL;
	return strv_add_once(&req->extensions, ext);
}

static int
add_principals(struct strv *principals, const char *list)
{
	AUTO(free) char *copy = strdup(list);
	char *at = copy, *item;

	if (copy == NULL)
		return -ENOMEM;
	while ((item = strsep(&at, ",")) != NULL)
		if (strv_add(principals, item) < 0)
			return -ENOMEM;
	return 0;
}

static int
usage_error(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
take_option(int c, struct sign_options *o)
{
	int r = 0;

	switch (c) {
	case OPT_CA:
		o->ca_dir = optarg;
		break;
	case 's':
		o->ca_key = optarg;
		break;
	case OPT_USER:
	case 'I':
		o->id = optarg;
		break;
	case OPT_ROLE:
		r = strv_add_once(&o->roles, optarg);
		break;
	case 'n':
		r = add_principals(&o->req.principals, optarg);
		break;
	case OPT_TTL:
		o->ttl = optarg;
		break;
	case 'V':
		o->validity = optarg;
		break;
	case 'z':
		o->serial = optarg;
		break;
	case 'O':
		if ((r = add_option(&o->req, optarg)) == -EINVAL)
			return show_error(EXIT_USAGE,
			    "-O '%s' is not known, or has no value", optarg);
		if (r == -EEXIST)
			return show_error(EXIT_USAGE,
			    "-O '%s' stands there twice", optarg);
		break;
	case 'q':
		o->quiet = true;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case 'h':
		fputs(usage, stdout);
		return EXIT_DONE;
	default:
		return usage_error();
	}
	return r < 0 ? show_error(EXIT_INPUT, "%s", strerror(-r)) : -1;
}

static int
parse_options(int argc, char **argv, struct sign_options *o)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, OPT_CA },
		{ "user", required_argument, NULL, OPT_USER },
		{ "role", required_argument, NULL, OPT_ROLE },
		{ "ttl", required_argument, NULL, OPT_TTL },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	if (default_extensions(&o->req.extensions) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	while (
	    (c = getopt_long(argc, argv, "s:I:n:V:z:O:qh", longs, NULL)) != -1)
		if ((r = take_option(c, o)) >= 0)
			return r;
	o->keys = argv + optind;
	o->n_keys = (size_t)(argc - optind);
	return -1;
}

static int
check_mode(const struct sign_options *o)
{
	bool by_ca = o->ca_dir != NULL;

	if (by_ca == (o->ca_key != NULL))
		return show_error(EXIT_USAGE,
		    "say either --ca DIR or -s CA_KEY");
	if (o->id == NULL)
		return show_error(EXIT_USAGE, "who is it for? say %s",
		    by_ca ? "--user ID" : "-I ID");
	if (by_ca && o->roles.n == 0)
		return show_error(EXIT_USAGE,
		    "a certificate without a role opens nothing: say --role");
	if (by_ca &&
	    (o->req.principals.n > 0 || o->validity != NULL ||
		o->serial != NULL))
		return show_error(EXIT_USAGE,
		    "-n, -V and -z go with -s; with --ca say --role and --ttl");
	if (!by_ca && (o->roles.n > 0 || o->ttl != NULL))
		return show_error(EXIT_USAGE,
		    "--role and --ttl go with --ca; say -n and -V");
	if (!by_ca && o->req.principals.n == 0)
		return show_error(EXIT_REFUSED,
		    "a certificate without principals may be valid for "
		    "everybody (CVE-2024-7594): say -n");
	if (o->n_keys == 0)
		return usage_error();
	return -1;
}

static int
check_names(struct sign_options *o)
{
	AUTO(free) char *principal = NULL;
	size_t i;

	if (!is_principal(o->id))
		return show_error(EXIT_USAGE,
		    "an ID is 1 to 255 bytes without blanks, control "
		    "characters or , * ? ! # \"");
	for (i = 0; i < o->roles.n; i++) {
		if (!is_simple_name(o->roles.v[i]))
			return show_error(EXIT_USAGE,
			    "'%s' cannot be a role: letters, digits and . _ -",
			    o->roles.v[i]);
		free(principal);
		if (asprintf(&principal, ROLE_PRINCIPAL_PREFIX "%s",
			o->roles.v[i]) < 0 ||
		    strv_add(&o->req.principals, principal) < 0)
			return show_error(EXIT_INPUT, "out of memory");
	}
	if (o->req.principals.n > CERT_MAX_PRINCIPALS)
		return show_error(EXIT_USAGE, "more than 256 principals");
	for (i = 0; i < o->req.principals.n; i++)
		if (!is_principal(o->req.principals.v[i]))
			return show_error(EXIT_USAGE,
			    "a principal is 1 to 255 bytes without blanks, "
			    "control characters or , * ? ! # \"");
	return -1;
}

static int
check_times(struct sign_options *o)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC;
	uint64_t ttl = VALIDITY_DEFAULT_TTL_S;
	struct cert_request *req = &o->req;

	if (o->ttl != NULL && parse_duration(o->ttl, &ttl) < 0)
		return show_error(EXIT_USAGE,
		    "--ttl wants a duration such as 8h, not '%s'", o->ttl);
	req->valid_after = now - VALIDITY_BACKDATE_S;
	req->valid_before = now + ttl;
	if (o->validity != NULL &&
	    validity_parse(o->validity, now, &req->valid_after,
		&req->valid_before) < 0)
		return show_error(EXIT_USAGE,
		    "-V wants [FROM:]TO with an end, such as +8h or "
		    "-1m:20300101, not '%s'",
		    o->validity);
	if (o->serial != NULL &&
	    parse_uint(o->serial, 0, UINT64_MAX, &req->serial) < 0)
		return show_error(EXIT_USAGE, "-z wants a number, not '%s'",
		    o->serial);
	return -1;
}

static int
load_ca(const struct sign_options *o, struct edkey **ret)
{
	AUTO(free) char *in_dir = NULL;
	const char *path = o->ca_key, *why;
	int r;

	if (o->ca_dir != NULL) {
		if ((in_dir = ca_path(o->ca_dir, CA_USER_KEY)) == NULL)
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
		    r == -EBADMSG ? "not a public key" : strerror(-r));
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
deliver(const struct sign_options *o, const char *key_path,
    const struct cert *c, const char *comment)
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
record(const struct sign_options *o, const struct cert *c,
    const struct settings *host, struct eventsink *sink)
{
	struct event_context ctx = { .host = host,
		.emitter = "signer",
		.user = c->key_id };
	char line[EVENT_LINE_MAX + 1];
	struct cert_create cc;
	struct event ev;
	int r;

	cert_create_init(&cc, c, &o->roles);
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
sign_locked(struct sign_options *o, const char *path, const struct edkey *ca,
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
sign_one(struct sign_options *o, const char *path, const struct edkey *ca,
    const struct settings *host, struct eventsink *sink)
{
	AUTO(close) int lock = -1;

	if (o->ca_dir != NULL && (lock = ca_lock(o->ca_dir)) < 0)
		return show_error(EXIT_INPUT, "cannot lock the CA in '%s': %s",
		    o->ca_dir, strerror(-lock));
	return sign_locked(o, path, ca, host, sink);
}

static int
sign_all(struct sign_options *o)
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
	for (i = 0, r = -1; i < o->n_keys && r < 0; i++)
		r = sign_one(o, o->keys[i], ca, host, &sink);
	eventsink_clear(&sink);
	return r < 0 ? EXIT_DONE : r;
}

int
cmd_sign(int argc, char **argv)
{
	AUTO_CLEAR(sign_options_clear)
	struct sign_options o = { .req.kind = CERT_USER };
	int r;

	if ((r = parse_options(argc, argv, &o)) >= 0 ||
	    (r = check_mode(&o)) >= 0 || (r = check_names(&o)) >= 0 ||
	    (r = check_times(&o)) >= 0)
		return r;
	if ((o.req.key_id = strdup(o.id)) == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	return sign_all(&o);
}
