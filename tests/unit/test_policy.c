/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "policy.h"
#include "unit.h"

#define ROLE(body)   "{\"version\":1,\"roles\":{\"a\":{" body "}}}"
#define OPTION(body) ROLE("\"options\":{" body "}")

static const struct {
	const char *text;
	const char *words; /* NULL: fine */
} texts[] = {
	{ "{\"version\":1,\"roles\":{}}", NULL },
	{ "{\"version\":1,\"roles\":{},\"locks\":[],\"issuers\":[]}", NULL },
	{ ROLE("\"allow\":{\"logins\":[\"x\",\"{{user}}\"],\"node_labels\":"
	       "{\"env\":[\"prod*\",\"/a|b/\"],\"*\":[\"*\"]}},\"deny\":{}"),
	    NULL },
	{ OPTION("\"pty\":false,\"max_session_ttl\":\"8h\",\"source\":"
		 "[\"10.0.0.0/8\"],\"permitopen\":[\"db1:5432\",\"*:80\","
		 "\"[::1]:22\"],\"force_command\":null"),
	    NULL },
	{ OPTION("\"record\":\"best_effort\",\"survivors\":\"keep\","
		 "\"file_copy\":true,\"require_mfa\":false"),
	    NULL },
	{ "", "column" },
	{ "[]", "want an object" },
	{ "{", "column" },
	{ "{\"version\":1,\"roles\":{}} x", "column" },
	{ "{\"version\":1,\"version\":1,\"roles\":{}}", "duplicate" },
	{ "{\"roles\":{}}", "version: missing" },
	{ "{\"version\":1}", "roles: missing" },
	{ "{\"version\":0,\"roles\":{}}", "version: want" },
	{ "{\"version\":1.5,\"roles\":{}}", "version: want" },
	{ "{\"version\":\"1\",\"roles\":{}}", "version: want" },
	{ "{\"version\":1,\"roles\":[]}", "roles: want" },
	{ "{\"version\":1,\"roles\":{\"a b\":{}}}", "cannot have this name" },
	{ "{\"version\":1,\"roles\":{},\"x\":1}", "x: unknown key" },
	{ "{\"version\":1,\"expires\":\"soon\",\"roles\":{}}",
	    "expires: want" },
	{ "{\"version\":1,\"roles\":{},\"locks\":[{}]}", "cannot enforce" },
	{ "{\"version\":1,\"roles\":{},\"issuers\":[{}]}", "cannot enforce" },
	{ ROLE("\"allow\":{\"login\":[]}"), "a.allow.login: unknown key" },
	{ ROLE("\"allow\":{\"logins\":\"x\"}"), "want a list" },
	{ ROLE("\"allow\":{\"logins\":[1]}"), "want a string" },
	{ ROLE("\"allow\":{\"logins\":[\"*\"]}"), "want account names" },
	{ ROLE("\"allow\":{\"logins\":[\"a b\"]}"), "want account names" },
	{ ROLE("\"allow\":{\"logins\":[\"a\\u0000b\"]}"), "column" },
	{ ROLE("\"allow\":{\"node_labels\":{\"env\":\"prod\"}}"),
	    "want a list" },
	{ ROLE("\"allow\":{\"node_labels\":{\"env\":[]}}"), "at least one" },
	{ ROLE("\"allow\":{\"node_labels\":{\"env\":[\"/(/\"]}}"),
	    "valid /expression/" },
	{ ROLE("\"allow\":{\"node_labels\":{\"*\":[\"staging\"]}}"),
	    "can only be" },
	{ ROLE("\"deny\":{\"node_labels\":{\"env\":[\"[p]rod\"]}}"), "globs" },
	{ ROLE("\"deny\":{\"node_labels\":{\"env\":[\"{a,b}\"]}}"), "globs" },
	{ ROLE("\"allow\":{\"node_labels\":{\"a b\":[\"x\"]}}"), "key" },
	{ OPTION("\"pty\":1"), "true or false" },
	{ OPTION("\"max_session_ttl\":8"), "duration" },
	{ OPTION("\"max_session_ttl\":\"8\\u0020h\""), "duration" },
	{ OPTION("\"source\":[]"), "list of address ranges" },
	{ OPTION("\"source\":[\"10.0.0.1/8\"]"), "ranges" },
	{ OPTION("\"permitopen\":[\"db1\"]"), "host:port" },
	{ OPTION("\"permitopen\":[\"db*:80\"]"), "host:port" },
	{ OPTION("\"permitopen\":[\"a\\\"b:80\"]"), "host:port" },
	{ OPTION("\"permitopen\":[\"a:0\"]"), "host:port" },
	{ OPTION("\"force_command\":\"\""), "cannot be given" },
	{ OPTION("\"force_command\":\"a # b\""), "cannot be given" },
	{ OPTION("\"force_command\":\"a\\nb\""), "cannot be given" },
	{ OPTION("\"force_command\":\"a\\\\\""), "cannot be given" },
	{ OPTION("\"record\":\"strict\""), "cannot enforce" },
	{ OPTION("\"idle_timeout\":\"15m\""), "cannot enforce" },
	{ OPTION("\"require_mfa\":true"), "cannot enforce" },
	{ OPTION("\"file_copy\":false"), "cannot enforce" },
	{ OPTION("\"ptty\":true"), "unknown key" },
};

START_TEST(policies_are_read_or_refused)
{
	struct policy *p = NULL;
	struct conf_error e = { 0 };
	int r = policy_parse(texts[_i].text, strlen(texts[_i].text), &p, &e);

	if (texts[_i].words == NULL) {
		ck_assert_msg(r == 0, "%s: %s", texts[_i].text, e.what);
	} else {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_ptr_null(p);
		ck_assert_msg(strstr(e.what, texts[_i].words) != NULL,
		    "%s: '%s'", texts[_i].text, e.what);
	}
	policy_free(p);
}
END_TEST

START_TEST(an_error_in_the_json_has_its_line)
{
	static const char text[] = "{\n \"version\": 1,\n oops\n}";
	struct conf_error e = { 0 };
	struct policy *p;

	ck_assert_int_eq(policy_parse(text, strlen(text), &p, &e), -EINVAL);
	ck_assert_uint_eq(e.line, 3);
}
END_TEST

START_TEST(no_memory_is_said)
{
	const char *text = texts[2].text;
	struct conf_error e;
	struct policy *p = NULL;
	long n;
	int r;

	/* jansson's own allocations are its own affair. */
	for (n = 0;; n++) {
		alloc_fail_after(n);
		r = policy_parse(text, strlen(text), &p, &e);
		if (!alloc_fail_after(-1))
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_ptr_null(p);
	}
	ck_assert_int_eq(r, 0);
	policy_free(p);
}
END_TEST

TCase *
case_policy(void)
{
	TCase *c = tcase_create("policy");

	tcase_add_loop_test(c, policies_are_read_or_refused, 0,
	    ARRAY_SIZE(texts));
	tcase_add_test(c, an_error_in_the_json_has_its_line);
	tcase_add_test(c, no_memory_is_said);
	return c;
}
