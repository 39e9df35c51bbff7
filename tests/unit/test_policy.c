/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "policy.h"
#include "unit.h"

#define ROLE(body)    "{\"version\":1,\"roles\":{\"a\":{" body "}}}"
#define OPTION(body)  ROLE("\"options\":{" body "}")
#define LOCKS(body)   "{\"version\":1,\"roles\":{},\"locks\":[" body "]}"
#define ISSUERS(body) "{\"version\":1,\"roles\":{},\"issuers\":[" body "]}"
#define ISSUER(grant)                                                       \
	"{\"name\":\"g\",\"issuer\":\"https://x\",\"audience\":\"y\","      \
	"\"algorithms\":[\"RS256\"],\"jwks\":\"/etc/x\",\"grants\":[" grant \
	"]}"
#define GRANT                                                      \
	"{\"claims\":{\"id\":\"1\"},\"user\":\"ci:{{claims.x}}\"," \
	"\"roles\":[\"a\"],\"ttl\":\"15m\"}"

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
	{ OPTION(
	      "\"record\":\"strict\",\"survivors\":\"kill\","
	      "\"file_copy\":false,\"require_mfa\":true,"
	      "\"enhanced_recording\":\"required\","
	      "\"record_exec_max\":\"1MiB\",\"record_input\":true,\"max_sessions\":10,"
	      "\"max_connections\":5,\"idle_timeout\":\"15m\","
	      "\"max_connection_time\":\"12h\","
	      "\"disconnect_expired_cert\":true"),
	    NULL },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"user\":\"m@x\",\"role\":\"r\","
		"\"login\":\"root\",\"serial\":7,\"host\":\"web1\","
		"\"node_labels\":{\"env\":[\"prod\"]},\"fingerprint\":"
		"\"SHA256:0123456789012345678901234567890123456789012\"},"
		"\"expires\":\"2026-11-30T00:00:00Z\",\"reason\":\"why\","
		"\"updated_by\":\"me\"},{\"name\":\"b\",\"target\":"
		"{\"serial\":\"18446744073709551615\"}}"),
	    NULL },
	{ ISSUERS(ISSUER(GRANT)), NULL },
	{ "", "'[' or '{' expected" },
	{ "[]", "want an object" },
	{ "{", "string or '}' expected" },
	{ "{\"version\":1,\"roles\":{}} x", "end of file expected" },
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
	{ LOCKS("{}"), "locks[0]: name: missing" },
	{ LOCKS("{\"name\":\"a\"}"), "target: missing" },
	{ LOCKS("{\"name\":\"a\",\"target\":{}}"), "names nobody" },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"node_labels\":{}}}"),
	    "names nobody" },
	{ LOCKS("{\"name\":\"a b\",\"target\":{\"user\":\"x\"}}"),
	    "locks[0].name: a lock cannot" },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"user\":\"\"}}"), "key id" },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"group\":\"x\"}}"),
	    "target.group: unknown key" },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"serial\":0}}"), "serial" },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"fingerprint\":\"SHA256:x\"}}"),
	    "43 characters" },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"login\":\"a b\"}}"),
	    "no account" },
	{ LOCKS("{\"name\":\"a\",\"target\":{\"user\":\"x\"}},"
		"{\"name\":\"a\",\"target\":{\"user\":\"y\"}}"),
	    "'a' stands twice" },
	{ ISSUERS("{}"), "issuers[0].name: missing" },
	{ ISSUERS(ISSUER("{\"user\":\"x\",\"roles\":[\"a\"],\"ttl\":\"1h\","
			 "\"claims\":{}}")),
	    "at least one claim" },
	{ ISSUERS("{\"name\":\"g\",\"issuer\":\"http://x\"}"), "https://" },
	{ ISSUERS("{\"name\":\"g\",\"algorithms\":[\"none\"]}"), "JWS" },
	{ ISSUERS("{\"name\":\"g\",\"algorithms\":[\"HS256\"]}"), "JWS" },
	{ ROLE("\"allow\":{\"login\":[]}"), "a.allow.login: unknown key" },
	{ ROLE("\"allow\":{\"logins\":\"x\"}"), "want a list" },
	{ ROLE("\"allow\":{\"logins\":[1]}"), "want a string" },
	{ ROLE("\"allow\":{\"logins\":[\"*\"]}"), "no account can have" },
	{ ROLE("\"allow\":{\"logins\":[\"a b\"]}"), "no account can have" },
	{ ROLE("\"allow\":{\"logins\":[\"a\\u0000b\"]}"), "NUL" },
	{ ROLE("\"allow\":{\"node_labels\":{\"env\":\"prod\"}}"),
	    "want a list" },
	{ ROLE("\"allow\":{\"node_labels\":{\"env\":[]}}"), "at least one" },
	{ ROLE("\"allow\":{\"node_labels\":{\"env\":[\"/(/\"]}}"),
	    "valid /expression/" },
	{ ROLE("\"allow\":{\"node_labels\":{\"*\":[\"staging\"]}}"),
	    "can only be" },
	{ ROLE("\"deny\":{\"node_labels\":{\"env\":[\"[p]rod\"]}}"), "glob" },
	{ ROLE("\"deny\":{\"node_labels\":{\"env\":[\"{a,b}\"]}}"), "glob" },
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
	{ OPTION("\"record\":\"loose\""), "\"best_effort\" or \"strict\"" },
	{ OPTION("\"record\":true"), "\"best_effort\" or \"strict\"" },
	{ OPTION("\"idle_timeout\":\"never\""), "duration" },
	{ OPTION("\"max_sessions\":0"), "whole number" },
	{ OPTION("\"record_exec_max\":\"1MB\""), "size" },
	{ OPTION("\"record_exec_max\":\"0\""), "size" },
	{ ROLE("\"allow\":{\"logins\":[\"{{user\"]}"), "no account" },
	{ ROLE("\"allow\":{\"logins\":[\"{{group}}\"]}"), "no account" },
	{ ROLE("\"allow\":{\"logins\":[\"-{{user}}\"]}"), "no account" },
	{ ROLE("\"allow\":{\"logins\":[\"dev-{{user.local}}\","
	       "\"{{claims.name}}\",\"{{claims.a b}}\"]}"),
	    "logins[2]: no account" },
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

/* The place is where '@' stands in the text, which is taken out first. */
static const char *const places[] = {
	"{\"version\":1,\"roles\":{},\n @\"x\":1}",
	"@[]",
	"{\"version\":1,\n\t\"roles\": {\n  @\"a b\": {}}}",
	"{\"roles\":{\"a\":{\"allow\":{\"logins\":[\"x\",\n  \"y\", @\"a b\"]}}},"
	"\"version\":1}",
	"{\"version\":1,\"roles\":{\"a\":{\"deny\":{\"logins\":[\"]},\\\"\"],\"x\":1}},"
	"\"b\":{}}}",
	"{\"roles\":{\"a\":{},\"b\":{\"options\":{\"pty\":true,@\"record\":\"x\"}}},"
	"\"version\":1}",
	"{\"version\":1,\"roles\":{},\"locks\":[{\"name\":\"a\",\"target\":"
	"{\"user\":\"[{\"}},\n{\"name\":\"b\",\"target\":{@\"serial\": -1}}]}",
};

START_TEST(an_error_has_its_line_and_column)
{
	char *text = strdup(places[_i]), *mark = strchr(text, '@'), *p;
	struct conf_error e = { 0 };
	size_t line = 1, column = 1;
	struct policy *policy;

	if (mark != NULL)
		memmove(mark, mark + 1, strlen(mark));
	ck_assert_int_eq(policy_parse(text, strlen(text), &policy, &e),
	    -EINVAL);
	for (p = text; mark != NULL && p < mark; p++) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	if (mark != NULL) {
		ck_assert_msg(e.line == line && e.column == column,
		    "%zu:%zu, not %zu:%zu: %s", e.line, e.column, line, column,
		    text);
	}
	free(text);
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
	const char *text = texts[_i].text;
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
	tcase_add_loop_test(c, an_error_has_its_line_and_column, 0,
	    ARRAY_SIZE(places));
	tcase_add_loop_test(c, no_memory_is_said, 2, 7);
	return c;
}
