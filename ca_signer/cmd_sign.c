/* SPDX-License-Identifier: ISC */
/* countersign sign: certificates for keys. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certoption.h"
#include "clock.h"
#include "decide.h"
#include "issue.h"
#include "parse.h"
#include "show.h"
#include "validity.h"
#include "verbs.h"

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
	struct issue issue;
	const char *id, *validity, *ttl, *serial;
};

enum {
	OPT_CA = 256,
	OPT_USER,
	OPT_ROLE,
	OPT_TTL,
	OPT_JSON
};

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
		o->issue.ca_dir = optarg;
		break;
	case 's':
		o->issue.ca_key = optarg;
		break;
	case OPT_USER:
	case 'I':
		o->id = optarg;
		break;
	case OPT_ROLE:
		r = strv_add_once(&o->issue.roles, optarg);
		break;
	case 'n':
		r = add_principals(&o->issue.req.principals, optarg);
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
		if ((r = certoption_add(&o->issue.req, optarg)) == -EINVAL)
			return show_error(EXIT_USAGE,
			    "-O '%s' is not known, or its value is not "
			    "as it must be",
			    optarg);
		if (r == -EEXIST)
			return show_error(EXIT_USAGE,
			    "-O '%s' stands there twice", optarg);
		break;
	case 'q':
		o->issue.quiet = true;
		break;
	case OPT_JSON:
		o->issue.json = true;
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

	if (certoption_defaults(&o->issue.req.extensions) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	while (
	    (c = getopt_long(argc, argv, "s:I:n:V:z:O:qh", longs, NULL)) != -1)
		if ((r = take_option(c, o)) >= 0)
			return r;
	return -1;
}

static int
check_mode(const struct sign_options *o, int argc)
{
	bool by_ca = o->issue.ca_dir != NULL;

	if (by_ca == (o->issue.ca_key != NULL))
		return show_error(EXIT_USAGE,
		    "say either --ca DIR or -s CA_KEY");
	if (o->id == NULL)
		return show_error(EXIT_USAGE, "who is it for? say %s",
		    by_ca ? "--user ID" : "-I ID");
	if (by_ca && o->issue.roles.n == 0)
		return show_error(EXIT_USAGE,
		    "a certificate without a role opens nothing: say --role");
	if (by_ca &&
	    (o->issue.req.principals.n > 0 || o->validity != NULL ||
		o->serial != NULL))
		return show_error(EXIT_USAGE,
		    "-n, -V and -z go with -s; with --ca say --role and --ttl");
	if (!by_ca && (o->issue.roles.n > 0 || o->ttl != NULL))
		return show_error(EXIT_USAGE,
		    "--role and --ttl go with --ca; say -n and -V");
	if (!by_ca && o->issue.req.principals.n == 0)
		return show_error(EXIT_REFUSED,
		    "a certificate without principals may be valid for "
		    "everybody (CVE-2024-7594): say -n");
	return optind < argc
	    ? -1
	    : show_error(EXIT_USAGE, "which key? name a public key file");
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
	for (i = 0; i < o->issue.roles.n; i++) {
		if (!is_simple_name(o->issue.roles.v[i]))
			return show_error(EXIT_USAGE,
			    "'%s' cannot be a role: letters, digits and . _ -",
			    o->issue.roles.v[i]);
		free(principal);
		if (asprintf(&principal, ROLE_PRINCIPAL_PREFIX "%s",
			o->issue.roles.v[i]) < 0 ||
		    strv_add(&o->issue.req.principals, principal) < 0)
			return show_error(EXIT_INPUT, "out of memory");
	}
	if (o->issue.req.principals.n > CERT_MAX_PRINCIPALS)
		return show_error(EXIT_USAGE, "more than 256 principals");
	for (i = 0; i < o->issue.req.principals.n; i++)
		if (!is_principal(o->issue.req.principals.v[i]))
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
	struct cert_request *req = &o->issue.req;

	if (o->ttl != NULL && validity_parse_ttl(o->ttl, &ttl) < 0)
		return show_error(EXIT_USAGE,
		    "--ttl wants a time with its unit, such as 8h, 15m or 30s, not '%s'",
		    o->ttl);
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

int
cmd_sign(int argc, char **argv)
{
	struct sign_options o = { .issue.req.kind = CERT_USER };
	int r;

	if ((r = parse_options(argc, argv, &o)) < 0 &&
	    (r = check_mode(&o, argc)) < 0 && (r = check_names(&o)) < 0 &&
	    (r = check_times(&o)) < 0) {
		o.issue.req.key_id = strdup(o.id);
		r = o.issue.req.key_id == NULL
		    ? show_error(EXIT_INPUT, "out of memory")
		    : issue_keys(&o.issue, argv + optind,
			  (size_t)(argc - optind));
	}
	issue_clear(&o.issue);
	return r;
}
