/* SPDX-License-Identifier: ISC */
/* countersign policy: what check finds, diff says, fmt keeps, test reads. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "policycase.h"
#include "policydiff.h"
#include "policyfmt.h"
#include "policylint.h"
#include "unit.h"

#define NOW 1800000000ULL

#define P(body)	     "{\"version\":1,\"expires\":\"2099-01-01T00:00:00Z\"," body "}"
#define ROLE(body)   P("\"roles\":{\"a\":{" body "}}")
#define ALLOW_X	     "\"allow\":{\"logins\":[\"x\"],\"node_labels\":{\"*\":[\"*\"]}}"
#define OPTION(body) ROLE(ALLOW_X ",\"options\":{" body "}")
#define LOCK(body)                                                           \
	P("\"roles\":{\"a\":{" ALLOW_X "}},\"locks\":[{\"name\":\"l\"," body \
	  "}]")

static struct policyfile
load(const char *text)
{
	struct policyfile p = { .path = "p", .text = strdup(text) };
	struct conf_error e = { 0 };

	p.len = strlen(text);
	ck_assert_msg(policy_parse(p.text, p.len, &p.policy, &e) == 0, "%s: %s",
	    e.what, text);
	return p;
}

/* ---- check ---- */

static const struct {
	const char *text;
	const char *where, *words; /* NULL: nothing is found */
} lints[] = {
	{ ROLE(ALLOW_X), NULL, NULL },
	{ OPTION("\"max_session_ttl\":\"8h\",\"pty\":true"), NULL, NULL },
	{ ROLE("\"deny\":{\"logins\":[\"root\"]}"), NULL, NULL },
	{ P("\"roles\":{}"), "", "has no role" },
	{ "{\"version\":1,\"roles\":{\"a\":{" ALLOW_X "}}}", "",
	    "without \"expires\"" },
	{ "{\"version\":1,\"expires\":\"2020-01-01T00:00:00Z\",\"roles\":{"
	  "\"a\":{" ALLOW_X "}}}",
	    "expires", "has passed" },
	{ ROLE(""), "roles.a", "gives nothing" },
	{ ROLE("\"allow\":{\"logins\":[\"x\"]}"), "roles.a.allow",
	    "is for no host" },
	{ ROLE("\"allow\":{\"node_labels\":{\"*\":[\"*\"]}}"), "roles.a.allow",
	    "names hosts, but no login" },
	{ ROLE(ALLOW_X ",\"deny\":{\"logins\":[\"x\"]}"), "roles.a.deny",
	    "denies every login" },
	{ ROLE(ALLOW_X ",\"deny\":{\"node_labels\":{\"*\":[\"*\"]}}"),
	    "roles.a.deny.node_labels.*", "denies every host" },
	{ ROLE("\"allow\":{\"logins\":[\"x\"],\"node_labels\":{\"env\":"
	       "[\"prod\"]}},\"deny\":{\"node_labels\":{\"env\":[\"prod\","
	       "\"dev\"]}}"),
	    "roles.a.deny.node_labels.env", "denies every host" },
	{ ROLE("\"allow\":{\"logins\":[\"x\"],\"node_labels\":{\"env\":"
	       "[\"prod\",\"dev\"]}},\"deny\":{\"node_labels\":{\"env\":"
	       "[\"prod\"]}}"),
	    NULL, NULL },
	{ ROLE("\"allow\":{\"logins\":[\"x\",\"y\",\"x\"],\"node_labels\":"
	       "{\"*\":[\"*\"]}}"),
	    "roles.a.allow.logins[2]", "already" },
	{ ROLE("\"allow\":{\"logins\":[\"x\"],\"node_labels\":{\"env\":"
	       "[\"pro d\"]}}"),
	    "roles.a.allow.node_labels.env[0]", "fits no label" },
	{ OPTION("\"port_forwarding\":true,\"permitopen\":[\"a:1\"]"),
	    "roles.a.options.permitopen", "limits nothing" },
	{ OPTION("\"record_exec_max\":\"2MiB\""),
	    "roles.a.options.record_exec_max", "only for" },
	{ OPTION("\"file_copy\":false"), "roles.a.options.file_copy",
	    "accident only" },
	{ OPTION("\"idle_timeout\":\"2h\",\"max_connection_time\":\"1h\""),
	    "roles.a.options.idle_timeout", "never comes" },
	{ LOCK("\"target\":{\"user\":\"x\"},\"reason\":\"r\""), NULL, NULL },
	{ LOCK("\"target\":{\"user\":\"x\"}"), "locks[0]", "no reason" },
	{ LOCK("\"target\":{\"role\":\"b\"},\"reason\":\"r\""),
	    "locks[0].target.role", "has no role" },
	{ LOCK("\"target\":{\"user\":\"x\"},\"reason\":\"r\",\"expires\":"
	       "\"2020-01-01T00:00:00Z\""),
	    "locks[0].expires", "has ended" },
	{ LOCK("\"target\":{\"node_labels\":{\"*\":[\"*\"]}},\"reason\":\"r\""),
	    "locks[0].target", "everybody" },
};

START_TEST(what_cannot_be_meant_is_found)
{
	struct policyfile p = load(lints[_i].text);
	struct lints found = { 0 };
	size_t i;

	ck_assert_int_eq(policylint(&p, NOW, &found), 0);
	if (lints[_i].where == NULL)
		ck_assert_msg(found.n == 0, "%s: %s", lints[_i].text,
		    found.n > 0 ? found.v[0].text : "");
	for (i = 0; i < found.n; i++)
		if (strcmp(found.v[i].where, lints[_i].where) == 0 &&
		    strstr(found.v[i].text, lints[_i].words) != NULL)
			break;
	ck_assert_msg(lints[_i].where == NULL || i < found.n, "not found: %s",
	    lints[_i].text);
	/* What stands in the text has a place in it. */
	if (lints[_i].where != NULL && lints[_i].where[0] != '\0')
		ck_assert(found.v[i].line == 1 && found.v[i].column > 1);
	lints_clear(&found);
	policyfile_clear(&p);
}
END_TEST

/* ---- diff ---- */

#define A(logins, labels)                                         \
	P("\"roles\":{\"a\":{\"allow\":{\"logins\":[" logins "]," \
	  "\"node_labels\":{" labels "}}}}")

#define ISSUER(ttl)                                                    \
	"{\"name\":\"g\",\"issuer\":\"https://x\",\"audience\":\"y\"," \
	"\"algorithms\":[\"RS256\"],\"jwks\":\"/etc/x\",\"grants\":[{" \
	"\"claims\":{\"id\":\"1\"},\"user\":\"c\",\"roles\":[\"a\"],"  \
	"\"ttl\":\"" ttl "\"}]}"
#define SORTED(ttl)                                                    \
	"{\"algorithms\":[\"RS256\"],\"audience\":\"y\",\"grants\":[{" \
	"\"claims\":{\"id\":\"1\"},\"roles\":[\"a\"],\"ttl\":\"" ttl   \
	"\",\"user\":\"c\"}],\"issuer\":\"https://x\",\"jwks\":"       \
	"\"/etc/x\",\"name\":\"g\"}"

static const struct {
	const char *old, *new;
	const char *changes; /* one a line; "" none */
} diffs[] = {
	{ ROLE(ALLOW_X), ROLE(ALLOW_X), "" },
	{ A("\"x\"", "\"*\":[\"*\"]"), A("\"x\",\"y\"", "\"*\":[\"*\"]"),
	    "+ role 'a' may log in as 'y'\n" },
	{ A("\"x\",\"y\"", "\"*\":[\"*\"]"), A("\"y\"", "\"*\":[\"*\"]"),
	    "- role 'a' may no longer log in as 'x'\n" },
	{ A("\"x\"", "\"e\":[\"p\"]"), A("\"x\"", "\"e\":[\"p\",\"q\"]"),
	    "+ role 'a' is also for hosts with e fitting 'q'\n" },
	{ A("\"x\"", "\"e\":[\"p\"]"),
	    A("\"x\"", "\"e\":[\"p\"],\"f\":[\"q\"]"),
	    "- role 'a' is only for hosts with f fitting 'q'\n" },
	{ A("\"x\"", "\"e\":[\"p\"],\"f\":[\"q\"]"),
	    A("\"x\"", "\"e\":[\"p\"]"),
	    "+ role 'a' no longer asks hosts for a label 'f'\n" },
	{ A("\"x\"", "\"e\":[\"p\"]"), A("\"x\"", ""),
	    "- role 'a' is for no host any more\n" },
	{ ROLE(ALLOW_X), ROLE(ALLOW_X ",\"deny\":{\"logins\":[\"r\"]}"),
	    "- role 'a' forbids to log in as 'r'\n" },
	{ ROLE(ALLOW_X ",\"deny\":{\"node_labels\":{\"e\":[\"p\",\"q\"]}}"),
	    ROLE(ALLOW_X ",\"deny\":{\"node_labels\":{\"e\":[\"p\"]}}"),
	    "+ role 'a' no longer forbids hosts with e fitting 'q'\n" },
	{ ROLE(ALLOW_X ",\"deny\":{\"node_labels\":{\"e\":[\"p\"]}}"),
	    ROLE(ALLOW_X),
	    "+ role 'a' no longer forbids hosts by a label 'e'\n" },
	{ ROLE(ALLOW_X), OPTION("\"pty\":false"),
	    "- role 'a' has pty false, was true\n" },
	{ OPTION("\"require_mfa\":true"), ROLE(ALLOW_X),
	    "+ role 'a' has require_mfa false, was true\n" },
	{ OPTION("\"max_session_ttl\":\"1h\""),
	    OPTION("\"max_session_ttl\":\"90m\""),
	    "+ role 'a' has max_session_ttl \"1h30m\", was \"1h\"\n" },
	{ ROLE(ALLOW_X), OPTION("\"max_session_ttl\":\"1h\""),
	    "- role 'a' has max_session_ttl \"1h\", was null\n" },
	{ OPTION("\"max_sessions\":3"), ROLE(ALLOW_X),
	    "+ role 'a' has max_sessions null, was 3\n" },
	{ OPTION("\"source\":[\"10.0.0.0/8\"]"), ROLE(ALLOW_X),
	    "+ role 'a' has source null, was [\"10.0.0.0/8\"]\n" },
	{ OPTION("\"permitopen\":[\"a:1\"]"),
	    OPTION("\"permitopen\":[\"b:1\"]"),
	    "+ role 'a' may forward to 'b:1'\n"
	    "- role 'a' may no longer forward to 'a:1'\n" },
	{ OPTION("\"file_copy\":false"), ROLE(ALLOW_X),
	    "+ role 'a' has file_copy true, was false\n" },
	{ ROLE(ALLOW_X), P("\"roles\":{}"), "- role 'a' is gone\n" },
	{ ROLE("\"deny\":{\"logins\":[\"r\"]}"), P("\"roles\":{}"),
	    "+ role 'a' is gone\n"
	    "+ and with it what role 'a' forbade\n" },
	{ ROLE(ALLOW_X), LOCK("\"target\":{\"user\":\"m\"},\"reason\":\"r\""),
	    "- lock 'l' is new: {\"user\":\"m\"}, r\n" },
	{ LOCK("\"target\":{\"user\":\"m\"}"), ROLE(ALLOW_X),
	    "+ lock 'l' is gone: {\"user\":\"m\"}\n" },
	{ LOCK("\"target\":{\"user\":\"m\"}"),
	    LOCK("\"target\":{\"user\":\"m\",\"login\":\"x\"}"),
	    "+ lock 'l' was: {\"user\":\"m\"}\n"
	    "- lock 'l' is now: {\"user\":\"m\",\"login\":\"x\"}\n" },
	{ A("\"x\"", "\"*\":[\"*\"]"), A("\"x\"", "\"e\":[\"p\"]"),
	    "- role 'a' is only for hosts with e fitting 'p'\n" },
	{ A("\"x\"", "\"e\":[\"p\"]"), A("\"x\"", "\"*\":[\"*\"]"),
	    "+ role 'a' no longer asks hosts for a label 'e'\n" },
	{ OPTION("\"source\":[\"10.0.0.0/8\"]"),
	    OPTION("\"source\":[\"0.0.0.0/0\"]"),
	    "+ role 'a' has source [\"0.0.0.0/0\"], was [\"10.0.0.0/8\"]\n" },
	{ OPTION("\"source\":[\"10.0.0.0/8\"]"),
	    OPTION("\"source\":[\"10.1.0.0/16\"]"),
	    "- role 'a' has source [\"10.1.0.0/16\"], was [\"10.0.0.0/8\"]\n" },
	{ ROLE(ALLOW_X),
	    P("\"roles\":{\"a\":{" ALLOW_X "}},\"issuers\":[" ISSUER("1h") "]"),
	    "+ issuer 'g' is new: " SORTED("1h") "\n" },
	{ P("\"roles\":{},\"issuers\":[" ISSUER("1h") "]"),
	    P("\"roles\":{},\"issuers\":[" ISSUER("2h") "]"),
	    "~ issuer 'g' has changed: " SORTED("2h") "\n" },
	{ "{\"version\":1,\"roles\":{}}", "{\"version\":2,\"roles\":{}}",
	    "~ version 2, was 1\n" },
};

START_TEST(who_gains_and_who_loses_is_said)
{
	struct policyfile old = load(diffs[_i].old), new = load(diffs[_i].new);
	struct changes c = { 0 };
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	ck_assert_int_eq(policydiff(old.policy, new.policy, &c), 0);
	for (i = 0; i < c.n; i++)
		fprintf(f, "%c %s\n", c.v[i].sign, c.v[i].text);
	fclose(f);
	ck_assert_str_eq(text, diffs[_i].changes);
	free(text);
	changes_clear(&c);
	policyfile_clear(&old);
	policyfile_clear(&new);
}
END_TEST

/* ---- fmt ---- */

START_TEST(a_layout_keeps_the_meaning_and_is_its_own_layout)
{
	struct policyfile p = load(_i < (int)ARRAY_SIZE(lints)
		? lints[_i].text
		: diffs[(size_t)_i - ARRAY_SIZE(lints)].new);
	struct policyfile again = { .path = "p" };
	json_t *a, *b;
	char *twice;

	again.text = policyfmt(&p);
	ck_assert_ptr_nonnull(again.text);
	again.len = strlen(again.text);
	a = json_loads(p.text, 0, NULL);
	b = json_loads(again.text, 0, NULL);
	ck_assert(json_equal(a, b));
	twice = policyfmt(&again);
	ck_assert_str_eq(twice, again.text);
	free(twice);
	json_decref(a);
	json_decref(b);
	policyfile_clear(&again);
	policyfile_clear(&p);
}
END_TEST

/* ---- test ---- */

#define Q "\"user\":\"u\",\"roles\":[\"a\"],\"login\":\"x\""

static const struct {
	const char *text;
	const char *words; /* NULL: it is read, and the answer is as expected */
} cases[] = {
	{ "{\"tests\":[{" Q ",\"expect\":\"allowed\"}]}", NULL },
	{ "{\"tests\":[{" Q ",\"expect\":\"allowed\",\"line\":"
	  "\"restrict,pty,expiry-time=\\\"*\\\" role:a\",\"expires_in\":"
	  "\"59m\",\"ttl\":\"1h\"}]}",
	    NULL },
	{ "{\"defaults\":{\"user\":\"u\",\"roles\":[\"a\"],\"expect\":"
	  "\"allowed\"},\"tests\":[{\"login\":\"x\"}]}",
	    NULL },
	{ "{\"defaults\":{\"roles\":[\"b\"]},\"tests\":[{" Q
	  ",\"expect\":\"allowed\"}]}",
	    NULL },
	{ "{\"tests\":[{" Q ",\"expect\":\"locked\"}]}",
	    "the answer is allowed, not locked" },
	{ "{\"tests\":[{" Q ",\"expect\":\"allowed\",\"line\":\"restrict "
	  "role:a\"}]}",
	    "the line is restrict,pty" },
	{ "{\"tests\":[{" Q ",\"expect\":\"allowed\",\"line\":"
	  "\"restrict,expiry-time=\\\"*\\\" role:a\"}]}",
	    "the line is restrict,pty" },
	{ "{\"tests\":[{" Q ",\"expect\":\"allowed\",\"expires_in\":\"1h\"}]}",
	    "its end is 7h59m, not 1h" },
	{ "{\"tests\":[{" Q ",\"expect\":\"allowed\",\"from\":\"nowhere\"}]}",
	    "no address" },
	{ "[]", "want an object" },
	{ "{}", "want {\"tests\"" },
	{ "{\"tests\":[{}]}", "tests[0]: login: missing" },
	{ "{\"tests\":[{" Q "}]}", "expect: missing" },
	{ "{\"tests\":[{" Q ",\"expect\":\"yes\"}]}", "the name of a reason" },
	{ "{\"tests\":[{" Q ",\"expect\":\"none\"}]}", "the name of a reason" },
	{ "{\"tests\":[{" Q ",\"expects\":\"x\"}]}", "unknown key" },
	{ "{\"tests\":[{" Q ",\"labels\":{\"a\":\"b c\"}}]}", "label" },
	{ "{\"tests\":[{" Q ",\"key\":\"x\"}]}", "public key" },
	{ "{\"default\":{},\"tests\":[]}", "default: unknown key" },
};

START_TEST(tests_are_read_and_run)
{
	struct policyfile p = load(ROLE(ALLOW_X));
	struct policy_cases c = { 0 };
	struct conf_error e = { 0 };
	char *why = NULL;
	int r =
	    policy_cases_parse(cases[_i].text, strlen(cases[_i].text), &c, &e);

	if (r == 0) {
		r = policy_case_run(&c.v[0], p.policy, &why);
		ck_assert_int_eq(r, cases[_i].words == NULL);
	} else {
		ck_assert_int_eq(r, -EINVAL);
		why = strdup(e.what);
	}
	if (cases[_i].words != NULL)
		ck_assert_msg(strstr(why, cases[_i].words) != NULL, "%s: %s",
		    cases[_i].text, why);
	free(why);
	policy_cases_clear(&c);
	policyfile_clear(&p);
}
END_TEST

TCase *
case_policytool(void)
{
	TCase *c = tcase_create("policytool");

	tcase_add_loop_test(c, what_cannot_be_meant_is_found, 0,
	    ARRAY_SIZE(lints));
	tcase_add_loop_test(c, who_gains_and_who_loses_is_said, 0,
	    ARRAY_SIZE(diffs));
	tcase_add_loop_test(c, a_layout_keeps_the_meaning_and_is_its_own_layout,
	    0, ARRAY_SIZE(lints) + ARRAY_SIZE(diffs));
	tcase_add_loop_test(c, tests_are_read_and_run, 0, ARRAY_SIZE(cases));
	return c;
}
