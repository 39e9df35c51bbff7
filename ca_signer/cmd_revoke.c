/* SPDX-License-Identifier: ISC */
/* countersign revoke: into the ledger, from where the list is made. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "clock.h"
#include "krl.h"
#include "ledger.h"
#include "parse.h"
#include "show.h"
#include "sshcert.h"
#include "subject.h"
#include "verbs.h"

DEFINE_AUTO(cert_free, struct cert)
DEFINE_AUTO(ledger_free, struct ledger)
DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: countersign revoke --ca DIR WHAT... [--reason TEXT] [-q] [--json]\n"
    "\n"
    "Notes in the CA's ledger that something is revoked. Hosts hear of it by "
    "the\n"
    "list that 'countersign krl --ca DIR -o FILE' makes afterwards.\n"
    "\n"
    "  --serial N[-M]     certificates by their serials\n"
    "  --user ID          all certificates that ID has now; later ones are "
    "good\n"
    "  --id ID            ID for ever: no certificate with it is good or "
    "issued\n"
    "  --key FILE         a public key for ever, with all its certificates; a\n"
    "                     certificate's file: that certificate\n"
    "  --fingerprint FP   the same by SHA256:...\n"
    "  --reason TEXT      for the ledger\n"
    "  -q, --quiet        no word about it\n"
    "  --json             one JSON object for each\n"
    "  -h, --help         this text\n";

enum by {
	BY_SERIAL,
	BY_USER,
	BY_ID,
	BY_KEY
};

struct target {
	enum by by;
	char text[SSHKEY_FINGERPRINT_MAX + 256]; /* user, id, fingerprint */
	uint64_t lo, hi;
	uint64_t n_valid; /* of a user's certificates */
};

struct revoke {
	const char *dir, *reason;
	bool quiet, json;
	struct target *v;
	size_t n;
};

static const char *
by_name(enum by by)
{
	static const char *const names[] = { "serial", "user", "id", "key" };

	return names[by];
}

static struct target *
add_target(struct revoke *o, enum by by)
{
	struct target *v = reallocarray(o->v, o->n + 1, sizeof(*v));

	if (v == NULL)
		return NULL;
	o->v = v;
	v[o->n] = (struct target){ .by = by };
	return &v[o->n++];
}

static int
add_serials(struct revoke *o, const char *arg)
{
	struct target *t = add_target(o, BY_SERIAL);
	AUTO(free) char *copy = strdup(arg);
	char *at = copy, *lo;

	if (t == NULL || copy == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	lo = strsep(&at, "-");
	if (parse_uint(lo, 1, UINT64_MAX, &t->lo) < 0 ||
	    parse_uint(at != NULL ? at : lo, t->lo, UINT64_MAX, &t->hi) < 0)
		return show_error(EXIT_USAGE,
		    "--serial wants a number, or LOW-HIGH, not '%s'", arg);
	return -1;
}

static int
add_text(struct revoke *o, enum by by, const char *text)
{
	struct target *t = add_target(o, by);

	if (t == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if (text[0] == '\0' || strlen(text) >= sizeof(t->text))
		return show_error(EXIT_USAGE, "'%s' is no ID", text);
	memcpy(t->text, text, strlen(text) + 1);
	return -1;
}

static int
add_fingerprint(struct revoke *o, const char *text)
{
	uint8_t hash[KRL_SHA256_BYTES];
	size_t len;

	if (strncmp(text, "SHA256:", 7) != 0 ||
	    sodium_base642bin(hash, sizeof(hash), text + 7, strlen(text + 7),
		NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
	    len != sizeof(hash))
		return show_error(EXIT_USAGE,
		    "--fingerprint wants SHA256:..., as ssh-keygen -l prints "
		    "it");
	return add_text(o, BY_KEY, text);
}

static int
add_cert(struct revoke *o, const char *path, const struct sshkey *key)
{
	AUTO(cert_free) struct cert *c = NULL;
	struct target *t;

	if (cert_parse(key->blob, key->len, &c) < 0 || c->is_opaque ||
	    c->serial == 0)
		return show_error(EXIT_INPUT,
		    "'%s' is no certificate with a serial: revoke its key",
		    path);
	if ((t = add_target(o, BY_SERIAL)) == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	t->lo = t->hi = c->serial;
	return -1;
}

static int
add_key(struct revoke *o, const char *path)
{
	AUTO_CLEAR(sshkey_clear) struct sshkey key = { 0 };
	char fp[SSHKEY_FINGERPRINT_MAX];
	int r;

	if ((r = subject_load(path, &key)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    r == -EBADMSG ? "not a public key" : strerror(-r));
	if (sshkey_is_cert_type(key.type))
		return add_cert(o, path, &key);
	sshkey_fingerprint(key.blob, key.len, fp);
	return add_text(o, BY_KEY, fp);
}

static int
take_option(int c, struct revoke *o)
{
	switch (c) {
	case 'c':
		o->dir = optarg;
		return -1;
	case 'r':
		o->reason = optarg;
		return -1;
	case 's':
		return add_serials(o, optarg);
	case 'u':
		return add_text(o, BY_USER, optarg);
	case 'i':
		return add_text(o, BY_ID, optarg);
	case 'k':
		return add_key(o, optarg);
	case 'f':
		return add_fingerprint(o, optarg);
	case 'q':
		o->quiet = true;
		return -1;
	case 'j':
		o->json = true;
		return -1;
	default:
		fputs(usage, c == 'h' ? stdout : stderr);
		return c == 'h' ? EXIT_DONE : EXIT_USAGE;
	}
}

static int
parse_options(int argc, char **argv, struct revoke *o)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, 'c' },
		{ "serial", required_argument, NULL, 's' },
		{ "user", required_argument, NULL, 'u' },
		{ "id", required_argument, NULL, 'i' },
		{ "key", required_argument, NULL, 'k' },
		{ "fingerprint", required_argument, NULL, 'f' },
		{ "reason", required_argument, NULL, 'r' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1)
		if ((r = take_option(c, o)) >= 0)
			return r;
	if (o->reason != NULL && strlen(o->reason) > WANTED_FACT_MAX_BYTES)
		return show_error(EXIT_USAGE, "--reason is at most %u bytes",
		    WANTED_FACT_MAX_BYTES);
	if (o->dir == NULL || o->n == 0 || optind != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* What the ledger has of that user. */
static int
count_user(const char *dir, struct target *t, bool *ret_known)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC, end;
	struct ledger_line line;
	struct ledger_view v = { .lock = -1 };
	int r;

	if ((r = ledger_view_open(dir, 0, true, &v)) < 0)
		return r;
	while (ledger_view_next(&v, &line)) {
		if (!ledger_line_is(&line, "cert.create") ||
		    !ledger_line_text_is(&line, "user", t->text))
			continue;
		*ret_known = true;
		if (ledger_line_time(&line, "valid_before", &end) && end > now)
			t->n_valid++;
	}
	ledger_view_close(&v);
	return 0;
}

/* A slip of the pen would revoke nothing and say that all is well. */
static int
check_target(const struct revoke *o, const struct ledger *l, struct target *t)
{
	uint64_t last = ledger_head(l)->last_serial;
	bool is_known = false;
	int r;

	if (t->by == BY_SERIAL && t->hi > last)
		return show_error(EXIT_REFUSED,
		    "serial %" PRIu64 " has not been issued (the last one is "
		    "%" PRIu64 "); nothing was revoked",
		    t->hi, last);
	if (t->by != BY_USER)
		return -1;
	if ((r = count_user(o->dir, t, &is_known)) < 0)
		return show_error(EXIT_INPUT, "cannot read the ledger: %s",
		    strerror(-r));
	if (!is_known)
		return show_error(EXIT_REFUSED,
		    "no certificate was ever issued to '%s'; nothing was "
		    "revoked (see countersign ledger)",
		    t->text);
	t->hi = last;
	return -1;
}

static void
revoke_event(const struct revoke *o, const struct target *t,
    const struct settings *host, struct event *ev)
{
	struct event_context ctx = { .host = host,
		.emitter = "signer",
		.user = t->by == BY_USER ? t->text : NULL };

	event_init(ev, &ctx, "cert.revoke", "CS001I");
	event_string(ev, "revoked_by", by_name(t->by));
	if (t->by == BY_SERIAL) {
		event_uint(ev, "serial", t->lo);
		event_uint(ev, "serial_to", t->hi);
	} else if (t->by == BY_USER) {
		event_uint(ev, "up_to", t->hi);
	} else {
		event_string(ev, t->by == BY_ID ? "key_id" : "fingerprint",
		    t->text);
	}
	event_string(ev, "reason", o->reason);
}

static void
say(const struct revoke *o, const struct target *t)
{
	if (o->json) {
		printf("{\"revoked_by\":\"%s\",", by_name(t->by));
		if (t->by == BY_SERIAL) {
			printf("\"serial\":%" PRIu64 ",\"serial_to\":%" PRIu64
			       "}\n",
			    t->lo, t->hi);
			return;
		}
		fputs("\"what\":", stdout);
		show_json_text(stdout, t->text, strlen(t->text));
		if (t->by == BY_USER)
			printf(",\"certificates\":%" PRIu64, t->n_valid);
		fputs("}\n", stdout);
		return;
	}
	if (o->quiet)
		return;
	if (t->by == BY_SERIAL) {
		printf("revoked: serial %" PRIu64, t->lo);
		if (t->hi != t->lo)
			printf("-%" PRIu64, t->hi);
	} else {
		printf("revoked: %s ", by_name(t->by));
		show_text(stdout, t->text, strlen(t->text));
	}
	if (t->by == BY_USER)
		printf(" (%" PRIu64 " certificates that are still valid)",
		    t->n_valid);
	putchar('\n');
}

static int
write_lines(struct revoke *o, struct ledger *l, const struct settings *host,
    struct eventsink *sink)
{
	struct reader lines, line;
	struct event ev;
	size_t i;
	int r;

	for (i = 0; i < o->n; i++)
		if ((r = check_target(o, l, &o->v[i])) >= 0)
			return r;
	for (i = 0; i < o->n; i++) {
		revoke_event(o, &o->v[i], host, &ev);
		if ((r = ledger_add(l, &ev, 0)) < 0)
			break;
	}
	if (i < o->n || (r = ledger_commit(l)) < 0)
		return show_error(EXIT_INPUT,
		    "cannot write the ledger in '%s': %s; nothing was revoked",
		    o->dir, strerror(-r));
	lines = ledger_committed(l);
	while (ca_take_line(&lines, &line))
		eventsink_send_line(sink, (const char *)line.p, line.left);
	return -1;
}

static int
run(struct revoke *o)
{
	AUTO(settings_free) struct settings *host = NULL;
	AUTO(ledger_free) struct ledger *l = NULL;
	char why[LEDGER_WHY_MAX];
	struct conf_error e = { 0 };
	struct eventsink sink;
	size_t i;
	int r;

	if ((host = settings_load_host(&e)) == NULL)
		return show_error(EXIT_INPUT, "%s", e.what);
	if (ledger_open(o->dir, &l, why) < 0)
		return show_error(EXIT_INPUT, "cannot use the CA in '%s': %s",
		    o->dir, why);
	eventsink_init(&sink, host, "signer");
	r = write_lines(o, l, host, &sink);
	eventsink_clear(&sink);
	if (r >= 0)
		return r;
	for (i = 0; i < o->n; i++)
		say(o, &o->v[i]);
	if (!o->quiet && !o->json)
		printf("now: countersign krl --ca %s -o FILE, and FILE to the "
		       "hosts\n",
		    o->dir);
	return EXIT_DONE;
}

int
cmd_revoke(int argc, char **argv)
{
	struct revoke o = { 0 };
	int r;

	if ((r = parse_options(argc, argv, &o)) < 0)
		r = run(&o);
	free(o.v);
	return r;
}
