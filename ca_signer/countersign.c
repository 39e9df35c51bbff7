/* SPDX-License-Identifier: ISC */
/* countersign(1): the offline signer. */
#include <sodium.h>
#include <string.h>
#include <sys/resource.h>

#include "askpass.h"
#include "auto.h"
#include "show.h"
#include "verbs.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
	{ "init", cmd_init, "make a certificate authority" },
	{ "rotate", cmd_rotate, "bring a new CA key in beside the old one" },
	{ "sign", cmd_sign, "issue certificates that expire" },
	{ "host", cmd_host, "issue certificates for hosts" },
	{ "renew", cmd_renew, "the same certificate with a later end" },
	{ "revoke", cmd_revoke, "note that something is revoked" },
	{ "krl", cmd_krl, "write the key revocation list" },
	{ "policy", cmd_policy, "check, explain, test and sign the policy" },
	{ "ledger", cmd_ledger, "what was issued, and is the ledger whole" },
	{ "inspect", cmd_inspect, "show what a certificate or a list says" },
	{ "needs-renewal", cmd_needs_renewal, "is it time for a new one?" },
};

static void
print_usage(FILE *f)
{
	size_t i;

	fputs("usage: countersign VERB [OPTION]... (countersign VERB --help)\n",
	    f);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %-14s %s\n", verbs[i].name, verbs[i].what);
	fputs("  --version      print the version\n", f);
}

/* A dump of this process would hold a CA's key. */
static void
forbid_core_dumps(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

int
main(int argc, char **argv)
{
	size_t i;

	forbid_core_dumps();
	if (sodium_init() < 0)
		return show_error(EXIT_INPUT, "libsodium cannot start");
	/* An OpenSSH program that we run asks for a passphrase. */
	if (getenv(ASKPASS_ENV) != NULL && argc == 2)
		return askpass_main(getenv(ASKPASS_ENV), argv[1]);
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0 ||
	    strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("countersign " CS_VERSION);
		return EXIT_DONE;
	}
	return show_error(EXIT_USAGE,
	    "no such verb: '%s' (see countersign --help)", argv[1]);
}
