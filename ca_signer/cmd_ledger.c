/* SPDX-License-Identifier: ISC */
/* countersign ledger: what was issued, to whom, why; and is it whole. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "clock.h"
#include "ledger.h"
#include "parse.h"
#include "revoked.h"
#include "show.h"
#include "subject.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign ledger --ca DIR [--user ID] [--serial N] [--key "
    "FILE|SHA256:...]\n"
    "                          [--role ROLE] [--since TIME] [--until TIME] "
    "[--valid]\n"
    "                          [--json]\n"
    "       countersign ledger --ca DIR --verify [--head CHAIN] | --repair\n"
    "\n"
    "Answers from the CA's ledger. Times are RFC 3339 or a duration ago (30d).\n"
    "\n"
    "  --ca DIR      the CA\n"
    "  --user, --serial, --key, --role, --since, --until   what is looked "
    "for\n"
    "  --valid       only certificates that are neither expired nor revoked\n"
    "  --json        the ledger's own lines\n"
    "  --verify      is every line as it was written, and none missing? Prints\n"
    "                the head of the chain: note it elsewhere\n"
    "  --head CHAIN  was this noted head ever this ledger's?\n"
    "  --repair      make the file 'serial' anew from a ledger that is whole\n"
    "  -h, --help    this text\n";

struct query {
	const char *dir, *user, *role, *head;
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	uint64_t serial, since_s, until_s;
	bool has_serial, is_valid, json, verify, repair;
	struct revoked revoked;
	uint64_t now_s, found;
};

static int
usage_error(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
take_time(const char *arg, uint64_t now_s, uint64_t *ret)
{
	uint64_t ago;

	if (clock_parse_rfc3339(arg, ret) == 0)
		return -1;
	if (parse_duration(arg, &ago) == 0 && ago < now_s) {
		*ret = now_s - ago;
		return -1;
	}
	return show_error(EXIT_USAGE,
	    "'%s' is no time: 2026-11-24T12:00:00Z, or 30d for 30 days ago",
	    arg);
}

static int
take_key(const char *arg, struct query *q)
{
	AUTO_CLEAR(sshkey_clear) struct sshkey key = { 0 };
	int r;

	if (strncmp(arg, "SHA256:", 7) == 0) {
		snprintf(q->fingerprint, sizeof(q->fingerprint), "%s", arg);
		return -1;
	}
	if ((r = subject_load(arg, &key)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", arg,
		    r == -EBADMSG ? "not a public key" : strerror(-r));
	sshkey_fingerprint(key.blob, key.len, q->fingerprint);
	return -1;
}

static int
take_option(int c, struct query *q)
{
	switch (c) {
	case 'c':
		q->dir = optarg;
		return -1;
	case 'u':
		q->user = optarg;
		return -1;
	case 'r':
		q->role = optarg;
		return -1;
	case 's':
		q->has_serial = true;
		return parse_uint(optarg, 1, UINT64_MAX, &q->serial) == 0
		    ? -1
		    : show_error(EXIT_USAGE, "--serial wants a number");
	case 'k':
		return take_key(optarg, q);
	case 'S':
		return take_time(optarg, q->now_s, &q->since_s);
	case 'U':
		return take_time(optarg, q->now_s, &q->until_s);
	case 'v':
		q->is_valid = true;
		return -1;
	case 'j':
		q->json = true;
		return -1;
	case 'V':
		q->verify = true;
		return -1;
	case 'H':
		q->head = optarg;
		return -1;
	case 'R':
		q->repair = true;
		return -1;
	case 'h':
		fputs(usage, stdout);
		return EXIT_DONE;
	default:
		return usage_error();
	}
}

static int
parse_options(int argc, char **argv, struct query *q)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, 'c' },
		{ "user", required_argument, NULL, 'u' },
		{ "role", required_argument, NULL, 'r' },
		{ "serial", required_argument, NULL, 's' },
		{ "key", required_argument, NULL, 'k' },
		{ "since", required_argument, NULL, 'S' },
		{ "until", required_argument, NULL, 'U' },
		{ "valid", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "verify", no_argument, NULL, 'V' },
		{ "head", required_argument, NULL, 'H' },
		{ "repair", no_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if ((r = take_option(c, q)) >= 0)
			return r;
	if (q->dir == NULL || optind != argc)
		return usage_error();
	return -1;
}

/* ---- is it whole ---- */

static int
verify_head(const struct query *q)
{
	int r = ledger_has_head(q->dir, q->head);

	if (r == 0)
		return -1;
	if (r == -EINVAL)
		return show_error(EXIT_USAGE,
		    "--head wants the 64 digits that --verify printed");
	if (r == -ENOENT)
		return show_error(EXIT_REFUSED,
		    "that was never the head of this ledger: it was written "
		    "anew since");
	return show_error(EXIT_INPUT, "cannot read the ledger: %s",
	    strerror(-r));
}

static int
verify(const struct query *q)
{
	char why[LEDGER_WHY_MAX], hex[LEDGER_CHAIN_TEXT];
	struct ledger_head head;
	int r;

	r = ledger_verify(q->dir, &head, why);
	if (r == -EBADMSG)
		return show_error(EXIT_REFUSED,
		    "the ledger in '%s' is not as it was written: %s", q->dir,
		    why);
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot read the CA in '%s': %s",
		    q->dir, why);
	if (q->head != NULL && (r = verify_head(q)) >= 0)
		return r;
	sodium_bin2hex(hex, sizeof(hex), head.chain, sizeof(head.chain));
	if (q->json)
		printf("{\"last_serial\":%" PRIu64 ",\"bytes\":%" PRIu64
		       ",\"head\":\"%s\"}\n",
		    head.last_serial, head.size, hex);
	else
		printf("whole: %" PRIu64 " certificates, head %s\n",
		    head.last_serial, hex);
	return EXIT_DONE;
}

static int
repair(const struct query *q)
{
	char why[LEDGER_WHY_MAX];

	if (ledger_repair_anchor(q->dir, why) < 0)
		return show_error(EXIT_REFUSED,
		    "cannot repair the CA in '%s': %s", q->dir, why);
	return verify(q);
}

/* ---- answers ---- */

static bool
has_role(const struct ledger_line *l, const char *role)
{
	json_auto_t *doc = json_loadb(l->p, l->len, 0, NULL);
	json_t *roles =
	    json_object_get(json_object_get(doc, "identity"), "roles");
	const char *text;
	json_t *item;
	size_t i;

	json_array_foreach (roles, i, item) {
		text = json_string_value(item);
		if (text != NULL && strcmp(text, role) == 0)
			return true;
	}
	return false;
}

static bool
is_still_valid(const struct query *q, const struct ledger_line *l)
{
	char fp[SSHKEY_FINGERPRINT_MAX];
	uint64_t end, serial;
	const char *text;
	size_t len, i;

	if (!ledger_line_is(l, "cert.create") ||
	    !ledger_line_time(l, "valid_before", &end) || end <= q->now_s ||
	    !ledger_line_uint(l, "serial", &serial) ||
	    revoked_has_cert(&q->revoked, l, serial))
		return false;
	for (i = 0; i < q->revoked.ids.n; i++)
		if (ledger_line_text_is(l, "user", q->revoked.ids.v[i]))
			return false;
	if (!ledger_line_text(l, "fingerprint", &text, &len) ||
	    len >= sizeof(fp))
		return false;
	memcpy(fp, text, len);
	fp[len] = '\0';
	return !strv_has(&q->revoked.fingerprints, fp);
}

static bool
is_wanted(const struct query *q, const struct ledger_line *l)
{
	uint64_t v;

	if (q->user != NULL && !ledger_line_text_is(l, "user", q->user))
		return false;
	if (q->has_serial &&
	    (!ledger_line_uint(l, "serial", &v) || v != q->serial))
		return false;
	if (q->fingerprint[0] != '\0' &&
	    !ledger_line_text_is(l, "fingerprint", q->fingerprint))
		return false;
	if ((q->since_s != 0 || q->until_s != 0) &&
	    (!ledger_line_time(l, "time", &v) || v < q->since_s ||
		(q->until_s != 0 && v > q->until_s)))
		return false;
	if (q->is_valid && !is_still_valid(q, l))
		return false;
	return q->role == NULL || has_role(l, q->role);
}

static void
put_text(json_t *doc, const char *key, const char *before)
{
	const char *text = json_string_value(json_object_get(doc, key));

	if (text == NULL)
		return;
	fputs(before, stdout);
	show_text(stdout, text, strlen(text));
}

static void
put_list(json_t *list, const char *before)
{
	const char *text;
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		text = json_string_value(item);
		fputs(i == 0 ? before : ",", stdout);
		if (text != NULL)
			show_text(stdout, text, strlen(text));
	}
}

/* One line for people: when, what, serial, who, what for, until when. */
static void
print_line(const struct ledger_line *l)
{
	json_auto_t *doc = json_loadb(l->p, l->len, 0, NULL);
	const char *time = json_string_value(json_object_get(doc, "time"));
	json_t *serial = json_object_get(doc, "serial");

	if (time == NULL)
		return;
	show_text(stdout, time, strnlen(time, 19));
	putchar('Z');
	put_text(doc, "event", "  ");
	if (json_is_integer(serial))
		printf("  #%lld", (long long)json_integer_value(serial));
	put_text(doc, "user", "  ");
	put_text(doc, "key_id", "  id ");
	put_list(json_object_get(json_object_get(doc, "identity"),
		     "principals"),
	    "  ");
	put_text(doc, "valid_before", "  until ");
	put_text(doc, "profile", "  by ");
	put_text(doc, "fingerprint", "  ");
	put_text(doc, "key", "  ");
	put_text(doc, "step", " ");
	put_text(doc, "reason", "  reason: ");
	put_text(doc, "error", "  error: ");
	putchar('\n');
}

static int
answer(struct query *q)
{
	struct ledger_line line;
	struct ledger_view v = { .lock = -1 };
	int r;

	if ((q->is_valid &&
		(r = revoked_update(&q->revoked, q->dir, false)) < 0) ||
	    (r = ledger_view_open(q->dir, 0, false, &v)) < 0)
		return show_error(EXIT_INPUT, "cannot read the CA in '%s': %s",
		    q->dir,
		    r == -EBADMSG ? "a revocation is damaged" : strerror(-r));
	while (ledger_view_next(&v, &line)) {
		if (!is_wanted(q, &line))
			continue;
		q->found++;
		if (!q->json)
			print_line(&line);
		else
			printf("%.*s\n", (int)line.len, line.p);
	}
	ledger_view_close(&v);
	if (fflush(stdout) != 0)
		return show_error(EXIT_INPUT, "cannot write: %s",
		    strerror(errno));
	return q->found > 0 ? EXIT_DONE : EXIT_REFUSED;
}

int
cmd_ledger(int argc, char **argv)
{
	struct query q = { .now_s = clock_now_usec() / USEC_PER_SEC };
	int r;

	if ((r = parse_options(argc, argv, &q)) >= 0)
		return r;
	if (q.repair)
		return repair(&q);
	if (q.verify || q.head != NULL)
		return verify(&q);
	r = answer(&q);
	revoked_clear(&q.revoked);
	return r;
}
