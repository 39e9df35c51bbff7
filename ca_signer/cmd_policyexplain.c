/* SPDX-License-Identifier: ISC */
/* countersign policy explain: may they, and why (not)? */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certfile.h"
#include "clock.h"
#include "parse.h"
#include "policyfile.h"
#include "policywhy.h"
#include "show.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign policy explain POLICY (--cert FILE | --user ID --role "
    "R...)\n"
    "                                  --login L [--label K=V]... [OPTION]...\n"
    "\n"
    "Answers as a host with these labels would: allowed or not, why, and the "
    "line\n"
    "that its sshd would get. What only the host knows is not asked: its KRL, "
    "its own\n"
    "locks, its CAs. Exit status 0: allowed, 1: not.\n"
    "\n"
    "  --cert FILE    a certificate (its CA is taken as trusted)\n"
    "  --user ID      or one that names this person,\n"
    "  --role ROLE    holds these roles,\n"
    "  --ttl TIME     lives that long (default 8h)\n"
    "  --serial N, --mfa METHOD, --claims JSON   and says this as well\n"
    "  --login LOGIN  the account\n"
    "  --label K=V    the host's labels\n"
    "  --host NAME    its ServerHostname, and\n"
    "  --server-id ID its ServerId, for locks\n"
    "  --at TIME      when (RFC 3339; default now)\n"
    "  --from ADDR    from where (default: not asked)\n"
    "  --grace TIME   the host's StalePolicy grace\n"
    "  --json         one JSON object\n"
    "  --help         this text\n";

struct explain {
	struct question q;
	const char *cert_path;
	bool has_words; /* of a certificate that is made up */
	bool json;
};

static int
usage_error(const char *why)
{
	if (why != NULL)
		return show_error(EXIT_USAGE,
		    "%s (see countersign policy explain --help)", why);
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
set(char **field, const char *value)
{
	free(*field);
	return (*field = strdup(value)) == NULL
	    ? show_error(EXIT_INPUT, "out of memory")
	    : -1;
}

static int
add_role(struct question *q, const char *role)
{
	if (!is_simple_name(role))
		return show_error(EXIT_USAGE, "no role has the name '%s'",
		    role);
	return strv_add_once(&q->roles, role) < 0
	    ? show_error(EXIT_INPUT, "out of memory")
	    : -1;
}

static int
add_label(struct question *q, const char *text)
{
	return question_add_label(q, text) == 0
	    ? -1
	    : show_error(EXIT_USAGE,
		  "--label wants KEY=VALUE, as in node.conf, each key once: "
		  "'%s'",
		  text);
}

static int
take_option(int c, struct explain *e)
{
	struct question *q = &e->q;

	e->has_words = e->has_words || strchr("rtsmC", c) != NULL;
	switch (c) {
	case 'c':
		e->cert_path = optarg;
		return -1;
	case 'u':
		return set(&q->user, optarg);
	case 'r':
		return add_role(q, optarg);
	case 'l':
		return set(&q->login, optarg);
	case 'L':
		return add_label(q, optarg);
	case 'H':
		return set(&q->hostname, optarg);
	case 'i':
		return set(&q->server_id, optarg);
	case 'm':
		return set(&q->mfa, optarg);
	case 'C':
		return set(&q->claims, optarg);
	case 'f':
		return set(&q->from, optarg);
	case 's':
		return parse_uint(optarg, 1, UINT64_MAX, &q->serial) == 0
		    ? -1
		    : usage_error("--serial wants a number from 1");
	case 't':
		return parse_duration(optarg, &q->ttl_s) == 0
		    ? -1
		    : usage_error("--ttl wants a duration such as 8h");
	case 'g':
		return parse_duration(optarg, &q->grace_s) == 0
		    ? -1
		    : usage_error("--grace wants a duration such as 7d");
	case 'a':
		return clock_parse_rfc3339(optarg, &q->at_s) == 0
		    ? -1
		    : usage_error(
			  "--at wants a time such as 2026-11-24T12:00:00Z");
	case 'j':
		e->json = true;
		return -1;
	case 'h':
		fputs(usage, stdout);
		return EXIT_DONE;
	default:
		return usage_error(NULL);
	}
}

static int
parse_options(int argc, char **argv, struct explain *e)
{
	static const struct option longs[] = {
		{ "cert", required_argument, NULL, 'c' },
		{ "user", required_argument, NULL, 'u' },
		{ "role", required_argument, NULL, 'r' },
		{ "login", required_argument, NULL, 'l' },
		{ "label", required_argument, NULL, 'L' },
		{ "host", required_argument, NULL, 'H' },
		{ "server-id", required_argument, NULL, 'i' },
		{ "mfa", required_argument, NULL, 'm' },
		{ "claims", required_argument, NULL, 'C' },
		{ "from", required_argument, NULL, 'f' },
		{ "serial", required_argument, NULL, 's' },
		{ "ttl", required_argument, NULL, 't' },
		{ "grace", required_argument, NULL, 'g' },
		{ "at", required_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if ((r = take_option(c, e)) >= 0)
			return r;
	if (optind + 1 != argc)
		return usage_error(NULL);
	if (e->q.login == NULL)
		return usage_error("--login is missing");
	if ((e->cert_path == NULL) == (e->q.user == NULL))
		return usage_error("either --cert or --user has to be given");
	if (e->cert_path != NULL && e->has_words)
		return usage_error("--cert says it all: no --role, --ttl, "
				   "--serial, --mfa or --claims");
	return -1;
}

static void
put_string(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key,
	    value != NULL ? json_string(value) : json_null());
}

static json_t *
list_json(const struct strv *s)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < s->n; i++)
		json_array_append_new(list, json_string(s->v[i]));
	return list;
}

static void
print_json(const struct explain *e, const struct answer *a,
    const struct strv *why)
{
	json_auto_t *o = json_object();
	char at[CLOCK_TEXT_MAX];

	json_object_set_new(o, "allowed",
	    json_boolean(a->reason == REASON_NONE));
	put_string(o, "reason", reason_name(a->reason));
	put_string(o, "error",
	    a->decision.detail != NULL ? a->decision.detail
				       : reason_text(a->reason));
	json_object_set_new(o, "roles", list_json(&a->decision.roles));
	put_string(o, "line", a->line);
	put_string(o, "at", clock_rfc3339(e->q.at_s, at));
	json_object_set_new(o, "stale", json_boolean(a->decision.is_stale));
	json_object_set_new(o, "why", list_json(why));
	json_dumpf(o, stdout, JSON_ENSURE_ASCII | JSON_COMPACT);
	fputc('\n', stdout);
}

static void
print_line(const char *before, const char *text)
{
	fputs(before, stdout);
	show_text(stdout, text, strlen(text));
	fputc('\n', stdout);
}

static void
print_text(const struct answer *a, const struct strv *why)
{
	size_t i;

	print_line(a->reason == REASON_NONE ? "allowed" : "refused: ",
	    a->reason == REASON_NONE	     ? ""
		: a->decision.detail != NULL ? a->decision.detail
					     : reason_text(a->reason));
	if (a->reason != REASON_NONE)
		print_line("  reason: ", reason_name(a->reason));
	for (i = 0; i < why->n; i++)
		print_line("  ", why->v[i]);
	if (a->decision.is_stale)
		print_line("  ", "the policy has expired; this is its grace");
	if (a->line != NULL)
		print_line("  sshd gets: ", a->line);
}

static int
answer(struct explain *e, const struct policy *p)
{
	AUTO_CLEAR(strv_clear) struct strv why = { 0 };
	AUTO_CLEAR(answer_clear) struct answer a = { 0 };
	int r = question_ask(&e->q, p, &a);

	if (r == -EINVAL)
		return show_error(EXIT_USAGE, "--from wants one address: '%s'",
		    e->q.from);
	if (r == -EBADMSG)
		return show_error(EXIT_USAGE, "no certificate can say that");
	if (r < 0 || policywhy(p, &e->q, &a, &why) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	if (e->json)
		print_json(e, &a, &why);
	else
		print_text(&a, &why);
	return a.reason == REASON_NONE ? EXIT_DONE : EXIT_REFUSED;
}

static int
run(int argc, char **argv, struct explain *e)
{
	AUTO_CLEAR(policyfile_clear) struct policyfile p = { 0 };
	int r;

	if ((r = parse_options(argc, argv, e)) >= 0 ||
	    (r = policyfile_load(argv[optind], &p)) >= 0)
		return r;
	if (e->cert_path != NULL &&
	    (r = certfile_load(e->cert_path, &e->q.cert)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s",
		    e->cert_path, certfile_error(r));
	return answer(e, p.policy);
}

int
cmd_policy_explain(int argc, char **argv)
{
	struct explain e = { 0 };
	int r;

	question_init(&e.q);
	r = run(argc, argv, &e);
	question_clear(&e.q);
	return r;
}
