/* SPDX-License-Identifier: ISC */
/* `countersign sign -s`: ssh-keygen's letters, with its meanings. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "askfor.h"
#include "auto.h"
#include "certoption.h"
#include "clock.h"
#include "deliver.h"
#include "keygensign.h"
#include "parse.h"
#include "sshcert.h"
#include "subject.h"
#include "validity.h"

struct keygen_sign {
	struct askfor a; /* its issuer; nothing is asked of a profile */
	struct cert_request req;
	const char *id, *principals, *validity;
	uint64_t serial;
	bool is_counting; /* -z +N */
};

static int
take_serial(struct keygen_sign *k, const char *arg)
{
	k->is_counting = *arg == '+';
	if (parse_uint(arg + k->is_counting, 0, UINT64_MAX, &k->serial) == 0)
		return -1;
	return show_error(KEYGEN_FATAL, "invalid serial number '%s'", arg);
}

static int
take_word(struct keygen_sign *k, const char *arg)
{
	int r = certoption_add(&k->req, arg);

	if (r == 0)
		return -1;
	if (r == -EEXIST)
		return show_error(KEYGEN_FATAL, "-O '%s' stands there twice",
		    arg);
	if (r == -EINVAL)
		return show_error(KEYGEN_FATAL,
		    "-O '%s' is not known, or its value is not as it must be",
		    arg);
	return show_error(KEYGEN_FATAL, "out of memory");
}

static int
take_option(int c, struct keygen_sign *k)
{
	int r;

	switch (c) {
	case 's':
		k->a.is.key.path = optarg;
		return -1;
	case 'U':
		k->a.is.key.use_agent = true;
		return -1;
	case 't':
		k->a.is.key.algorithm = optarg;
		return -1;
	case 'I':
		k->id = optarg;
		return -1;
	case 'h':
		k->req.kind = CERT_HOST;
		return -1;
	case 'n':
		k->principals = optarg;
		return -1;
	case 'V':
		k->validity = optarg;
		return -1;
	case 'z':
		return take_serial(k, optarg);
	case 'O':
		return strv_add(&k->a.wanted.options, optarg) < 0
		    ? show_error(KEYGEN_FATAL, "out of memory")
		    : -1;
	case 'v':
		return -1;
	default:
		r = askfor_option(c, optarg, &k->a);
		return r == -2 ? KEYGEN_USAGE : r >= 0 ? KEYGEN_FATAL : r;
	}
}

static int
parse_options(int argc, char **argv, struct keygen_sign *k)
{
	static const struct option longs[] = {
		{ "agent-timeout", required_argument, NULL, OPT_AGENT_TIMEOUT },
		{ "allow-unknown-type", no_argument, NULL,
		    OPT_ALLOW_UNKNOWN_TYPE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "quiet", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "s:UI:hn:V:z:O:t:qv", longs,
		    NULL)) != -1)
		if ((r = take_option(c, k)) >= 0)
			return r;
	if (k->id == NULL)
		return show_error(KEYGEN_FATAL,
		    "a certificate needs a key id: say -I");
	if (optind == argc)
		return show_error(KEYGEN_FATAL,
		    "which key? name a public key file");
	return -1;
}

/* After all letters, as ssh-keygen: a host has none but those that are asked
 * for, wherever the -h stands. */
static int
take_words(struct keygen_sign *k)
{
	const struct strv *words = &k->a.wanted.options;
	size_t i;
	int r;

	if (k->req.kind == CERT_USER &&
	    certoption_defaults(&k->req.extensions) < 0)
		return show_error(KEYGEN_FATAL, "out of memory");
	for (i = 0; i < words->n; i++)
		if ((r = take_word(k, words->v[i])) >= 0)
			return r;
	return -1;
}

static int
split_principals(struct keygen_sign *k)
{
	AUTO(free) char *copy = strdup(k->principals);
	char *at = copy, *item;

	if (copy == NULL)
		return show_error(KEYGEN_FATAL, "out of memory");
	while ((item = strsep(&at, ",")) != NULL) {
		if (*item == '\0')
			return show_error(KEYGEN_FATAL,
			    "-n: a principal is empty");
		if (k->req.principals.n >= CERT_MAX_PRINCIPALS)
			return show_error(KEYGEN_FATAL,
			    "-n: more than %d principals", CERT_MAX_PRINCIPALS);
		if (strv_add(&k->req.principals, item) < 0)
			return show_error(KEYGEN_FATAL, "out of memory");
	}
	return -1;
}

static int
take_times(struct keygen_sign *k)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC;

	k->req.valid_after = 0;
	k->req.valid_before = CERT_FOREVER;
	if (k->validity == NULL ||
	    validity_parse(k->validity, now, &k->req.valid_after,
		&k->req.valid_before) == 0)
		return -1;
	return show_error(KEYGEN_FATAL,
	    "-V wants +TIME or FROM:TO, such as +8h or -1m:20300101Z, with the "
	    "end after the start, not '%s'",
	    k->validity);
}

/* What our own way of issuing would refuse. */
static void
warn(const struct keygen_sign *k)
{
	size_t i;

	if (k->a.is.quiet)
		return;
	if (k->req.principals.n == 0)
		show_error(0,
		    "warning: without principals (-n) it may be valid for "
		    "everybody (CVE-2024-7594)");
	if (k->req.valid_before == CERT_FOREVER)
		show_error(0, "warning: it never expires: say -V");
	for (i = 0; i < k->req.principals.n; i++)
		if (!is_principal(k->req.principals.v[i]))
			show_error(0,
			    "warning: the principal '%s' may be read as "
			    "something else (CVE-2026-35414)",
			    k->req.principals.v[i]);
}

static int
copy_list(const struct strv *from, struct strv *to)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		if (strv_add(to, from->v[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int
fill(struct issue_item *it, size_t i, void *ctx)
{
	const struct keygen_sign *k = ctx;
	struct cert_request *req = &it->req;

	req->kind = k->req.kind;
	req->serial = k->serial + (k->is_counting ? i : 0);
	req->valid_after = k->req.valid_after;
	req->valid_before = k->req.valid_before;
	if ((req->key_id = strdup(k->id)) == NULL ||
	    copy_list(&k->req.principals, &req->principals) < 0 ||
	    copy_list(&k->req.critical, &req->critical) < 0 ||
	    copy_list(&k->req.extensions, &req->extensions) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	return -1;
}

static int
run(int argc, char **argv, struct keygen_sign *k)
{
	int r;

	if ((r = parse_options(argc, argv, k)) >= 0)
		return r;
	if ((r = take_words(k)) >= 0 ||
	    (k->principals != NULL && (r = split_principals(k)) >= 0) ||
	    (r = take_times(k)) >= 0)
		return r;
	k->a.is.allow |= SUBJECT_ALLOW_WEAK;
	if (issuer_open(&k->a.is) >= 0)
		return KEYGEN_FATAL;
	warn(k);
	return deliver_files(&k->a.is, argv + optind, (size_t)(argc - optind),
		   NULL, fill, k) == EXIT_DONE
	    ? EXIT_DONE
	    : KEYGEN_FATAL;
}

int
keygensign_run(int argc, char **argv)
{
	struct keygen_sign k = { .req.kind = CERT_USER };
	int r = run(argc, argv, &k);

	cert_request_clear(&k.req);
	askfor_clear(&k.a);
	return r;
}
