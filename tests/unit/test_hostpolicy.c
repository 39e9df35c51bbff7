/* SPDX-License-Identifier: ISC */
/* The compiled policy: what it finds, what damage does, and that over random
 * policies the rules of merging hold. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "hostpolicy.h"
#include "labelrule.h"
#include "lineback.h"
#include "template.h"
#include "unit.h"

#define NOW 1800000000ULL

static uint8_t ca_blob[] = "a CA";
static uint8_t key_blob[] = "a key";

static struct policy *
parse(const char *text)
{
	struct conf_error e = { 0 };
	struct policy *p = NULL;

	ck_assert_msg(policy_parse(text, strlen(text), &p, &e) == 0, "%s: %s",
	    e.what, text);
	return p;
}

static struct writer
compile(const struct policy *p, const struct labels *labels)
{
	struct host_facts facts = { labels, "web1", "id1" };
	struct hostpolicy_origin origin = { 1, 2, 3 };
	struct writer w = WRITER_INIT;

	ck_assert_int_eq(hostpolicy_compile(p, &facts, &origin, &w), 0);
	return w;
}

struct asker {
	struct cert cert;
	struct sshkey ca;
	struct sshkey_list cas;
};

static void
asker_make(struct asker *a, const char *user, const char *roles)
{
	char *copy = strdup(roles), *at = copy, *word, *principal;

	*a =
	    (struct asker){ .ca = { .blob = ca_blob, .len = sizeof(ca_blob) } };
	a->cas = (struct sshkey_list){ &a->ca, 1 };
	a->cert.kind = CERT_USER;
	a->cert.key_id = strdup(user);
	a->cert.key = key_blob;
	a->cert.key_len = sizeof(key_blob);
	a->cert.ca = ca_blob;
	a->cert.ca_len = sizeof(ca_blob);
	a->cert.serial = 7;
	a->cert.valid_after = NOW - 60;
	a->cert.valid_before = NOW + 8 * 3600;
	while ((word = strsep(&at, " ")) != NULL) {
		if (*word == '\0')
			continue;
		ck_assert(asprintf(&principal, "role:%s", word) > 0);
		strv_add_take(&a->cert.principals, principal);
	}
	free(copy);
}

static void
asker_clear(struct asker *a)
{
	free(a->cert.key_id);
	strv_clear(&a->cert.principals);
}

static void
ask(const struct asker *a, const char *login, const struct hostpolicy *h,
    struct decision *ret)
{
	struct decide_question q = { .cert = &a->cert,
		.login = login,
		.trusted_cas = &a->cas,
		.policy = h,
		.now_s = NOW };

	decide(&q, ret);
}

static const char small[] =
    "{\"version\":9,\"expires\":\"2030-01-01T00:00:00Z\",\"roles\":{"
    "\"web\":{\"allow\":{\"logins\":[\"deploy\",\"{{user.local}}\"],"
    "\"node_labels\":{\"env\":[\"prod\"]}},\"deny\":{\"logins\":[\"root\"]},"
    "\"options\":{\"permitopen\":[\"db:1\"],\"source\":[\"10.0.0.0/8\"],"
    "\"force_command\":\"id\",\"max_session_ttl\":\"2h\"}},"
    "\"far\":{\"allow\":{\"logins\":[\"deploy\"],\"node_labels\":{\"env\":"
    "[\"dev\"]}}},"
    "\"ban\":{\"deny\":{\"node_labels\":{\"env\":[\"prod\"]}}}},"
    "\"locks\":[{\"name\":\"u\",\"target\":{\"user\":\"mallory@x\"},"
    "\"reason\":\"gone\"},"
    "{\"name\":\"s\",\"target\":{\"serial\":666},\"expires\":"
    "\"2029-01-01T00:00:00Z\"},"
    "{\"name\":\"c\",\"target\":{\"user\":\"dave@x\",\"login\":\"root\"}},"
    "{\"name\":\"r\",\"target\":{\"role\":\"far\"}},"
    "{\"name\":\"h\",\"target\":{\"host\":\"db1\"}},"
    "{\"name\":\"l\",\"target\":{\"login\":\"frozen\"}}]}";

START_TEST(what_concerns_the_host_is_found)
{
	struct labels labels = { 0 };
	struct policy *p = parse(small);
	struct reader locks;
	struct host_lock lock;
	struct host_role role;
	struct hostpolicy h;
	struct writer w;

	labels_add(&labels, "env", "prod");
	w = compile(p, &labels);
	ck_assert_int_eq(hostpolicy_open(w.p, w.len, &h), 0);
	ck_assert_int_eq(hostpolicy_check(&h), 0);
	ck_assert_uint_eq(h.version, 9);
	ck_assert_int_eq(hostpolicy_role(&h, "web", &role), 0);
	ck_assert(role.is_for_host && !role.is_denied);
	ck_assert_int_eq(hostpolicy_role(&h, "far", &role), 0);
	ck_assert(!role.is_for_host && role.allow_logins.left == 0);
	ck_assert_int_eq(hostpolicy_role(&h, "ban", &role), 0);
	ck_assert(!role.is_for_host && role.is_denied);
	ck_assert_int_eq(hostpolicy_role(&h, "nope", &role), -ENOENT);
	ck_assert_int_eq(hostpolicy_role(&h, "", &role), -ENOENT);
	ck_assert_int_eq(hostpolicy_locks(&h, LOCK_BY_USER, "mallory@x",
			     &locks),
	    0);
	ck_assert_int_eq(hostpolicy_next_lock(&locks, &lock), 1);
	ck_assert(
	    reader_is(&lock.name, "u") && reader_is(&lock.reason, "gone"));
	ck_assert_int_eq(hostpolicy_next_lock(&locks, &lock), 0);
	/* A lock is no role, and a lock on another host is none here. */
	ck_assert_int_eq(hostpolicy_role(&h, "mallory@x", &role), -ENOENT);
	ck_assert_int_eq(hostpolicy_locks(&h, LOCK_BY_NOTHING, "", &locks),
	    -ENOENT);
	writer_clear(&w);
	policy_free(p);
	labels_clear(&labels);
}
END_TEST

START_TEST(it_is_of_its_labels_names_and_file)
{
	struct labels labels = { 0 }, other = { 0 };
	struct host_facts facts = { &labels, "web1", "id1" };
	struct hostpolicy_origin origin = { 1, 2, 3 };
	struct policy *p = parse(small);
	struct hostpolicy h;
	struct writer w;

	labels_add(&labels, "env", "prod");
	labels_add(&other, "env", "pro");
	w = compile(p, &labels);
	ck_assert_int_eq(hostpolicy_open(w.p, w.len, &h), 0);
	ck_assert(hostpolicy_is_of(&h, &facts, &origin));
	ck_assert(hostpolicy_is_of(&h, &facts, NULL));
	origin.ctime_ns++;
	ck_assert(!hostpolicy_is_of(&h, &facts, &origin));
	hostpolicy_stamp(&w, &origin);
	ck_assert_int_eq(hostpolicy_open(w.p, w.len, &h), 0);
	ck_assert_int_eq(hostpolicy_check(&h), 0);
	ck_assert(hostpolicy_is_of(&h, &facts, &origin));
	facts.hostname = "web2";
	ck_assert(!hostpolicy_is_of(&h, &facts, NULL));
	facts.hostname = "web1";
	facts.server_id = "id2";
	ck_assert(!hostpolicy_is_of(&h, &facts, NULL));
	facts.server_id = "id1";
	facts.labels = &other;
	ck_assert(!hostpolicy_is_of(&h, &facts, NULL));
	writer_clear(&w);
	policy_free(p);
	labels_clear(&labels);
	labels_clear(&other);
}
END_TEST

START_TEST(cut_anywhere_it_is_refused)
{
	struct labels labels = { 0 };
	struct policy *p = parse(small);
	struct writer w = compile(p, &labels);
	struct hostpolicy h;
	size_t n;

	for (n = 0; n < w.len; n++)
		ck_assert_int_eq(hostpolicy_open(w.p, n, &h), -EBADMSG);
	writer_clear(&w);
	policy_free(p);
}
END_TEST

static const struct {
	const char *user, *roles, *login;
	uint64_t serial;
} questions[] = { { "alice@x", "web", "deploy", 7 },
	{ "alice@x", "web", "alice", 7 }, { "alice@x", "web", "root", 7 },
	{ "mallory@x", "web", "deploy", 7 },
	{ "alice@x", "web", "deploy", 666 }, { "alice@x", "far", "deploy", 7 },
	{ "alice@x", "web far", "deploy", 7 },
	{ "alice@x", "web ban", "deploy", 7 },
	{ "alice@x", "nope", "deploy", 7 }, { "alice@x", "web", "frozen", 7 } };

/* A flipped bit may refuse; it never lets in whom the whole file refuses, and
 * never gives more. */
START_TEST(no_flipped_bit_lets_anybody_in)
{
	struct labels labels = { 0 };
	struct policy *p = parse(small);
	struct decision good, bad;
	struct hostpolicy h, whole;
	struct asker a;
	struct writer w;
	char *line, *other;
	size_t i, bit;

	labels_add(&labels, "env", "prod");
	w = compile(p, &labels);
	asker_make(&a, questions[_i].user, questions[_i].roles);
	a.cert.serial = questions[_i].serial;
	ck_assert_int_eq(hostpolicy_open(w.p, w.len, &whole), 0);
	ask(&a, questions[_i].login, &whole, &good);
	line = decision_line(&good);
	for (bit = 0; bit < w.len * 8; bit++) {
		i = bit / 8;
		w.p[i] ^= (uint8_t)(1 << bit % 8);
		if (hostpolicy_open(w.p, w.len, &h) == 0) {
			ask(&a, questions[_i].login, &h, &bad);
			other = decision_line(&bad);
			ck_assert_msg(bad.verdict == DENY ||
				(line != NULL && strcmp(line, other) == 0),
			    "bit %zu: %s", bit, other);
			free(other);
			decision_clear(&bad);
		}
		w.p[i] ^= (uint8_t)(1 << bit % 8);
	}
	free(line);
	decision_clear(&good);
	asker_clear(&a);
	writer_clear(&w);
	policy_free(p);
	labels_clear(&labels);
}
END_TEST

START_TEST(every_one_of_many_roles_and_locks_is_found)
{
	struct labels labels = { 0 };
	struct reader locks;
	struct host_role role;
	struct hostpolicy h;
	struct policy *p;
	struct writer w;
	char *text = NULL, name[32];
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	fputs("{\"version\":1,\"roles\":{", f);
	for (i = 0; i < 3000; i++)
		fprintf(f,
		    "%s\"r%zu\":{\"allow\":{\"logins\":[\"a\"],\"node_labels\":"
		    "{\"env\":[\"%s\"]}}}",
		    i > 0 ? "," : "", i, i % 10 == 0 ? "prod" : "dev");
	fputs("},\"locks\":[", f);
	for (i = 0; i < 1000; i++)
		fprintf(f,
		    "%s{\"name\":\"l%zu\",\"target\":{\"user\":\"u%zu\"}}",
		    i > 0 ? "," : "", i, i);
	fputs("]}", f);
	fclose(f);
	p = parse(text);
	labels_add(&labels, "env", "prod");
	w = compile(p, &labels);
	ck_assert_int_eq(hostpolicy_open(w.p, w.len, &h), 0);
	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "r%zu", i);
		ck_assert_int_eq(hostpolicy_role(&h, name, &role), 0);
		ck_assert_int_eq(role.is_for_host, i % 10 == 0);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "u%zu", i);
		ck_assert_int_eq(hostpolicy_locks(&h, LOCK_BY_USER, name,
				     &locks),
		    0);
	}
	writer_clear(&w);
	policy_free(p);
	labels_clear(&labels);
	free(text);
}
END_TEST

START_TEST(no_memory_is_a_denial)
{
	struct labels labels = { 0 };
	struct policy *p = parse(small);
	struct host_facts facts = { &labels, "web1", "id1" };
	struct hostpolicy_origin origin = { 0 };
	struct writer w = WRITER_INIT;
	struct hostpolicy h;
	struct decision d;
	struct asker a;
	long n;
	int r;

	labels_add(&labels, "env", "prod");
	for (n = 0;; n++) {
		alloc_fail_after(n);
		r = hostpolicy_compile(p, &facts, &origin, &w);
		if (!alloc_fail_after(-1))
			break;
		ck_assert_int_eq(r, -ENOMEM);
		writer_clear(&w);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(hostpolicy_open(w.p, w.len, &h), 0);
	asker_make(&a, "alice@x", "web");
	for (n = 0;; n++) {
		alloc_fail_after(n);
		ask(&a, "deploy", &h, &d);
		if (!alloc_fail_after(-1))
			break;
		ck_assert_int_eq(d.verdict, DENY);
		decision_clear(&d);
	}
	ck_assert_int_eq(d.verdict, ALLOW);
	decision_clear(&d);
	asker_clear(&a);
	writer_clear(&w);
	policy_free(p);
	labels_clear(&labels);
}
END_TEST

/* ---- over random policies ------------------------------------------------ */

static uint64_t seed;

/* Knuth's MMIX generator: the same policies in every run. */
static unsigned
pick(unsigned n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % n;
}

static const char *const logins[] = { "deploy", "root", "alice",
	"{{user.local}}", "{{user}}", "svc-{{user.local}}" };
static const char *const rules[] = { "\"env\":[\"prod\"]",
	"\"env\":[\"dev\",\"p*\"]", "\"*\":[\"*\"]",
	"\"env\":[\"prod\"],\"tier\":[\"web?\"]", "\"tier\":[\"/web.|db/\"]",
	"\"rack\":[\"*\"]" };
static const char *const options[] = { "\"pty\":false",
	"\"port_forwarding\":true", "\"agent_forwarding\":true",
	"\"x11_forwarding\":true", "\"permitopen\":[\"a:1\",\"b:2\"]",
	"\"permitopen\":[\"b:2\",\"*:3\"]", "\"max_session_ttl\":\"1h\"",
	"\"max_session_ttl\":\"30s\"", "\"source\":[\"10.0.0.0/8\"]",
	"\"source\":[\"10.1.0.0/16\",\"2001:db8::/32\"]",
	"\"source\":[\"192.0.2.0/24\"]", "\"force_command\":\"id \\\"x\\\"\"",
	"\"force_command\":\"who\"", "\"require_mfa\":true" };

/* deny: "", or the members of a deny. */
static void
put_role(FILE *f, unsigned i, const char *deny)
{
	fprintf(f, "%s\"r%u\":{\"allow\":{\"logins\":[\"deploy\"",
	    i > 0 ? "," : "", i);
	if (pick(2) > 0)
		fprintf(f, ",\"%s\"", logins[pick(ARRAY_SIZE(logins))]);
	fprintf(f, "],\"node_labels\":{%s}}", rules[pick(ARRAY_SIZE(rules))]);
	if (deny[0] != '\0')
		fprintf(f, ",\"deny\":{%s}", deny);
	else if (pick(6) == 0)
		fprintf(f, ",\"deny\":{\"logins\":[\"%s\"]}",
		    logins[1 + pick(ARRAY_SIZE(logins) - 1)]);
	fprintf(f, ",\"options\":{");
	if (pick(3) > 0)
		fputs(options[pick(ARRAY_SIZE(options))], f);
	fputs("}}", f);
}

/* The same policy for the same seed; more: a deny for role `who`, or a lock. */
static struct policy *
random_policy(uint64_t from, unsigned who, const char *deny, const char *lock)
{
	char *text = NULL;
	struct policy *p;
	unsigned i;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	seed = from;
	fputs("{\"version\":1,\"roles\":{", f);
	for (i = 0; i < 4; i++)
		put_role(f, i, i == who ? deny : "");
	fprintf(f, "},\"locks\":[%s]}", lock);
	fclose(f);
	p = parse(text);
	free(text);
	return p;
}

/* Straight from POLICY's words over the parsed policy: the oracle. */
static bool
oracle_login(const struct strv *entries, const struct asker *a,
    const char *login)
{
	struct template_values v = { .user = a->cert.key_id };
	char buf[TEMPLATE_LOGIN_MAX + 1];
	size_t i;

	for (i = 0; i < entries->n; i++)
		if (template_login(entries->v[i], strlen(entries->v[i]), &v,
			buf) &&
		    strcmp(buf, login) == 0)
			return true;
	return false;
}

/* Which roles fit; false if one denies. */
static bool
oracle(const struct policy *p, const struct asker *a, const char *login,
    const struct labels *labels, struct strv *ret_fit)
{
	const struct role *r;
	size_t i;

	for (i = 0; i < a->cert.principals.n; i++) {
		r = policy_role(p, a->cert.principals.v[i] + 5);
		if (oracle_login(&r->deny.logins, a, login) ||
		    label_rules_any_fits(&r->deny.labels, labels))
			return false;
		if (oracle_login(&r->allow.logins, a, login) &&
		    label_rules_all_fit(&r->allow.labels, labels))
			strv_add(ret_fit, r->name);
	}
	return true;
}

static bool
gives_no_less(const struct role_options *more, const struct role_options *less)
{
	size_t i;

	for (i = 0; i < less->permitopen.n; i++)
		if (!more->port_forwarding &&
		    !strv_has(&more->permitopen, less->permitopen.v[i]))
			return false;
	return more->pty >= less->pty &&
	    more->port_forwarding >= less->port_forwarding &&
	    more->agent_forwarding >= less->agent_forwarding &&
	    more->x11_forwarding >= less->x11_forwarding;
}

struct random_case {
	uint64_t seed;
	struct labels labels;
	struct asker asker;
	const char *login;
};

static void
random_make(struct random_case *c, uint64_t n)
{
	static const char *const users[] = { "alice@x", "root@x", "deploy",
		"mallory@x" };
	static const char *const names[] = { "deploy", "root", "alice",
		"svc-alice" };
	static const char *const held[] = { "r0", "r0 r1", "r1 r2 r3", "r3 r0",
		"r2" };

	*c = (struct random_case){ .seed = n * 7919 + 1 };
	seed = n;
	labels_add(&c->labels, "env", pick(3) > 0 ? "prod" : "dev");
	labels_add(&c->labels, "tier", pick(3) > 0 ? "web1" : "db");
	asker_make(&c->asker, users[pick(ARRAY_SIZE(users))],
	    held[pick(ARRAY_SIZE(held))]);
	c->login = names[pick(ARRAY_SIZE(names))];
}

static void
random_decide(struct random_case *c, struct policy *p, struct decision *ret)
{
	struct host_facts facts = { &c->labels, "web1", "id1" };
	struct hostpolicy h;

	ck_assert_int_eq(hostpolicy_make(p, &facts, &h), 0);
	ask(&c->asker, c->login, &h, ret);
	hostpolicy_clear(&h);
}

static void
random_clear(struct random_case *c)
{
	labels_clear(&c->labels);
	asker_clear(&c->asker);
}

#define RUNS  400
#define A_RUN 20

START_TEST(the_compiled_policy_says_what_the_written_one_says)
{
	struct strv fit;
	struct random_case c;
	struct decision d;
	struct policy *p;
	const char *why;
	char *line;
	bool passes;
	uint64_t n;

	for (n = 0; n < A_RUN; n++) {
		random_make(&c, (uint64_t)_i * A_RUN + n);
		p = random_policy(c.seed, 99, "", "");
		random_decide(&c, p, &d);
		fit = (struct strv){ 0 };
		passes = oracle(p, &c.asker, c.login, &c.labels, &fit);
		if (!passes) {
			ck_assert_int_eq(d.reason, REASON_DENIED_BY_RULE);
		} else if (fit.n == 0) {
			ck_assert(d.reason == REASON_LABEL_MISMATCH ||
			    d.reason == REASON_LOGIN_NOT_ALLOWED);
		} else {
			ck_assert(d.reason == REASON_NONE ||
			    d.reason > REASON_DENIED_BY_RULE);
			if (d.reason != REASON_COMMAND_CONFLICT)
				ck_assert_uint_eq(d.roles.n, fit.n);
			ck_assert_str_eq(d.role, fit.v[0]);
		}
		if ((line = decision_line(&d)) != NULL)
			ck_assert_msg(lineback_means(line, &d, &why), "%s: %s",
			    line, why);
		free(line);
		strv_clear(&fit);
		decision_clear(&d);
		policy_free(p);
		random_clear(&c);
	}
}
END_TEST

START_TEST(a_deny_or_a_lock_more_widens_nothing)
{
	static const char *const denies[] = { "\"logins\":[\"deploy\"]",
		"\"logins\":[\"{{user.local}}\"]",
		"\"node_labels\":{\"env\":[\"prod\"]}",
		"\"node_labels\":{\"rack\":[\"*\"]}" };
	static const char *const locks[] = {
		"{\"name\":\"a\",\"target\":{\"user\":\"alice@x\"}}",
		"{\"name\":\"a\",\"target\":{\"role\":\"r1\"}}",
		"{\"name\":\"a\",\"target\":{\"login\":\"deploy\","
		"\"node_labels\":{\"env\":[\"prod\"]}}}",
		"{\"name\":\"a\",\"target\":{\"serial\":7},\"expires\":"
		"\"2020-01-01T00:00:00Z\"}",
		"{\"name\":\"a\",\"target\":{\"serial\":7}}"
	};
	struct decision before, after;
	struct random_case c;
	struct policy *p, *q;
	char *x, *y;
	uint64_t n;

	for (n = 0; n < A_RUN; n++) {
		random_make(&c, (uint64_t)_i * A_RUN + n);
		/* The same numbers are drawn: a role whose deny is given draws
		 * none, so it is one with a deny in both. */
		p = random_policy(c.seed, 1, "\"logins\":[]", "");
		q = n % 2 == 0
		    ? random_policy(c.seed, 1, denies[(n / 2) % 4], "")
		    : random_policy(c.seed, 1, "\"logins\":[]",
			  locks[(n / 2) % 5]);
		random_decide(&c, p, &before);
		random_decide(&c, q, &after);
		if (after.verdict == ALLOW) {
			x = decision_line(&before);
			y = decision_line(&after);
			ck_assert_ptr_nonnull(x);
			ck_assert_str_eq(x, y);
			free(x);
			free(y);
		}
		decision_clear(&before);
		decision_clear(&after);
		policy_free(p);
		policy_free(q);
		random_clear(&c);
	}
}
END_TEST

static bool
may_refuse(enum reason r)
{
	return r == REASON_COMMAND_CONFLICT || r == REASON_SOURCE_CONFLICT ||
	    r == REASON_MFA_REQUIRED || r == REASON_SESSION_TTL ||
	    r == REASON_DENIED_BY_RULE;
}

START_TEST(a_fitting_role_more_takes_no_permission_away)
{
	struct decision before, after;
	struct random_case c;
	struct policy *p;
	uint64_t n;

	for (n = 0; n < A_RUN; n++) {
		random_make(&c, (uint64_t)_i * A_RUN + n);
		p = random_policy(c.seed, 99, "", "");
		random_decide(&c, p, &before);
		strv_add(&c.asker.cert.principals, "role:r1");
		strv_add(&c.asker.cert.principals, "role:r2");
		random_decide(&c, p, &after);
		if (before.verdict == ALLOW && after.verdict == ALLOW) {
			ck_assert(gives_no_less(&after.access.options,
			    &before.access.options));
			ck_assert(
			    after.access.expires_s <= before.access.expires_s);
			ck_assert(after.access.options.has_source >=
			    before.access.options.has_source);
		} else if (before.verdict == ALLOW) {
			ck_assert_msg(may_refuse(after.reason), "%s",
			    reason_name(after.reason));
		}
		decision_clear(&before);
		decision_clear(&after);
		policy_free(p);
		random_clear(&c);
	}
}
END_TEST

/* ---- templates ------------------------------------------------------------ */

static const struct {
	const char *text;
	const char *login; /* NULL: void */
} templates[] = { { "deploy", "deploy" }, { "{{user}}", "alice@example.com" },
	{ "{{user.local}}", "alice" }, { "x-{{user.local}}-y", "x-alice-y" },
	{ "{{claims.team}}", "core" }, { "{{claims.n}}", "42" },
	{ "{{claims.neg}}", NULL }, { "a{{claims.neg}}", "a-1" },
	{ "{{claims.none}}", NULL }, { "{{claims.bad}}", NULL },
	{ "{{claims.nul}}", NULL }, { "{{claims.list}}", NULL },
	{ "{{claims.}}", NULL }, { "{{group}}", NULL }, { "{{user", NULL },
	{ "{{", NULL }, { "{{}}", NULL }, { "{{ user }}", NULL },
	{ "{{user.local}}{{user.local}}", "alicealice" },
	{ "-{{user.local}}", NULL }, { "{{claims.long}}", NULL },
	{ "}}{{user.local}}", NULL } };

START_TEST(templates_are_logins_or_void)
{
	json_t *claims = json_pack("{s:s, s:i, s:i, s:s, s:s%, s:[s], s:s}",
	    "team", "core", "n", 42, "neg", -1, "bad", "a b", "nul", "a\0b",
	    (size_t)3, "list", "x", "long",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	struct template_values v = { "alice@example.com", claims, false };
	char buf[TEMPLATE_LOGIN_MAX + 1];
	bool is_login = template_login(templates[_i].text,
	    strlen(templates[_i].text), &v, buf);

	ck_assert_int_eq(is_login, templates[_i].login != NULL);
	if (is_login)
		ck_assert_str_eq(buf, templates[_i].login);
	json_decref(claims);
}
END_TEST

TCase *
case_hostpolicy(void)
{
	TCase *c = tcase_create("hostpolicy");

	tcase_add_test(c, what_concerns_the_host_is_found);
	tcase_add_test(c, it_is_of_its_labels_names_and_file);
	tcase_add_test(c, cut_anywhere_it_is_refused);
	tcase_add_loop_test(c, no_flipped_bit_lets_anybody_in, 0,
	    ARRAY_SIZE(questions));
	tcase_add_test(c, every_one_of_many_roles_and_locks_is_found);
	tcase_add_test(c, no_memory_is_a_denial);
	tcase_add_loop_test(c,
	    the_compiled_policy_says_what_the_written_one_says, 0, RUNS);
	tcase_add_loop_test(c, a_deny_or_a_lock_more_widens_nothing, 0, RUNS);
	tcase_add_loop_test(c, a_fitting_role_more_takes_no_permission_away, 0,
	    RUNS);
	tcase_add_loop_test(c, templates_are_logins_or_void, 0,
	    ARRAY_SIZE(templates));
	return c;
}
