/* SPDX-License-Identifier: ISC */
/* A table of decisions: certificate, login, time -> line or reason. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "decide.h"
#include "unit.h"

#define NOW 1800000000ULL

static const char policy_text[] =
    "{\"version\":1,\"roles\":{"
    "\"web\":{\"allow\":{\"logins\":[\"deploy\",\"{{user.local}}\"],"
    "\"node_labels\":{\"env\":[\"staging\",\"prod\"],\"tier\":[\"web*\"]}}},"
    "\"web2\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"env\":[\"prod\"]}},\"options\":{\"pty\":false,\"port_forwarding\":"
    "true,\"x11_forwarding\":true,\"agent_forwarding\":true,"
    "\"max_session_ttl\":\"2h\"}},"
    "\"whole\":{\"allow\":{\"logins\":[\"{{user}}\"],\"node_labels\":"
    "{\"*\":[\"*\"]}}},"
    "\"db\":{\"allow\":{\"logins\":[\"deploy\",\"dba\"],\"node_labels\":"
    "{\"tier\":[\"db\"]}}},"
    "\"gone\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"rack\":[\"*\"]}}},"
    "\"nolabels\":{\"allow\":{\"logins\":[\"deploy\"]}},"
    "\"noroot\":{\"deny\":{\"logins\":[\"root\"]}},"
    "\"noprod\":{\"deny\":{\"node_labels\":{\"env\":[\"pr*\"]}}},"
    "\"root\":{\"allow\":{\"logins\":[\"root\"],\"node_labels\":"
    "{\"*\":[\"*\"]}}},"
    "\"cmd\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"*\":[\"*\"]}},\"options\":{\"force_command\":\"say \\\"hi\\\"\"}},"
    "\"cmd2\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"*\":[\"*\"]}},\"options\":{\"force_command\":\"other\"}},"
    "\"src\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"*\":[\"*\"]}},\"options\":{\"source\":[\"10.0.0.0/8\","
    "\"2001:db8::/32\"]}},"
    "\"src2\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"*\":[\"*\"]}},\"options\":{\"source\":[\"10.1.0.0/16\"]}},"
    "\"src3\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"*\":[\"*\"]}},\"options\":{\"source\":[\"192.0.2.0/24\"]}},"
    "\"open\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"*\":[\"*\"]}},\"options\":{\"pty\":false,\"permitopen\":"
    "[\"db1:5432\",\"*:80\"]}},"
    "\"short\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":"
    "{\"*\":[\"*\"]}},\"options\":{\"max_session_ttl\":\"30m\"}}}}";

#define END ",expiry-time=\"20270115160000Z\""

static const struct {
	const char *roles; /* principals, with blanks between */
	const char *login;
	const char *line; /* NULL: refused */
	enum reason reason;
} decisions[] = {
	{ "role:web", "deploy", "restrict,pty" END " role:web", REASON_NONE },
	{ "role:web", "alice", "restrict,pty" END " role:web", REASON_NONE },
	{ "role:web", "alice@example.com", NULL, REASON_LOGIN_NOT_ALLOWED },
	{ "role:whole", "alice@example.com", "restrict,pty" END " role:whole",
	    REASON_NONE },
	{ "role:web", "ali", NULL, REASON_LOGIN_NOT_ALLOWED },
	{ "role:web", "alicex", NULL, REASON_LOGIN_NOT_ALLOWED },
	{ "role:web", "root", NULL, REASON_LOGIN_NOT_ALLOWED },
	{ "role:web", "", NULL, REASON_BAD_LOGIN },
	{ "role:web", "de ploy", NULL, REASON_BAD_LOGIN },
	{ "role:web", "deploy\"", NULL, REASON_BAD_LOGIN },
	{ "role:web role:web2", "deploy",
	    "restrict,pty,agent-forwarding,X11-forwarding,port-forwarding,"
	    "expiry-time=\"20270115095900Z\" role:web",
	    REASON_NONE },
	{ "role:web2", "deploy",
	    "restrict,agent-forwarding,X11-forwarding,port-forwarding,"
	    "expiry-time=\"20270115095900Z\" role:web2",
	    REASON_NONE },
	{ "role:db", "deploy", NULL, REASON_LABEL_MISMATCH },
	{ "role:gone", "deploy", NULL, REASON_LABEL_MISMATCH },
	{ "role:nolabels", "deploy", NULL, REASON_LABEL_MISMATCH },
	{ "role:db role:web", "dba", NULL, REASON_LOGIN_NOT_ALLOWED },
	{ "role:db role:web", "deploy", "restrict,pty" END " role:web",
	    REASON_NONE },
	{ "role:nope", "deploy", NULL, REASON_UNKNOWN_ROLE },
	{ "role:nope role:web", "deploy", "restrict,pty" END " role:web",
	    REASON_NONE },
	{ "deploy", "deploy", NULL, REASON_NO_ROLE },
	{ "web", "deploy", NULL, REASON_NO_ROLE },
	{ "Role:web", "deploy", NULL, REASON_NO_ROLE },
	{ "role:", "deploy", NULL, REASON_NO_ROLE },
	{ "role:../web", "deploy", NULL, REASON_NO_ROLE },
	{ "", "deploy", NULL, REASON_NO_PRINCIPALS },
	{ "role:root", "root", "restrict,pty" END " role:root", REASON_NONE },
	{ "role:root role:noroot", "root", NULL, REASON_DENIED_BY_RULE },
	{ "role:noroot role:root", "root", NULL, REASON_DENIED_BY_RULE },
	{ "role:web role:noroot", "deploy", "restrict,pty" END " role:web",
	    REASON_NONE },
	{ "role:web role:noprod", "deploy", NULL, REASON_DENIED_BY_RULE },
	{ "role:cmd", "deploy",
	    "restrict,pty" END ",command=\"say \\\"hi\\\"\" role:cmd",
	    REASON_NONE },
	{ "role:cmd role:web", "deploy",
	    "restrict,pty" END ",command=\"say \\\"hi\\\"\" role:cmd",
	    REASON_NONE },
	{ "role:cmd role:cmd2", "deploy", NULL, REASON_COMMAND_CONFLICT },
	{ "role:src", "deploy",
	    "restrict,pty,from=\"10.0.0.0/8,2001:db8::/32\"" END " role:src",
	    REASON_NONE },
	{ "role:src role:src2", "deploy",
	    "restrict,pty,from=\"10.1.0.0/16\"" END " role:src", REASON_NONE },
	{ "role:src role:web", "deploy",
	    "restrict,pty,from=\"10.0.0.0/8,2001:db8::/32\"" END " role:src",
	    REASON_NONE },
	{ "role:src role:src3", "deploy", NULL, REASON_SOURCE_CONFLICT },
	{ "role:open", "deploy",
	    "restrict,port-forwarding,permitlisten=\"none.invalid:1\","
	    "permitopen=\"db1:5432\",permitopen=\"*:80\"" END " role:open",
	    REASON_NONE },
	{ "role:open role:web2", "deploy",
	    "restrict,agent-forwarding,X11-forwarding,port-forwarding,"
	    "expiry-time=\"20270115095900Z\" role:open",
	    REASON_NONE },
	{ "role:short", "deploy",
	    "restrict,pty,expiry-time="
	    "\"20270115082900Z\" role:short",
	    REASON_NONE },
};

struct world {
	struct cert cert;
	struct sshkey_list cas;
	struct labels labels;
	struct policy *policy;
	struct hostpolicy compiled;
	uint64_t grace_s;
};

static uint8_t ca_blob[] = "a CA", other_blob[] = "another";

static void
world_make(struct world *w, const char *principals)
{
	struct sshkey ca = { .blob = ca_blob, .len = sizeof(ca_blob) };
	struct conf_error e = { 0 };
	char *copy = strdup(principals), *at = copy, *word;

	*w = (struct world){ 0 };
	while ((word = strsep(&at, " ")) != NULL)
		if (*word != '\0')
			strv_add(&w->cert.principals, word);
	free(copy);
	w->cert.kind = CERT_USER;
	w->cert.key_id = strdup("alice@example.com");
	w->cert.ca = ca_blob;
	w->cert.ca_len = sizeof(ca_blob);
	w->cert.valid_after = NOW - 60;
	w->cert.valid_before = NOW + 8 * 3600;
	w->cas.v = malloc(sizeof(ca));
	w->cas.v[0] = ca;
	w->cas.n = 1;
	labels_add(&w->labels, "env", "prod");
	labels_add(&w->labels, "tier", "web1");
	ck_assert_msg(policy_parse(policy_text, strlen(policy_text), &w->policy,
			  &e) == 0,
	    "%s", e.what);
	ck_assert_int_eq(hostpolicy_make(w->policy,
			     &(struct host_facts){ &w->labels, "web1", "id1" },
			     &w->compiled),
	    0);
}

static void
world_clear(struct world *w)
{
	strv_clear(&w->cert.principals);
	free(w->cert.key_id);
	free(w->cas.v);
	labels_clear(&w->labels);
	policy_free(w->policy);
	hostpolicy_clear(&w->compiled);
}

static struct decide_question
question(const struct world *w, const char *login)
{
	return (struct decide_question){ .cert = &w->cert,
		.login = login,
		.trusted_cas = &w->cas,
		.policy = &w->compiled,
		.now_s = NOW,
		.grace_s = w->grace_s };
}

START_TEST(decisions_are_these)
{
	struct decide_question q;
	struct decision d;
	struct world w;
	char *line;

	world_make(&w, decisions[_i].roles);
	q = question(&w, decisions[_i].login);
	decide(&q, &d);
	ck_assert_str_eq(reason_name(d.reason),
	    reason_name(decisions[_i].reason));
	line = decision_line(&d);
	if (decisions[_i].line != NULL)
		ck_assert_str_eq(line, decisions[_i].line);
	else
		ck_assert_ptr_null(line);
	ck_assert_int_eq(d.verdict, decisions[_i].line != NULL ? ALLOW : DENY);
	free(line);
	decision_clear(&d);
	world_clear(&w);
}
END_TEST

static enum reason
ask(const struct world *w)
{
	struct decide_question q = question(w, "deploy");
	struct decision d;
	enum reason r;

	decide(&q, &d);
	r = d.reason;
	ck_assert_int_eq(d.verdict, r == REASON_NONE ? ALLOW : DENY);
	decision_clear(&d);
	return r;
}

START_TEST(certificates_are_judged)
{
	struct world w;

	world_make(&w, "role:web");
	ck_assert_int_eq(ask(&w), REASON_NONE);
	w.cert.is_opaque = true;
	ck_assert_int_eq(ask(&w), REASON_UNKNOWN_KEY_TYPE);
	w.cert.is_opaque = false;
	w.cert.kind = CERT_HOST;
	ck_assert_int_eq(ask(&w), REASON_NOT_A_USER_CERTIFICATE);
	w.cert.kind = CERT_USER;
	w.cert.ca = other_blob;
	w.cert.ca_len = sizeof(other_blob);
	ck_assert_int_eq(ask(&w), REASON_CA_NOT_TRUSTED);
	w.cert.ca = ca_blob;
	w.cert.ca_len = sizeof(ca_blob) - 1;
	ck_assert_int_eq(ask(&w), REASON_CA_NOT_TRUSTED);
	w.cert.ca_len = sizeof(ca_blob);
	w.cert.key_id[0] = '\0';
	ck_assert_int_eq(ask(&w), REASON_BAD_USER);
	w.cert.key_id[0] = 'a';
	w.compiled.expires_s = NOW;
	ck_assert_int_eq(ask(&w), REASON_POLICY_EXPIRED);
	w.grace_s = 1;
	ck_assert_int_eq(ask(&w), REASON_NONE);
	w.compiled.expires_s = NOW - 1;
	ck_assert_int_eq(ask(&w), REASON_POLICY_EXPIRED);
	w.grace_s = 0;
	w.compiled.expires_s = NOW + 1;
	ck_assert_int_eq(ask(&w), REASON_NONE);
	world_clear(&w);
}
END_TEST

START_TEST(time_is_kept_to_the_second)
{
	struct world w;

	world_make(&w, "role:web");
	w.cert.valid_after = NOW;
	ck_assert_int_eq(ask(&w), REASON_NONE);
	w.cert.valid_after = NOW + 1;
	ck_assert_int_eq(ask(&w), REASON_NOT_YET_VALID);
	w.cert.valid_after = 0;
	w.cert.valid_before = NOW + 1;
	ck_assert_int_eq(ask(&w), REASON_NONE);
	w.cert.valid_before = NOW;
	ck_assert_int_eq(ask(&w), REASON_EXPIRED);
	w.cert.valid_before = CERT_FOREVER;
	ck_assert_int_eq(ask(&w), REASON_NEVER_EXPIRES);
	world_clear(&w);
	world_make(&w, "role:short");
	w.cert.valid_after = NOW - 1799;
	ck_assert_int_eq(ask(&w), REASON_NONE);
	w.cert.valid_after = NOW - 1800;
	ck_assert_int_eq(ask(&w), REASON_SESSION_TTL);
	world_clear(&w);
}
END_TEST

static enum reason
ask_with_critical(const char *roles, const char *name, const char *command)
{
	struct cert_option o = { .name = strdup(name) };
	struct writer data = WRITER_INIT;
	struct world w;
	enum reason r;

	world_make(&w, roles);
	if (command != NULL)
		writer_cstring(&data, command);
	o.data = data.p;
	o.len = data.len;
	w.cert.critical.v = &o;
	w.cert.critical.n = 1;
	r = ask(&w);
	writer_clear(&data);
	free(o.name);
	world_clear(&w);
	return r;
}

START_TEST(critical_options_are_understood_or_refused)
{
	ck_assert_int_eq(ask_with_critical("role:web", "force-command", "id"),
	    REASON_NONE);
	ck_assert_int_eq(ask_with_critical("role:cmd", "force-command",
			     "say \"hi\""),
	    REASON_NONE);
	ck_assert_int_eq(ask_with_critical("role:cmd", "force-command", "id"),
	    REASON_COMMAND_CONFLICT);
	ck_assert_int_eq(ask_with_critical("role:web", "force-command", ""),
	    REASON_BAD_CERTIFICATE);
	ck_assert_int_eq(ask_with_critical("role:web", "force-command", NULL),
	    REASON_BAD_CERTIFICATE);
	ck_assert_int_eq(ask_with_critical("role:web", "source-address",
			     "10.0.0.0/8"),
	    REASON_NONE);
	ck_assert_int_eq(ask_with_critical("role:web", "verify-required", NULL),
	    REASON_NONE);
	ck_assert_int_eq(ask_with_critical("role:web", "moon-phase", "full"),
	    REASON_CRITICAL_OPTION);
}
END_TEST

/* Over every pair of roles: a deny or a second role never takes a permission
 * away, except what POLICY says it may. */
START_TEST(a_second_role_takes_no_permission_away)
{
	static const char *const fitting[] = { "web", "web2", "src", "open",
		"short", "src2" };
	struct decision one, two;
	struct decide_question q;
	struct world w;
	char both[64];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(fitting); i++) {
		for (j = 0; j < ARRAY_SIZE(fitting); j++) {
			snprintf(both, sizeof(both), "role:%s", fitting[i]);
			world_make(&w, both);
			q = question(&w, "deploy");
			decide(&q, &one);
			snprintf(both, sizeof(both), "role:%s role:%s",
			    fitting[i], fitting[j]);
			strv_clear(&w.cert.principals);
			snprintf(both, sizeof(both), "role:%s", fitting[i]);
			strv_add(&w.cert.principals, both);
			snprintf(both, sizeof(both), "role:%s", fitting[j]);
			strv_add(&w.cert.principals, both);
			decide(&q, &two);
			ck_assert_int_eq(two.verdict, ALLOW);
			ck_assert(
			    two.access.options.pty >= one.access.options.pty);
			ck_assert(two.access.options.port_forwarding >=
			    one.access.options.port_forwarding);
			ck_assert(two.access.options.agent_forwarding >=
			    one.access.options.agent_forwarding);
			ck_assert(two.access.options.permitopen.n >=
			    one.access.options.permitopen.n);
			ck_assert(two.access.expires_s <= one.access.expires_s);
			decision_clear(&one);
			decision_clear(&two);
			world_clear(&w);
		}
	}
}
END_TEST

static uint8_t key_blob[] = "a key";

#define KEY_PRINT "SHA256:ZrPk7zES1UJRiGUL8srk/CfMOXkbpflKs2dGYwmaJbc"

/* Of alice's certificate 42 with the role web, as deploy on web1. */
static const struct {
	const char *target;
	bool is_hers;
} locks[] = {
	{ "\"user\":\"alice@example.com\"", true },
	{ "\"user\":\"alice@example.co\"", false },
	{ "\"user\":\"bob@example.com\"", false },
	{ "\"serial\":42", true },
	{ "\"serial\":43", false },
	{ "\"fingerprint\":\"" KEY_PRINT "\"", true },
	{ "\"fingerprint\":\"SHA256:47DEQpj8HBSa+/TImW+"
	  "5JCeuQeRkm5NMpJWZG3hSuFU\"",
	    false },
	{ "\"login\":\"deploy\"", true },
	{ "\"login\":\"root\"", false },
	{ "\"role\":\"web\"", true },
	{ "\"role\":\"web2\"", false },
	{ "\"host\":\"web1\"", true },
	{ "\"host\":\"web2\"", false },
	{ "\"user\":\"alice@example.com\",\"login\":\"deploy\"", true },
	{ "\"user\":\"alice@example.com\",\"login\":\"root\"", false },
	{ "\"role\":\"web\",\"host\":\"web1\",\"serial\":42", true },
	{ "\"role\":\"web\",\"host\":\"web2\",\"serial\":42", false },
};

/* In place of *ret, an image with this one lock and the world's roles. */
static void
compile_lock(const struct world *w, const char *target, const char *end,
    struct hostpolicy *ret)
{
	struct conf_error e = { 0 };
	struct policy *p = NULL;
	char *text;

	ck_assert_int_gt(
	    asprintf(&text,
		"%.*s,\"locks\":[{\"name\":\"l\",\"target\":{%s}%s,"
		"\"reason\":\"why not\"}]}",
		(int)strlen(policy_text) - 1, policy_text, target, end),
	    0);
	ck_assert_msg(policy_parse(text, strlen(text), &p, &e) == 0, "%s: %s",
	    text, e.what);
	hostpolicy_clear(ret);
	ck_assert_int_eq(hostpolicy_make(p,
			     &(struct host_facts){ &w->labels, "web1", "id1" },
			     ret),
	    0);
	policy_free(p);
	free(text);
}

START_TEST(a_lock_denies_whom_it_names)
{
	enum reason expected = locks[_i].is_hers ? REASON_LOCKED : REASON_NONE;
	struct hostpolicy local = { 0 };
	struct decide_question q;
	struct decision d;
	struct world w;

	world_make(&w, "role:web");
	w.cert.serial = 42;
	w.cert.key = key_blob;
	w.cert.key_len = sizeof(key_blob);
	q = question(&w, "deploy");
	/* The host's own lock. */
	compile_lock(&w, locks[_i].target, "", &local);
	q.local_locks = &local;
	decide(&q, &d);
	ck_assert_str_eq(reason_name(d.reason), reason_name(expected));
	decision_clear(&d);
	hostpolicy_clear(&local);
	/* The fleet's. */
	q.local_locks = NULL;
	compile_lock(&w, locks[_i].target, "", &w.compiled);
	decide(&q, &d);
	ck_assert_str_eq(reason_name(d.reason), reason_name(expected));
	if (locks[_i].is_hers)
		ck_assert_str_eq(d.detail, "locked by 'l': why not");
	decision_clear(&d);
	/* Of a connection that is open: also once the certificate is not. */
	w.cert.valid_before = NOW;
	decide_locks(&q, &d);
	ck_assert_str_eq(reason_name(d.reason), reason_name(expected));
	decision_clear(&d);
	w.cert.valid_before = NOW + 1;
	/* Until it ends (NOW is 2027-01-15T08:00:00Z). */
	compile_lock(&w, locks[_i].target,
	    ",\"expires\":\"2027-01-15T08:00:01Z\"", &w.compiled);
	ck_assert_int_eq(ask(&w), expected);
	compile_lock(&w, locks[_i].target,
	    ",\"expires\":\"2027-01-15T08:00:00Z\"", &w.compiled);
	ck_assert_int_eq(ask(&w), REASON_NONE);
	world_clear(&w);
}
END_TEST

TCase *
case_decide(void)
{
	TCase *c = tcase_create("decide");

	tcase_add_loop_test(c, decisions_are_these, 0, ARRAY_SIZE(decisions));
	tcase_add_test(c, certificates_are_judged);
	tcase_add_test(c, time_is_kept_to_the_second);
	tcase_add_test(c, critical_options_are_understood_or_refused);
	tcase_add_test(c, a_second_role_takes_no_permission_away);
	tcase_add_loop_test(c, a_lock_denies_whom_it_names, 0,
	    ARRAY_SIZE(locks));
	return c;
}
