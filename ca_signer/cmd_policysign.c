/* SPDX-License-Identifier: ISC */
/* countersign policy sign and verify. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "auto.h"
#include "bundle.h"
#include "ca.h"
#include "clock.h"
#include "host.h"
#include "input.h"
#include "parse.h"
#include "path.h"
#include "policyfile.h"
#include "show.h"
#include "signfile.h"
#include "verbs.h"

/* In the CA's folder: the version that was signed last, and its hash. */
#define SIGNED_FILE "policy.signed"

static const char sign_usage[] =
    "usage: countersign policy sign --ca DIR [--timeout SECONDS] [-q] "
    "POLICY\n"
    "\n"
    "Checks the policy and writes POLICY.sig, its signature by the CA's policy "
    "key,\n"
    "which 'ssh-keygen -Y verify -n policy@countersign' reads as well. Its "
    "\"version\"\n"
    "has to be higher than that of the last one signed, unless it is the "
    "same.\n"
    "\n"
    "  --ca DIR      the CA\n"
    "  --timeout S   how long an agent may take\n"
    "  -q, --quiet   no word about it\n"
    "  --help        this text\n";

static const char verify_usage[] =
    "usage: countersign policy verify --key FILE [--sig FILE] [-q] POLICY\n"
    "\n"
    "Is POLICY signed (in POLICY.sig) by one of these keys, and could a host "
    "use it?\n"
    "Exit status 0: yes; 1: no.\n"
    "\n"
    "  --key FILE    policy_key.pub: the keys, one a line\n"
    "  --sig FILE    the signature (default POLICY.sig)\n"
    "  -q, --quiet   only the exit status\n"
    "  --help        this text\n";

struct sign_options {
	const char *ca, *key, *sig;
	unsigned timeout_s;
	bool quiet;
};

static const struct option longs[] = {
	{ "ca", required_argument, NULL, 'c' },
	{ "key", required_argument, NULL, 'k' },
	{ "sig", required_argument, NULL, 's' },
	{ "timeout", required_argument, NULL, 't' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
parse_options(int argc, char **argv, const char *usage, struct sign_options *o)
{
	uint64_t n;
	int c;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->ca = optarg;
			break;
		case 'k':
			o->key = optarg;
			break;
		case 's':
			o->sig = optarg;
			break;
		case 't':
			if (parse_uint(optarg, 1, 3600, &n) < 0)
				return show_error(EXIT_USAGE,
				    "--timeout wants 1 to 3600 seconds");
			o->timeout_s = (unsigned)n;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind + 1 == argc)
		return -1;
	fputs(usage, stderr);
	return EXIT_USAGE;
}

/* "VERSION BLAKE2B\n" of the policy. The caller frees. */
static char *
mark_of(const struct policyfile *p)
{
	uint8_t hash[32];
	char hex[65], *text;

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)p->text, p->len,
	    NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return asprintf(&text, "%" PRIu64 " %s\n", p->policy->version, hex) < 0
	    ? NULL
	    : text;
}

/* Hosts that have seen a version refuse another policy with it, or a lower
 * one: here is where that is still easy to mend. */
static int
check_version(const char *path, const struct policyfile *p, const char *mark)
{
	AUTO(free) char *last = NULL;
	uint64_t version;
	int r = input_read(path, 256, &last);

	if (r == -ENOENT)
		return -1;
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    strerror(-r));
	if (strcmp(last, mark) == 0)
		return -1;
	last[strcspn(last, " ")] = '\0';
	if (parse_uint(last, 1, UINT64_MAX, &version) < 0)
		return show_error(EXIT_INPUT,
		    "'%s' is damaged: remove it if you know the last version",
		    path);
	if (p->policy->version > version)
		return -1;
	return show_error(EXIT_REFUSED,
	    "version %" PRIu64 " was signed already, and hosts that have it "
	    "refuse another: make it %" PRIu64,
	    version, version + 1);
}

static int
check_expiry(const struct policy *p)
{
	if (p->expires_s == 0 || p->expires_s > clock_now_usec() / USEC_PER_SEC)
		return -1;
	return show_error(EXIT_REFUSED,
	    "the policy has expired already, hosts would refuse it: set a "
	    "later \"expires\"");
}

static int
sign(const struct sign_options *o, const struct policyfile *p)
{
	AUTO(free) char *path = ca_path(o->ca, SIGNED_FILE);
	AUTO(free) char *mark = mark_of(p);
	AUTO(close) int lock = open(o->ca, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	/* Two signers at once would both find their version free. */
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return show_error(EXIT_INPUT, "cannot use the CA in '%s': %s",
		    o->ca, strerror(errno));
	if (path == NULL || mark == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if ((r = check_expiry(p->policy)) >= 0 ||
	    (r = check_version(path, p, mark)) >= 0)
		return r;
	/* First: a signature that is not remembered could be given twice. */
	if ((r = path_write_atomic(path, mark, strlen(mark), 0600, 0)) < 0)
		return show_error(EXIT_INPUT, "cannot write '%s': %s", path,
		    strerror(-r));
	if ((r = signfile_write_text(o->ca, p->path, POLICY_NAMESPACE,
		 o->timeout_s, p->text, p->len)) >= 0)
		return r;
	if (!o->quiet)
		printf("%s.sig: version %" PRIu64
		       ", %zu roles, %zu locks, signed\n",
		    p->path, p->policy->version, p->policy->n_roles,
		    p->policy->locks.n);
	return EXIT_DONE;
}

int
cmd_policy_sign(int argc, char **argv)
{
	AUTO_CLEAR(policyfile_clear) struct policyfile p = { 0 };
	struct sign_options o = { 0 };
	int r;

	if ((r = parse_options(argc, argv, sign_usage, &o)) >= 0)
		return r;
	if (o.ca == NULL || o.key != NULL || o.sig != NULL) {
		fputs(sign_usage, stderr);
		return EXIT_USAGE;
	}
	if ((r = policyfile_load(argv[optind], &p)) >= 0)
		return r;
	return sign(&o, &p);
}

static int
verify(const struct sign_options *o, const struct policyfile *p,
    const struct sshkey_list *keys)
{
	AUTO(free) char *sig = NULL, *path = NULL;
	struct conf_error e = { 0 };
	int r;

	if (asprintf(&path, "%s%s", o->sig != NULL ? o->sig : p->path,
		o->sig != NULL ? "" : ".sig") < 0) {
		path = NULL;
		return show_error(EXIT_INPUT, "out of memory");
	}
	if ((r = input_read(path, BUNDLE_SIG_MAX_BYTES, &sig)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    strerror(-r));
	r = bundle_verify(p->text, p->len, sig, POLICY_NAMESPACE, keys, &e);
	if (r < 0)
		return show_error(r == -ENOMEM ? EXIT_INPUT : EXIT_REFUSED,
		    "%s: %s", path, r == -ENOMEM ? "out of memory" : e.what);
	if ((r = check_expiry(p->policy)) >= 0)
		return r;
	if (!o->quiet)
		printf("good: version %" PRIu64 ", %zu roles, %zu locks\n",
		    p->policy->version, p->policy->n_roles, p->policy->locks.n);
	return EXIT_DONE;
}

int
cmd_policy_verify(int argc, char **argv)
{
	AUTO_CLEAR(policyfile_clear) struct policyfile p = { 0 };
	AUTO_CLEAR(sshkey_list_clear) struct sshkey_list keys = { 0 };
	AUTO(free) char *text = NULL;
	struct sign_options o = { 0 };
	size_t line;
	int r;

	if ((r = parse_options(argc, argv, verify_usage, &o)) >= 0)
		return r;
	if (o.key == NULL || o.ca != NULL) {
		fputs(verify_usage, stderr);
		return EXIT_USAGE;
	}
	if ((r = input_read(o.key, HOST_CA_MAX_BYTES, &text)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", o.key,
		    strerror(-r));
	if (sshkey_list_parse(text, &keys, &line) < 0)
		return show_error(EXIT_INPUT, "%s:%zu: not a public key", o.key,
		    line);
	if ((r = policyfile_load(argv[optind], &p)) >= 0)
		return r;
	return verify(&o, &p, &keys);
}
