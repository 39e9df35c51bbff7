/* SPDX-License-Identifier: ISC */
/* countersign host: certificates for hosts. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "issue.h"
#include "parse.h"
#include "show.h"
#include "validity.h"
#include "verbs.h"

#define HOST_DEFAULT_TTL_S (30 * 86400)

static const char usage[] =
    "usage: countersign host --ca DIR --hostname NAME[,NAME]... [--ttl 30d]\n"
    "                        [-q] [--json] KEY.pub...\n"
    "\n"
    "Certifies a host's public key, for people who have the line\n"
    "\"@cert-authority * ...\" that 'countersign init' prints in known_hosts.\n"
    "On the host: HostCertificate KEY-cert.pub in sshd_config.\n"
    "\n"
    "  --ca DIR         the CA that 'countersign init' made\n"
    "  --hostname NAME  what people type after the @: names and addresses,\n"
    "                   without wildcards, which older clients do not know\n"
    "  --ttl TIME       how long it is valid (default 30d)\n"
    "  -q, --quiet      no word about what was written\n"
    "  --json           one JSON object for each certificate\n"
    "  -h, --help       this text\n";

struct host_options {
	struct issue issue;
	const char *hostnames, *ttl;
};

static int
usage_error(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
parse_options(int argc, char **argv, struct host_options *o)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, 'c' },
		{ "hostname", required_argument, NULL, 'n' },
		{ "ttl", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->issue.ca_dir = optarg;
			break;
		case 'n':
			o->hostnames = optarg;
			break;
		case 't':
			o->ttl = optarg;
			break;
		case 'j':
			o->issue.json = true;
			break;
		case 'q':
			o->issue.quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			return usage_error();
		}
	}
	if (o->issue.ca_dir == NULL || o->hostnames == NULL || optind == argc)
		return usage_error();
	return -1;
}

/* The first name is the key id as well. */
static int
take_hostnames(struct host_options *o)
{
	struct cert_request *req = &o->issue.req;
	AUTO(free) char *copy = strdup(o->hostnames);
	char *at = copy, *name;

	while (copy != NULL && (name = strsep(&at, ",")) != NULL) {
		if (!is_principal(name))
			return show_error(EXIT_USAGE,
			    "'%s' is no host name: no blanks, control "
			    "characters or wildcards",
			    name);
		if (strv_add_once(&req->principals, name) < 0)
			return show_error(EXIT_INPUT, "out of memory");
	}
	if (copy == NULL ||
	    (req->key_id = strdup(req->principals.v[0])) == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if (req->principals.n > CERT_MAX_PRINCIPALS)
		return show_error(EXIT_USAGE, "more than 256 names");
	return -1;
}

static int
take_times(struct host_options *o)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC;
	uint64_t ttl = HOST_DEFAULT_TTL_S;

	if (o->ttl != NULL && validity_parse_ttl(o->ttl, &ttl) < 0)
		return show_error(EXIT_USAGE,
		    "--ttl wants a time with its unit, such as 30d, not '%s'",
		    o->ttl);
	o->issue.req.valid_after = now - VALIDITY_BACKDATE_S;
	o->issue.req.valid_before = now + ttl;
	return -1;
}

int
cmd_host(int argc, char **argv)
{
	struct host_options o = { .issue.req.kind = CERT_HOST };
	int r;

	if ((r = parse_options(argc, argv, &o)) < 0 &&
	    (r = take_hostnames(&o)) < 0 && (r = take_times(&o)) < 0)
		r = issue_keys(&o.issue, argv + optind,
		    (size_t)(argc - optind));
	issue_clear(&o.issue);
	return r;
}
