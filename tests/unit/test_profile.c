/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "profile.h"
#include "sshcert.h"
#include "unit.h"

#define NOW	   1800000000ULL
#define ONE(body)  "{\"profiles\":{\"p\":{" body "}}}"
#define USER(body) ONE("\"type\":\"user\",\"max_ttl\":\"8h\"" body)
#define OPEN(body) USER(",\"users\":[\"*\"],\"roles\":[\"*\"]" body)
#define ALICE	   "{\"key\":\"k\",\"user\":\"alice@x\",\"roles\":[\"web\"]"
#define HOST	   "{\"key\":\"k\",\"hostnames\":[\"web1\"]"

static const struct {
	const char *text;
	const char *words; /* NULL: fine */
} texts[] = {
	{ profiles_default, NULL },
	{ "{\"profiles\":{}}", NULL },
	{ OPEN(""), NULL },
	{ "", "expected" },
	{ "[]", "want an object" },
	{ "{\"profile\":{}}", "profile: unknown key" },
	{ "{\"profiles\":{\"a b\":{}}}", "name" },
	{ ONE(""), "type" },
	{ ONE("\"type\":\"robot\""), "want \"user\"" },
	{ ONE("\"type\":\"user\""), "max_ttl" },
	{ ONE("\"type\":\"user\",\"max_ttl\":\"forever\""), "duration" },
	{ USER(",\"default_ttl\":\"9h\""), "beyond" },
	{ USER(",\"roles\":\"web\""), "list" },
	{ USER(",\"roles\":[\"[a]\"]"), "globs" },
	{ USER(",\"hostnames\":[\"*\"]"), "type host" },
	{ USER(",\"source_address\":[\"10.0.0.1/8\"]"), "behind the prefix" },
	{ USER(",\"force_command\":\"\""), "want a command" },
	{ USER(",\"extensions\":[\"a b\"]"), "extensions" },
	{ USER(",\"claims\":{\"a\":\"b\"}"), "list" },
	{ USER(",\"ttl\":\"1h\""), "unknown key" },
	{ ONE("\"type\":\"host\",\"max_ttl\":\"1d\",\"roles\":[\"*\"]"),
	    "no users" },
	{ ONE("\"type\":\"host\",\"max_ttl\":\"1d\",\"verify_required\":true"),
	    "no users" },
};

START_TEST(profiles_are_read_or_refused)
{
	struct conf_error e = { 0 };
	struct profiles p = { 0 };
	int r = profiles_parse(texts[_i].text, strlen(texts[_i].text), &p, &e);

	if (texts[_i].words == NULL)
		ck_assert_msg(r == 0, "%s", e.what);
	else
		ck_assert_msg(r == -EINVAL &&
			strstr(e.what, texts[_i].words) != NULL,
		    "'%s': %s", texts[_i].text, e.what);
	profiles_clear(&p);
}
END_TEST

static const struct {
	const char *profiles, *wanted, *key_type;
	const char *rule; /* that refuses; NULL: allowed */
	const char *has; /* an option that the request then has */
} cases[] = {
	{ OPEN(""), ALICE "}", "ssh-ed25519", NULL, NULL },
	{ "{\"profiles\":{}}", ALICE "}", "ssh-ed25519", "profile", NULL },
	{ OPEN(""), ALICE ",\"profile\":\"q\"}", "ssh-ed25519", "profile",
	    NULL },
	{ USER(",\"roles\":[\"*\"]"), ALICE "}", "ssh-ed25519", "users", NULL },
	{ USER(",\"users\":[\"*@y\"],\"roles\":[\"*\"]"), ALICE "}",
	    "ssh-ed25519", "users", NULL },
	{ USER(",\"users\":[\"*@x\"],\"roles\":[\"db*\"]"), ALICE "}",
	    "ssh-ed25519", "roles", NULL },
	{ OPEN(""), ALICE ",\"principals\":[\"root\"]}", "ssh-ed25519",
	    "principals", NULL },
	{ OPEN(",\"principals\":[\"root\"]"),
	    ALICE ",\"principals\":[\"root\"]}", "ssh-ed25519", NULL, NULL },
	{ OPEN(""), ALICE ",\"ttl\":\"8h1s\"}", "ssh-ed25519", "max_ttl",
	    NULL },
	{ OPEN(""), ALICE ",\"ttl\":\"8h\"}", "ssh-ed25519", NULL, NULL },
	{ OPEN(",\"key_types\":[\"sk-*\"]"), ALICE "}", "ssh-ed25519",
	    "key_types", NULL },
	{ OPEN(",\"key_types\":[\"sk-*\"]"), ALICE "}",
	    "sk-ssh-ed25519@openssh.com", NULL, NULL },
	{ OPEN(",\"verify_required\":true"), ALICE "}", "ssh-ed25519",
	    "verify_required", NULL },
	{ OPEN(",\"verify_required\":true"), ALICE "}",
	    "sk-ssh-ed25519@openssh.com", NULL, "verify-required" },
	{ OPEN(""), ALICE ",\"options\":[\"permit-pty\"]}", "ssh-ed25519",
	    "extensions", NULL },
	{ OPEN(",\"allow_extensions\":[\"permit-pty\"]"),
	    ALICE ",\"options\":[\"permit-pty\"]}", "ssh-ed25519", NULL,
	    "permit-pty" },
	{ OPEN(",\"extensions\":[\"permit-pty\"]"), ALICE "}", "ssh-ed25519",
	    NULL, "permit-pty" },
	{ OPEN(",\"allow_extensions\":[\"claims@countersign\"]"),
	    ALICE ",\"options\":[\"extension:claims@countersign={}\"]}",
	    "ssh-ed25519", "extensions", NULL },
	{ OPEN(""), ALICE ",\"options\":[\"critical:x=y\"]}", "ssh-ed25519",
	    "options", NULL },
	{ OPEN(",\"force_command\":\"ls\""), ALICE "}", "ssh-ed25519", NULL,
	    "force-command=ls" },
	{ OPEN(",\"force_command\":\"ls\""),
	    ALICE ",\"options\":[\"force-command=ls\"]}", "ssh-ed25519", NULL,
	    "force-command=ls" },
	{ OPEN(",\"force_command\":\"ls\""),
	    ALICE ",\"options\":[\"force-command=sh\"]}", "ssh-ed25519",
	    "force_command", NULL },
	{ OPEN(",\"source_address\":[\"10.0.0.0/8\",\"::1/128\"]"), ALICE "}",
	    "ssh-ed25519", NULL, "source-address=10.0.0.0/8,::1/128" },
	{ OPEN(",\"source_address\":[\"10.0.0.0/8\"]"),
	    ALICE ",\"options\":[\"source-address=10.1.0.0/16\"]}",
	    "ssh-ed25519", NULL, "source-address=10.1.0.0/16" },
	{ OPEN(",\"source_address\":[\"10.0.0.0/8\"]"),
	    ALICE ",\"options\":[\"source-address=10.1.0.0/16,0.0.0.0/0\"]}",
	    "ssh-ed25519", "source_address", NULL },
	{ OPEN(",\"connector_ids\":[\"git*\"]"), ALICE "}", "ssh-ed25519",
	    "connector_ids", NULL },
	{ OPEN(",\"connector_ids\":[\"git*\"]"),
	    ALICE ",\"connector_id\":\"github\"}", "ssh-ed25519", NULL,
	    "connector-id@countersign=github" },
	{ OPEN(",\"require_mfa\":true"), ALICE "}", "ssh-ed25519",
	    "require_mfa", NULL },
	{ OPEN(",\"require_mfa\":true"), ALICE ",\"mfa\":\"webauthn\"}",
	    "ssh-ed25519", NULL, "mfa@countersign=webauthn" },
	{ OPEN(",\"require_reason\":true"), ALICE "}", "ssh-ed25519",
	    "require_reason", NULL },
	{ OPEN(",\"claims\":{\"env\":[\"prod\"]}"), ALICE "}", "ssh-ed25519",
	    "claims", NULL },
	{ OPEN(",\"claims\":{\"env\":[\"prod\"]}"),
	    ALICE ",\"claims\":{\"env\":[\"prod\"]}}", "ssh-ed25519", "claims",
	    NULL },
	{ OPEN(",\"claims\":{\"env\":[\"prod\"]}"),
	    ALICE ",\"claims\":{\"env\":\"test\"}}", "ssh-ed25519", "claims",
	    NULL },
	{ OPEN(",\"claims\":{\"env\":[\"prod\"]}"),
	    ALICE ",\"claims\":{\"z\":1,\"env\":\"prod\"}}", "ssh-ed25519",
	    NULL, "claims@countersign={\"env\":\"prod\",\"z\":1}" },
	{ ONE("\"type\":\"host\",\"max_ttl\":\"1d\",\"hostnames\":[\"web*\"]"),
	    ALICE "}", "ssh-ed25519", "type", NULL },
	{ ONE("\"type\":\"host\",\"max_ttl\":\"1d\",\"hostnames\":[\"web*\"]"),
	    HOST "}", "ssh-ed25519", NULL, NULL },
	{ ONE("\"type\":\"host\",\"max_ttl\":\"1d\",\"hostnames\":[\"db*\"]"),
	    HOST "}", "ssh-ed25519", "hostnames", NULL },
	{ ONE("\"type\":\"host\",\"max_ttl\":\"1d\",\"hostnames\":[\"*\"]"),
	    HOST ",\"options\":[\"force-command=x\"]}", "ssh-ed25519",
	    "options", NULL },
	{ OPEN(",\"extensions\":[\"a@b\"]"),
	    ALICE ",\"options\":[\"extension:a@b\"]}", "ssh-ed25519", NULL,
	    "a@b" },
	/* The first that fits; the refusal of the one that came farthest. */
	{ "{\"profiles\":{\"a\":{\"type\":\"user\",\"max_ttl\":\"1h\",\"users\""
	  ":[\"bob\"],\"roles\":[\"*\"]},\"b\":{\"type\":\"user\",\"max_ttl\":"
	  "\"1h\",\"users\":[\"*\"],\"roles\":[\"*\"]}}}",
	    ALICE "}", "ssh-ed25519", NULL, NULL },
	{ "{\"profiles\":{\"b\":{\"type\":\"user\",\"max_ttl\":\"1h\",\"users\""
	  ":[\"*\"],\"roles\":[\"*\"]},\"a\":{\"type\":\"user\",\"max_ttl\":"
	  "\"9h\",\"users\":[\"bob\"],\"roles\":[\"*\"]}}}",
	    ALICE ",\"ttl\":\"2h\"}", "ssh-ed25519", "max_ttl", NULL },
};

static bool
has_option(const struct cert_request *req, const char *option)
{
	return strv_has(&req->critical, option) ||
	    strv_has(&req->extensions, option);
}

START_TEST(profiles_decide)
{
	struct wanted base = { .kind = strstr(cases[_i].wanted, "hostnames")
		    ? CERT_HOST
		    : CERT_USER },
		      w = { 0 };
	struct profile_refusal refusal = { 0 };
	const struct profile *used = NULL;
	struct cert_request req = { 0 };
	struct conf_error e = { 0 };
	struct profiles p = { 0 };
	char *key = NULL;
	int r;

	ck_assert_msg(profiles_parse(cases[_i].profiles,
			  strlen(cases[_i].profiles), &p, &e) == 0,
	    "%s", e.what);
	ck_assert_msg(wanted_from_json(cases[_i].wanted,
			  strlen(cases[_i].wanted), &base, &w, &key, &e) == 0,
	    "%s", e.what);
	ck_assert_msg(wanted_check(&w, &e) == 0, "%s", e.what);
	r = profiles_apply(&p, &w, cases[_i].key_type, NOW, &req, &used,
	    &refusal);
	if (cases[_i].rule != NULL) {
		ck_assert_msg(r == -EACCES, "allowed: %s", cases[_i].wanted);
		ck_assert_str_eq(refusal.rule, cases[_i].rule);
	} else {
		ck_assert_msg(r == 0, "%s: %s", refusal.rule, refusal.why);
		ck_assert_uint_eq(req.valid_after, NOW - 60);
		ck_assert_uint_le(req.valid_before, NOW + 86400);
		ck_assert_uint_ge(req.principals.n, 1);
		ck_assert_msg(cases[_i].has == NULL ||
			has_option(&req, cases[_i].has),
		    "no %s", cases[_i].has);
	}
	cert_request_clear(&req);
	wanted_clear(&w);
	profiles_clear(&p);
	free(key);
}
END_TEST

static const char *const bad_lines[] = { "", "x", "[]", "{}",
	"{\"key\":\"k\",\"user\":\"a\",\"x\":1}", "{\"key\":1}",
	"{\"key\":\"k\",\"ttl\":\"8\"}", "{\"key\":\"k\",\"claims\":[]}",
	"{\"key\":\"k\",\"roles\":\"web\"}",
	"{\"key\":\"k\",\"user\":\"a\",\"user\":\"b\"}" };

START_TEST(bad_batch_lines_are_refused)
{
	struct wanted base = { .kind = CERT_USER }, w = { 0 };
	struct conf_error e = { 0 };
	char *key = NULL;

	ck_assert_int_eq(wanted_from_json(bad_lines[_i], strlen(bad_lines[_i]),
			     &base, &w, &key, &e),
	    -EINVAL);
	ck_assert_uint_gt(strlen(e.what), 0);
}
END_TEST

static const struct {
	const char *wanted, *words;
} unfit[] = { { "{\"key\":\"k\",\"user\":\"a b\",\"roles\":[\"x\"]}", "ID" },
	{ "{\"key\":\"k\",\"user\":\"a\\u202eb\",\"roles\":[\"x\"]}", "ID" },
	{ "{\"key\":\"k\",\"user\":\"a,b\",\"roles\":[\"x\"]}", "ID" },
	{ "{\"key\":\"k\",\"roles\":[\"x\"]}", "who" },
	{ "{\"key\":\"k\",\"user\":\"a\"}", "role" },
	{ "{\"key\":\"k\",\"user\":\"a\",\"roles\":[\"a b\"]}", "role" },
	{ "{\"key\":\"k\",\"user\":\"a\",\"principals\":[\"role:x\"]}",
	    "ask for it as one" },
	{ "{\"key\":\"k\",\"user\":\"a\",\"principals\":[\"*\"]}",
	    "principal" },
	{ "{\"key\":\"k\",\"user\":\"a\",\"principals\":[\"a?\"]}",
	    "principal" },
	{ "{\"key\":\"k\",\"user\":\"a\",\"roles\":[\"x\"],\"mfa\":\"\"}",
	    "1 to 255" } };

START_TEST(unfit_requests_are_refused)
{
	struct wanted base = { .kind = CERT_USER }, w = { 0 };
	struct conf_error e = { 0 };
	char *key = NULL;

	ck_assert_int_eq(wanted_from_json(unfit[_i].wanted,
			     strlen(unfit[_i].wanted), &base, &w, &key, &e),
	    0);
	ck_assert_int_eq(wanted_check(&w, &e), -EINVAL);
	ck_assert_msg(strstr(e.what, unfit[_i].words) != NULL, "%s", e.what);
	wanted_clear(&w);
	free(key);
}
END_TEST

TCase *
case_profile(void)
{
	TCase *c = tcase_create("profile");

	tcase_add_loop_test(c, profiles_are_read_or_refused, 0,
	    ARRAY_SIZE(texts));
	tcase_add_loop_test(c, profiles_decide, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(c, bad_batch_lines_are_refused, 0,
	    ARRAY_SIZE(bad_lines));
	tcase_add_loop_test(c, unfit_requests_are_refused, 0,
	    ARRAY_SIZE(unfit));
	return c;
}
