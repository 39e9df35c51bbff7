/* SPDX-License-Identifier: ISC */
/* countersign krl: revocation lists, from the ledger or in ssh-keygen's place.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "ca.h"
#include "clock.h"
#include "keygenkrl.h"
#include "krlmake.h"
#include "krlwriter.h"
#include "parse.h"
#include "show.h"
#include "signfile.h"
#include "verbs.h"

DEFINE_AUTO(krl_free, struct krl)

static const char usage[] =
    "usage: countersign krl --ca DIR -o FILE [--at TIME] [-z VERSION] "
    "[--no-sign]\n"
    "                       [-q] [--json]\n"
    "       countersign krl -k -f FILE [-u] [-s CA.pub] [-z VERSION] [-C "
    "COMMENT]\n"
    "                       [-q] SPEC...\n"
    "       countersign krl -Q -f FILE [-l] [KEY]...\n"
    "\n"
    "Writes a key revocation list, sshd's RevokedKeys: smaller than "
    "ssh-keygen's,\n"
    "read back before it is put in place.\n"
    "\n"
    "From a CA's ledger: what 'countersign revoke' revoked and is still valid\n"
    "  --ca DIR      the CA\n"
    "  -o FILE       where; FILE.sig is its signature (ssh-keygen -Y verify,\n"
    "                namespace krl@countersign) by the CA's policy key\n"
    "  --at TIME     as of this time (RFC 3339; default now)\n"
    "  -z VERSION    its version (default: the time in seconds)\n"
    "  --no-sign     no signature\n"
    "  -q, --quiet   no word about it\n"
    "  --json        say it as one JSON object\n"
    "\n"
    "In ssh-keygen's place, with its letters, meanings and exit codes:\n"
    "  -k            write the list FILE from SPECs; -u adds to it\n"
    "  -Q            are these keys in the list? -l prints it\n"
    "  --help        this text\n";

struct krl_options {
	const char *dir, *out;
	uint64_t at_s, version;
	bool no_sign, quiet, json;
	unsigned timeout_s;
};

static int
usage_error(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
take_option(int c, struct krl_options *o)
{
	switch (c) {
	case 'c':
		o->dir = optarg;
		return -1;
	case 'o':
		o->out = optarg;
		return -1;
	case 'a':
		return clock_parse_rfc3339(optarg, &o->at_s) == 0
		    ? -1
		    : show_error(EXIT_USAGE,
			  "--at wants a time such as 2026-11-24T12:00:00Z");
	case 'z':
		return parse_uint(optarg, 1, UINT64_MAX, &o->version) == 0
		    ? -1
		    : show_error(EXIT_USAGE, "-z wants a number");
	case 'S':
		o->no_sign = true;
		return -1;
	case 'j':
		o->json = true;
		return -1;
	case 'q':
		o->quiet = true;
		return -1;
	case 'h':
		fputs(usage, stdout);
		return EXIT_DONE;
	default:
		return usage_error();
	}
}

static int
parse_options(int argc, char **argv, struct krl_options *o)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, 'c' },
		{ "at", required_argument, NULL, 'a' },
		{ "no-sign", no_argument, NULL, 'S' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "o:z:qh", longs, NULL)) != -1)
		if ((r = take_option(c, o)) >= 0)
			return r;
	if (o->dir == NULL || o->out == NULL || optind != argc)
		return usage_error();
	return -1;
}

static uint64_t
count_serials(const struct krl *k)
{
	uint64_t n = 0;
	size_t i, j;

	for (i = 0; i < k->n_cas; i++)
		for (j = 0; j < k->cas[i].n; j++)
			n += k->cas[i].serials[j].n;
	return n;
}

static size_t
count_ids(const struct krl *k)
{
	return k->n_cas > 0 ? k->cas[0].ids.n : 0;
}

static void
say(const struct krl_options *o, const struct krl *k)
{
	struct stat st = { 0 };

	(void)stat(o->out, &st);
	if (o->json) {
		fputs("{\"file\":", stdout);
		show_json_text(stdout, o->out, strlen(o->out));
		printf(",\"version\":%" PRIu64 ",\"certificates\":%" PRIu64
		       ",\"ids\":%zu,\"keys\":%zu,\"bytes\":%lld,"
		       "\"signed\":%s}\n",
		    k->version, count_serials(k), count_ids(k), k->sha256s.n,
		    (long long)st.st_size, o->no_sign ? "false" : "true");
	} else if (!o->quiet) {
		show_text(stdout, o->out, strlen(o->out));
		printf(": %" PRIu64 " certificates, %zu ids, %zu keys, %lld "
		       "bytes%s\n",
		    count_serials(k), count_ids(k), k->sha256s.n,
		    (long long)st.st_size, o->no_sign ? "" : ", signed");
	}
}

static int
from_ledger(struct krl_options *o)
{
	AUTO(krl_free) struct krl *k = NULL;
	char why[LEDGER_WHY_MAX];
	int r;

	if (o->at_s == 0)
		o->at_s = clock_now_usec() / USEC_PER_SEC;
	if (krlmake(o->dir, o->at_s, &k, why) < 0)
		return show_error(EXIT_INPUT,
		    "cannot make a list of the CA in '%s': %s", o->dir, why);
	if (o->version != 0)
		k->version = o->version;
	if ((r = krlwriter_save(k, o->out, 0644)) < 0)
		return show_error(EXIT_INPUT, "cannot write '%s': %s", o->out,
		    r == -EBADMSG ? "what was read back is not what was "
				    "written; the file is as it was"
				  : strerror(-r));
	if (!o->no_sign &&
	    (r = signfile_write(o->dir, o->out, "krl@countersign",
		 o->timeout_s)) >= 0)
		return r;
	say(o, k);
	return EXIT_DONE;
}

int
cmd_krl(int argc, char **argv)
{
	struct krl_options o = { 0 };
	int i, r;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--ca") == 0 ||
		    strncmp(argv[i], "--ca=", 5) == 0 ||
		    strcmp(argv[i], "--help") == 0)
			break;
	if (i == argc && argc > 1)
		return keygenkrl_run(argc, argv);
	if ((r = parse_options(argc, argv, &o)) >= 0)
		return r;
	return from_ledger(&o);
}
