/* SPDX-License-Identifier: ISC */
/* countersign host: certificates for hosts. */
#include <stdlib.h>
#include <string.h>

#include "askfor.h"
#include "auto.h"
#include "sshcert.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign host --ca DIR --hostname NAME[,NAME]... [OPTION]... "
    "KEY.pub...\n"
    "       countersign host --ca DIR [OPTION]... --batch FILE|-\n"
    "\n"
    "Certifies a host's public key, for people who have the line\n"
    "\"@cert-authority * ...\" that 'countersign init' prints in known_hosts.\n"
    "On the host: HostCertificate KEY-cert.pub in sshd_config.\n"
    "\n"
    "  --ca DIR         the CA that 'countersign init' made\n"
    "  --hostname NAME  what people type after the @: names and addresses,\n"
    "                   without wildcards, which older clients do not know\n"
    "  --ttl TIME       how long it is valid (default: the profile's, 30d)\n"
    "  --profile NAME   by this profile only\n"
    "  --batch FILE     JSON lines {\"key\":..., \"hostnames\":[...], "
    "\"ttl\":...}\n"
    "  --reason TEXT, --request-id ID   for the ledger\n"
    "  --agent-timeout TIME, --allow-unknown-type   as countersign sign\n"
    "  -q, --quiet      no word about what was written\n"
    "  --json           one JSON object for each certificate\n"
    "  -h, --help       this text\n";

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
		{ "hostname", required_argument, NULL, OPT_HOSTNAME },
		{ "ttl", required_argument, NULL, OPT_TTL },
		{ "profile", required_argument, NULL, OPT_PROFILE },
		{ "batch", required_argument, NULL, OPT_BATCH },
		{ "reason", required_argument, NULL, OPT_REASON },
		{ "request-id", required_argument, NULL, OPT_REQUEST_ID },
		{ "agent-timeout", required_argument, NULL, OPT_AGENT_TIMEOUT },
		{ "allow-unknown-type", no_argument, NULL,
		    OPT_ALLOW_UNKNOWN_TYPE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return EXIT_DONE;
		}
		if ((r = askfor_option(c, optarg, a)) != -1)
			return r == -2 ? usage_error() : r;
	}
	if (a->is.ca_dir == NULL || (a->batch == NULL) == (optind == argc))
		return usage_error();
	if (a->batch == NULL && a->wanted.principals.n == 0)
		return show_error(EXIT_USAGE,
		    "what is the host called? say --hostname");
	return -1;
}

int
cmd_host(int argc, char **argv)
{
	AUTO_CLEAR(askfor_clear)
	struct askfor a = { .is.kind = CERT_HOST, .wanted.kind = CERT_HOST };
	int r;

	if ((r = parse_options(argc, argv, &a)) >= 0)
		return r;
	/* The first name is the key id as well. */
	if (a.wanted.principals.n > 0 &&
	    (a.wanted.id = strdup(a.wanted.principals.v[0])) == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	return askfor_run(&a, argv + optind, (size_t)(argc - optind));
}
