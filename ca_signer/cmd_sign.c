/* SPDX-License-Identifier: ISC */
/* countersign sign: certificates for keys. */
#include <stdlib.h>
#include <string.h>

#include "askfor.h"
#include "auto.h"
#include "keygensign.h"
#include "sshcert.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign sign --ca DIR --user ID --role ROLE [--role ROLE]...\n"
    "                        [OPTION]... KEY.pub...\n"
    "       countersign sign --ca DIR [OPTION]... --batch FILE|-\n"
    "       countersign sign -s CA_KEY [-U] -I ID [-h] [-n NAME,...] [-V "
    "VALIDITY]\n"
    "                        [-z [+]SERIAL] [-O OPTION]... [-t ALGORITHM] "
    "[-q] KEY.pub...\n"
    "\n"
    "Certifies public keys. KEY.pub gives KEY-cert.pub; '-' reads a key from\n"
    "stdin and writes the certificate to stdout.\n"
    "\n"
    "By the CA's profiles, with the next serial, in its ledger:\n"
    "  --ca DIR            the CA that 'countersign init' made\n"
    "  --user ID           who it is, for example alice@example.com\n"
    "  --role ROLE         a role of the policy; may be repeated\n"
    "  --principal NAME    a principal beside the roles, if a profile allows "
    "it\n"
    "  --ttl TIME          how long it is valid (default: the profile's, 8h),\n"
    "                      starting a minute ago\n"
    "  --profile NAME      by this profile only\n"
    "  -O OPTION           clear, force-command=..., source-address=...,\n"
    "                      verify-required, no-touch-required, and permit-X "
    "or\n"
    "                      no-X of pty, port-forwarding, agent-forwarding,\n"
    "                      x11-forwarding, user-rc;\n"
    "                      extension:NAME[=VALUE]\n"
    "  --batch FILE        JSON lines {\"key\":..., \"user\":..., "
    "\"roles\":[...],\n"
    "                      \"ttl\":...} in, one JSON object each out\n"
    "  --connector-id ID   who vouches for the identity\n"
    "  --mfa NAME          the second factor that was used\n"
    "  --claims JSON       an object; travels in the certificate\n"
    "  --request-id ID, --reason TEXT, --client-ip ADDRESS\n"
    "                      for the ledger and the events\n"
    "\n"
    "In ssh-keygen's place, with its letters, meanings and exit codes, without "
    "a\n"
    "ledger:\n"
    "  -s CA_KEY           the CA's private key; with -U its public key, the\n"
    "                      private one being in $SSH_AUTH_SOCK's agent\n"
    "  -I, -h, -n, -V, -z, -O, -t   as ssh-keygen(1)\n"
    "\n"
    "Both:\n"
    "  --agent-timeout TIME   how long an agent may take to sign (default "
    "60s)\n"
    "  --allow-unknown-type   certify keys of types that are not known here\n"
    "  -q, --quiet            no word about what was written\n"
    "  --json                 one JSON object for each certificate\n"
    "  --help                 this text\n";

static int
usage_error(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
parse_options(int argc, char **argv, struct askfor *a)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, OPT_CA },
		{ "user", required_argument, NULL, OPT_USER },
		{ "role", required_argument, NULL, OPT_ROLE },
		{ "principal", required_argument, NULL, OPT_PRINCIPAL },
		{ "ttl", required_argument, NULL, OPT_TTL },
		{ "profile", required_argument, NULL, OPT_PROFILE },
		{ "batch", required_argument, NULL, OPT_BATCH },
		{ "connector-id", required_argument, NULL, OPT_CONNECTOR_ID },
		{ "mfa", required_argument, NULL, OPT_MFA },
		{ "claims", required_argument, NULL, OPT_CLAIMS },
		{ "request-id", required_argument, NULL, OPT_REQUEST_ID },
		{ "reason", required_argument, NULL, OPT_REASON },
		{ "client-ip", required_argument, NULL, OPT_CLIENT_IP },
		{ "agent-timeout", required_argument, NULL, OPT_AGENT_TIMEOUT },
		{ "allow-unknown-type", no_argument, NULL,
		    OPT_ALLOW_UNKNOWN_TYPE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "O:q", longs, NULL)) != -1) {
		if (c == OPT_HELP) {
			fputs(usage, stdout);
			return EXIT_DONE;
		}
		if (c == 'O') {
			if (strv_add(&a->wanted.options, optarg) < 0)
				return show_error(EXIT_INPUT, "out of memory");
			continue;
		}
		if ((r = askfor_option(c, optarg, a)) != -1)
			return r == -2 ? usage_error() : r;
	}
	return -1;
}

static int
check_options(const struct askfor *a, int argc)
{
	if (a->is.ca_dir == NULL)
		return show_error(EXIT_USAGE,
		    "say either --ca DIR or -s CA_KEY (see countersign sign "
		    "--help)");
	if (a->batch != NULL && optind < argc)
		return show_error(EXIT_USAGE,
		    "with --batch the keys are in the batch");
	if (a->batch != NULL)
		return -1;
	if (a->wanted.id == NULL)
		return show_error(EXIT_USAGE, "who is it for? say --user ID");
	if (a->wanted.roles.n + a->wanted.principals.n == 0)
		return show_error(EXIT_USAGE,
		    "a certificate without a role opens nothing: say --role");
	return optind < argc
	    ? -1
	    : show_error(EXIT_USAGE, "which key? name a public key file");
}

/* One letter decides: -s is ssh-keygen's way, also among others ("-qs"). */
static bool
is_keygen_way(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			break;
		if (strncmp(argv[i], "--", 2) == 0 || argv[i][0] != '-')
			continue;
		if (argv[i][strspn(argv[i], "-UhqvU")] == 's')
			return true;
	}
	return false;
}

int
cmd_sign(int argc, char **argv)
{
	AUTO_CLEAR(askfor_clear)
	struct askfor a = { .is.kind = CERT_USER, .wanted.kind = CERT_USER };
	int r;

	for (r = 1; r < argc; r++)
		if (strcmp(argv[r], "--ca") == 0 ||
		    strncmp(argv[r], "--ca=", 5) == 0)
			break;
	if (r == argc && is_keygen_way(argc, argv))
		return keygensign_run(argc, argv);
	if ((r = parse_options(argc, argv, &a)) >= 0 ||
	    (r = check_options(&a, argc)) >= 0)
		return r;
	return askfor_run(&a, argv + optind, (size_t)(argc - optind));
}
