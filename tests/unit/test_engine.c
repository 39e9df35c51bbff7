/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "engine.h"
#include "eventread.h"
#include "eventtime.h"
#include "exprguard.h"
#include "unit.h"

DEFINE_AUTO(yamlnode_free, struct yamlnode)
DEFINE_AUTO(engine_free, struct engine)

#define LOGSOURCES CS_SOURCE "/detector/logsources.yml"

#define PROCESS                                                              \
	"title: T\nlogsource: { product: linux, category: process_creation " \
	"}\ndetection:\n"
#define OWN "title: T\nlogsource: { product: countersign }\ndetection:\n"
#define COMMAND                                                        \
	"{\"event\":\"session.command\",\"path\":\"/usr/bin/sudo\","   \
	"\"argv0\":\"sudo\",\"argv\":[\"nmap\",\"-sS\",\"10.0.0.1\"]," \
	"\"program\":\"sudo\",\"pid\":7,\"ppid\":6,\"uid_real\":1000}"

/* Does the rule hold for the event? */
static const struct {
	const char *rule, *event;
	bool holds;
} cases[] = {
	/* where a text is, and in which case */
	{ OWN "  s: { a: Word }\n  condition: s\n", "{\"a\":\"wORD\"}", true },
	{ OWN "  s: { a: Word }\n  condition: s\n", "{\"a\":\"Words\"}",
	    false },
	{ OWN "  s: { a|cased: Word }\n  condition: s\n", "{\"a\":\"word\"}",
	    false },
	{ OWN "  s: { a|cased: Word }\n  condition: s\n", "{\"a\":\"Word\"}",
	    true },
	{ OWN "  s: { a|contains: or }\n  condition: s\n", "{\"a\":\"wORd\"}",
	    true },
	{ OWN "  s: { a|startswith: wo }\n  condition: s\n",
	    "{\"a\":\"a word\"}", false },
	{ OWN "  s: { a|startswith: wo }\n  condition: s\n", "{\"a\":\"word\"}",
	    true },
	{ OWN "  s: { a|endswith: rd }\n  condition: s\n", "{\"a\":\"word\"}",
	    true },
	{ OWN "  s: { a|endswith: rd }\n  condition: s\n",
	    "{\"a\":\"word\\n\"}", false },
	{ OWN "  s: { a|contains|all: [ x, z ] }\n  condition: s\n",
	    "{\"a\":\"xyz\"}", true },
	{ OWN "  s: { a|contains|all: [ x, z ] }\n  condition: s\n",
	    "{\"a\":\"xy\"}", false },
	/* wildcards and their escapes */
	{ OWN "  s: { a: 'w*d' }\n  condition: s\n", "{\"a\":\"wo\\nrd\"}",
	    true },
	{ OWN "  s: { a: 'w?d' }\n  condition: s\n",
	    "{\"a\":\"w\xc3\xb6"
	    "d\"}",
	    true },
	{ OWN "  s: { a: 'w?d' }\n  condition: s\n", "{\"a\":\"wood\"}",
	    false },
	{ OWN "  s: { a: 'w\\*d' }\n  condition: s\n", "{\"a\":\"w*d\"}",
	    true },
	{ OWN "  s: { a: 'w\\*d' }\n  condition: s\n", "{\"a\":\"word\"}",
	    false },
	{ OWN "  s: { a: 'w\\\\*' }\n  condition: s\n", "{\"a\":\"w\\\\x\"}",
	    true },
	{ OWN "  s: { a: 'C:\\x' }\n  condition: s\n", "{\"a\":\"C:\\\\x\"}",
	    true },
	{ OWN "  s: { a: '*' }\n  condition: s\n", "{\"a\":\"\"}", true },
	{ OWN "  s: { a: '*' }\n  condition: s\n", "{\"b\":\"x\"}", false },
	/* nothing, and what is not there */
	{ OWN "  s: { a: '' }\n  condition: s\n", "{\"a\":\"\"}", true },
	{ OWN "  s: { a: '' }\n  condition: s\n", "{\"a\":\"x\"}", false },
	{ OWN "  s: { a: '' }\n  condition: s\n", "{}", false },
	{ OWN "  s: { a: null }\n  condition: s\n", "{}", true },
	{ OWN "  s: { a: null }\n  condition: s\n", "{\"a\":null}", true },
	{ OWN "  s: { a: null }\n  condition: s\n", "{\"a\":\"x\"}", false },
	{ OWN "  s: { a|exists: true }\n  condition: s\n", "{\"a\":0}", true },
	{ OWN "  s: { a|exists: false }\n  condition: s\n", "{\"a\":0}",
	    false },
	/* numbers and truth */
	{ OWN "  s: { a: 22 }\n  condition: s\n", "{\"a\":22}", true },
	{ OWN "  s: { a: 22 }\n  condition: s\n", "{\"a\":\"22\"}", true },
	{ OWN "  s: { a: 22 }\n  condition: s\n", "{\"a\":221}", false },
	{ OWN "  s: { a|gt: 21.5 }\n  condition: s\n", "{\"a\":22}", true },
	{ OWN "  s: { a|gte: 22 }\n  condition: s\n", "{\"a\":22}", true },
	{ OWN "  s: { a|lt: 22 }\n  condition: s\n", "{\"a\":22}", false },
	{ OWN "  s: { a|lte: 22 }\n  condition: s\n", "{\"a\":2.2e1}", true },
	{ OWN "  s: { a|gt: 1 }\n  condition: s\n", "{\"a\":\"many\"}", false },
	{ OWN "  s: { a: true }\n  condition: s\n", "{\"a\":true}", true },
	{ OWN "  s: { a: false }\n  condition: s\n", "{\"a\":true}", false },
	/* addresses */
	{ OWN "  s: { a|cidr: 10.0.0.0/8 }\n  condition: s\n",
	    "{\"a\":\"10.9.8.7\"}", true },
	{ OWN "  s: { a|cidr: 10.0.0.0/8 }\n  condition: s\n",
	    "{\"a\":\"10.9.8.7:22\"}", true },
	{ OWN "  s: { a|cidr: 10.0.0.0/8 }\n  condition: s\n",
	    "{\"a\":\"11.0.0.1\"}", false },
	{ OWN "  s: { a|cidr: '2001:db8::/32' }\n  condition: s\n",
	    "{\"a\":\"[2001:db8::1]:22\"}", true },
	/* expressions */
	{ OWN "  s: { a|re: 'w.r' }\n  condition: s\n", "{\"a\":\"a word\"}",
	    true },
	{ OWN "  s: { a|re: 'W.r' }\n  condition: s\n", "{\"a\":\"a word\"}",
	    false },
	{ OWN "  s: { a|re|i: 'W.r' }\n  condition: s\n", "{\"a\":\"a word\"}",
	    true },
	{ OWN "  s: { a|re: '^b' }\n  condition: s\n", "{\"a\":\"a\\nb\"}",
	    false },
	{ OWN "  s: { a|re|m: '^b' }\n  condition: s\n", "{\"a\":\"a\\nb\"}",
	    true },
	{ OWN "  s: { a|re: 'a.b' }\n  condition: s\n", "{\"a\":\"a\\nb\"}",
	    false },
	{ OWN "  s: { a|re|s: 'a.b' }\n  condition: s\n", "{\"a\":\"a\\nb\"}",
	    true },
	/* encodings */
	{ OWN "  s: { a|base64offset|contains: nmap }\n  condition: s\n",
	    "{\"a\":\"c3VkbyBubWFwIC1zUw==\"}", true },
	{ OWN "  s: { a|base64offset|contains: nmap }\n  condition: s\n",
	    "{\"a\":\"c3VkbyBNTUFQIC1zUw==\"}", false },
	{ OWN "  s: { a|base64: nmap }\n  condition: s\n",
	    "{\"a\":\"bm1hcA==\"}", true },
	{ OWN "  s: { a|wide|base64offset|contains: id }\n  condition: s\n",
	    "{\"a\":\"YQBpAGQA\"}", true },
	{ OWN "  s: { a|windash|contains: ' -d' }\n  condition: s\n",
	    "{\"a\":\"x /d\"}", true },
	{ OWN "  s: { a|windash|contains: ' -d' }\n  condition: s\n",
	    "{\"a\":\"x \xe2\x80\x93"
	    "d\"}",
	    true },
	/* another field */
	{ OWN "  s: { a|fieldref: b }\n  condition: s\n",
	    "{\"a\":\"X\",\"b\":\"x\"}", true },
	{ OWN "  s: { a|fieldref: b }\n  condition: s\n",
	    "{\"a\":\"x\",\"b\":\"y\"}", false },
	{ OWN "  s: { a|fieldref|endswith: b }\n  condition: s\n",
	    "{\"a\":\"word\",\"b\":\"rd\"}", true },
	/* lists, nesting, and what is there twice */
	{ OWN "  s: { a: y }\n  condition: s\n", "{\"a\":[\"x\",\"y\"]}",
	    true },
	{ OWN "  s: { a.b: y }\n  condition: s\n", "{\"a\":{\"b\":\"y\"}}",
	    true },
	{ OWN "  s: { a.b: y }\n  condition: s\n", "{\"a.b\":\"y\"}", true },
	{ OWN "  s: { a.b.c: y }\n  condition: s\n", "{\"a.b\":{\"c\":\"y\"}}",
	    true },
	{ OWN "  s: { a.b: y }\n  condition: s\n",
	    "{\"a\":[{\"c\":1},{\"b\":\"y\"}]}", true },
	{ OWN "  s: { a: y }\n  condition: s\n", "{\"a\":\"x\",\"a\":\"y\"}",
	    true },
	{ OWN "  s: { a: y }\n  condition: s\n", "{\"\\u0061\":\"y\"}", true },
	{ OWN "  s: { a: \"\\u00e9\" }\n  condition: s\n",
	    "{\"a\":\"\\u00e9\"}", true },
	/* keywords */
	{ OWN "  k: [ needle ]\n  condition: k\n",
	    "{\"a\":{\"b\":[\"a Needle\"]}}", true },
	{ "title: T\nlogsource: { product: linux, service: sshd }\n"
	  "detection:\n  k: [ Invalid user ]\n  condition: k\n",
	    "Nov 26 00:46:50 web1 sshd[12]: Invalid user bob from 10.0.0.1 "
	    "port 22",
	    true },
	{ "title: T\nlogsource: { product: linux, service: sshd }\n"
	  "detection:\n  k: [ Invalid user ]\n  condition: k\n",
	    "Nov 26 00:46:50 web1 login[12]: Invalid user bob", false },
	/* our events as Sigma sees them */
	{ PROCESS "  s: { Image|endswith: /sudo, CommandLine: 'sudo nmap *' }\n"
		  "  condition: s\n",
	    COMMAND, true },
	{ PROCESS "  s: { Image|endswith: /nmap }\n  condition: s\n", COMMAND,
	    true },
	{ PROCESS "  s: { Image|endswith: /nmap, CommandLine|contains: sudo }\n"
		  "  condition: s\n",
	    COMMAND, false },
	{ PROCESS "  s: { ProcessId: 7 }\n  condition: s\n", COMMAND, true },
	{ "title: T\nlogsource: { product: linux, service: auditd }\n"
	  "detection:\n  s: { type: EXECVE, a0: sudo, a2: -sS }\n"
	  "  condition: s\n",
	    COMMAND, true },
	{ "title: T\nlogsource: { product: linux, service: auditd }\n"
	  "detection:\n  s: { type: SYSCALL, exe: /usr/bin/sudo }\n"
	  "  condition: s\n",
	    COMMAND, true },
	{ "title: T\nlogsource: { product: linux, service: auditd }\n"
	  "detection:\n  s: { type: PATH }\n  condition: s\n",
	    COMMAND, false },
	{ PROCESS
	    "  s: { Image|endswith: /sudo }\n  n: { Hashes|contains: x }\n"
	    "  condition: s and not n\n",
	    COMMAND, true },
	{ PROCESS "  s: { Image|endswith: /nmap, CommandLine: nmap web1 }\n"
		  "  condition: s\n",
	    "{\"event\":\"exec\",\"command\":\"id; sudo nmap web1\"}", true },
	{ PROCESS "  s: { Image|endswith: /nmap }\n  condition: s\n",
	    "{\"event\":\"exec\",\"command\":\"echo nmap\"}", false },
	{ PROCESS
	    "  s: { CommandLine|contains: '>> /etc/x' }\n  condition: s\n",
	    "{\"event\":\"exec\",\"command\":\"echo >> /etc/x\"}", true },
	/* a line of syslog with an event in it */
	{ OWN "  s: { a: y }\n  condition: s\n",
	    "<86>2026-11-26T00:00:00.1+00:00 web1 countersign: {\"a\":\"y\"}",
	    true },
};

static void
add_rules(struct engine *e, const char *text)
{
	AUTO(yamlnode_free) struct yamlnode *all = NULL;
	struct conf_error error = { 0 };
	struct sigma_rule *rule;
	size_t i;

	ck_assert_int_eq(yamltree_read(text, strlen(text), &all, &error), 0);
	for (i = 0; i < all->n; i++) {
		ck_assert_msg(sigmarule_read(all->items[i], "x", &rule,
				  &error) == 0,
		    "%s: %s", text, error.what);
		ck_assert_msg(engine_add(e, rule, &error) == 0, "%s: %s", text,
		    error.what);
	}
}

static void
count(void *context, size_t rule, const struct program *p)
{
	(void)rule;
	(void)p;
	++*(size_t *)context;
}

static size_t
ask(struct engine *e, const char *line)
{
	struct record *record;
	size_t n = 0;

	ck_assert_msg(engine_read(e, line, strlen(line), &record) == 0, "%s",
	    line);
	engine_ask(e, count, &n);
	return n;
}

static struct engine *
engine_of(const char *rules)
{
	struct conf_error error = { 0 };
	struct engine *e;

	ck_assert_int_eq(engine_new(LOGSOURCES, &e, &error), 0);
	add_rules(e, rules);
	ck_assert_msg(engine_compile(e, &error) == 0, "%s", error.what);
	return e;
}

START_TEST(rules_hold_for_what_they_say)
{
	AUTO(engine_free) struct engine *e = engine_of(cases[_i].rule);

	ck_assert_msg((ask(e, cases[_i].event) > 0) == cases[_i].holds,
	    "%s\n%s\n%s", cases[_i].rule, cases[_i].event,
	    cases[_i].holds ? "does not hold" : "holds");
	/* And the same again: nothing is left of the first time. */
	ck_assert_uint_eq(ask(e, "{\"b\":\"other\"}"),
	    ask(e, "{\"b\":\"other\"}"));
	ck_assert_int_eq(ask(e, cases[_i].event) > 0, cases[_i].holds);
}
END_TEST

static const struct {
	const char *rule, *words;
	size_t line;
} refused[] = {
	{ PROCESS "  s: { Imag|endswith: /x }\n  condition: s\n", "'Imag'", 4 },
	{ PROCESS "  s: { CommandLine|re: '(a)\\1' }\n  condition: s\n",
	    "cannot be looked for", 4 },
	{ PROCESS "  s: { CommandLine|re: 'a(?=b)' }\n  condition: s\n",
	    "cannot be looked for", 4 },
	{ "title: T\nlogsource: { product: windows }\ndetection:\n  s: { a: b "
	  "}\n  condition: s\n",
	    "no events of this logsource", 1 },
	{ OWN "  s: { a|expand: '%x%' }\n  condition: s\n", "expand", 4 },
	{ OWN "  s: { a|base64: 'x*' }\n  condition: s\n", "wildcards", 4 },
	{ OWN "  s: { a|base64offset|contains: 'x' }\n  condition: s\n",
	    "too short", 4 },
};

START_TEST(rules_that_could_never_hold_are_refused)
{
	AUTO(yamlnode_free) struct yamlnode *all = NULL;
	AUTO(engine_free) struct engine *e = NULL;
	const char *text = refused[_i].rule;
	struct conf_error error = { 0 };
	struct sigma_rule *rule;

	ck_assert_int_eq(engine_new(LOGSOURCES, &e, &error), 0);
	ck_assert_int_eq(yamltree_read(text, strlen(text), &all, &error), 0);
	ck_assert_int_eq(sigmarule_read(all->items[0], "x", &rule, &error), 0);
	ck_assert_msg(engine_add(e, rule, &error) == -EINVAL, "%s", text);
	ck_assert_msg(strstr(error.what, refused[_i].words) != NULL, "%s: %s",
	    text, error.what);
	ck_assert_msg(error.line == refused[_i].line, "%s: line %zu", text,
	    error.line);
}
END_TEST

START_TEST(filters_take_out_what_they_name)
{
	static const char rules[] = "title: A\nid: i\nlogsource: { product: "
				    "countersign }\ndetection:\n  s: { a: x "
				    "}\n  condition: s\n---\n"
				    "title: B\nid: k\nlogsource: { product: "
				    "countersign }\ndetection:\n  s: { a: x "
				    "}\n  condition: s\n---\n"
				    "title: F\nlogsource: { product: "
				    "countersign }\nfilter:\n  rules: [ i "
				    "]\n  f: { b: good }\n  condition: not "
				    "f\n";
	AUTO(engine_free) struct engine *e = NULL;
	struct conf_error error = { 0 };

	ck_assert_int_eq(engine_new(LOGSOURCES, &e, &error), 0);
	add_rules(e, rules);
	ck_assert_int_eq(engine_filter(e, NULL, NULL), 0);
	ck_assert_int_eq(engine_compile(e, &error), 0);
	ck_assert_uint_eq(ask(e, "{\"a\":\"x\"}"), 2);
	ck_assert_uint_eq(ask(e, "{\"a\":\"x\",\"b\":\"good\"}"), 1);
}
END_TEST

START_TEST(parents_are_known_by_host)
{
	AUTO(engine_free)
	struct engine *e = engine_of(
	    PROCESS "  s: { ParentImage|endswith: /sshd }\n  condition: s\n");

	ask(e,
	    "{\"event\":\"session.command\",\"server_id\":\"a\",\"pid\":6,"
	    "\"path\":\"/usr/sbin/sshd\",\"argv0\":\"sshd\"}");
	ck_assert_uint_eq(ask(e,
			      "{\"event\":\"session.command\","
			      "\"server_id\":\"a\",\"pid\":7,\"ppid\":6,"
			      "\"path\":\"/bin/sh\",\"argv0\":\"sh\"}"),
	    1);
	ck_assert_uint_eq(ask(e,
			      "{\"event\":\"session.command\","
			      "\"server_id\":\"b\",\"pid\":7,\"ppid\":6,"
			      "\"path\":\"/bin/sh\",\"argv0\":\"sh\"}"),
	    0);
}
END_TEST

START_TEST(an_address_is_sshds_word_and_nobody_elses)
{
	AUTO(engine_free)
	struct engine *e = engine_of(
	    "title: T\nlogsource: { product: linux, service: sshd }\n"
	    "detection:\n  s: { RemoteIp: 203.0.113.9 }\n  condition: s\n");

	ck_assert_uint_eq(ask(e,
			      "Nov 26 00:46:50 web1 sshd[12]: Invalid user x "
			      "from 198.51.100.7 port 1 from 203.0.113.9 "
			      "port 22"),
	    1);
	ck_assert_uint_eq(ask(e,
			      "Nov 26 00:46:50 web1 sshd[12]: Invalid user "
			      "203.0.113.9 from 198.51.100.7 port 22"),
	    0);
	/* Nor may anybody else say what only we say. */
	ck_assert_uint_eq(ask(e,
			      "Nov 26 00:46:50 web1 evil: {\"event\":"
			      "\"syslog\",\"addr.remote\":\"203.0.113.9\"}"),
	    0);
}
END_TEST

static const char *const unreadable[] = { "x", "{", "{\"a\"}", "{\"a\":}",
	"{\"a\":1", "{\"a\":1}}", "{\"a\":1} x", "{\"a\":tru}", "{\"a\":\"x",
	"{\"a\":\"x\\\"}", "{a:1}", "[1]", "{\"a\":[1}", "{\"a\":[1,]}",
	"{\"a\":1,}",
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
	"{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}" };

START_TEST(what_is_no_event_is_said_to_be_none)
{
	AUTO(engine_free)
	struct engine *e = engine_of(OWN "  s: { a: y }\n  condition: s\n");
	struct record *record;

	ck_assert_msg(engine_read(e, unreadable[_i], strlen(unreadable[_i]),
			  &record) == -EBADMSG,
	    "%s", unreadable[_i]);
}
END_TEST

START_TEST(bytes_that_are_not_utf8_hide_nothing)
{
	AUTO(engine_free)
	struct engine *e =
	    engine_of(OWN "  s: { a|contains: evil }\n  condition: s\n");

	ck_assert_uint_eq(ask(e, "{\"a\":\"\xff\xfe evil \xc3\"}"), 1);
	ck_assert_uint_eq(ask(e, "{\"x\":\"\xff\",\"a\":\"evil\"}"), 1);
	ck_assert_uint_eq(ask(e, "{\"a\":\"\\ud800evil\\u0000\"}"), 1);
	ck_assert_uint_eq(ask(e, "{\"a\":\"\\uzzzzevil\"}"), 1);
}
END_TEST

static const struct {
	const char *text;
	uint64_t seconds; /* 0: none */
} times[] = {
	{ "1970-01-01T00:00:01Z", 1 },
	{ "2026-11-26T00:35:02.084682Z", 1795653302 },
	{ "2026-11-26T01:35:02+01:00", 1795653302 },
	{ "2024-02-29T12:00:00.5-00:30", 1709209800 },
	{ "Nov 26 00:35:02", 1795653302 },
	{ "Jan  1 00:00:00", 1798761600 }, /* the next one is nearer */
	{ "2026-13-26T00:35:02Z", 0 },
	{ "2026-11-26T24:35:02Z", 0 },
	{ "2026-11-26 00:35:02Z", 0 },
	{ "2026-11-26T00:35:02", 0 },
	{ "2026-11-26T00:35:02.1", 0 },
	{ "Nov 26 00:35", 0 },
	{ "Xxx 26 00:35:02", 0 },
	{ "", 0 },
};

START_TEST(times_are_read)
{
	uint64_t us = 0;
	int r = eventtime_parse(times[_i].text, strlen(times[_i].text),
	    UINT64_C(1795653000) * 1000000, &us);

	ck_assert_msg((r == 0) == (times[_i].seconds != 0), "%s",
	    times[_i].text);
	if (r == 0)
		ck_assert_msg(us / 1000000 == times[_i].seconds, "%s: %llu",
		    times[_i].text, (unsigned long long)us / 1000000);
}
END_TEST

static const struct {
	const char *expression, *guard;
} guards[] = {
	{ "-exec(dir)? (/[a-z/]*/)?sh( -p)? *(;|-i|$)", "-exec" },
	{ "find / .*-writable", "-writable" },
	{ "a|bcd", "" },
	{ "(abc|def)", "" },
	{ "abc?de", "ab" },
	{ "abc*xyzw", "xyzw" },
	{ "abc{0,2}d", "ab" },
	{ "ab+c", "ab" },
	{ "a\\.b\\*c", "a.b*c" },
	{ "\\d+abc\\b", "abc" },
	{ "(?i)abc", "" },
	{ "a(?=bcd)", "" },
	{ "[]ab]cde[^]f]", "cde" },
	{ "\\Qabc\\E", "" },
	{ "\\x41bc", "" },
	{ "abc)", "" },
	{ "((a)", "" },
	{ "", "" },
};

START_TEST(an_expression_names_what_must_be_there)
{
	const char *e = guards[_i].expression;
	char guard[EXPRGUARD_MAX];
	size_t n = exprguard(e, strlen(e), guard);

	ck_assert_msg(n == strlen(guards[_i].guard) &&
		memcmp(guard, guards[_i].guard, n) == 0,
	    "%s: %.*s", e, (int)n, guard);
}
END_TEST

static size_t
random_text(char *text, size_t max, const char *alphabet)
{
	size_t n = (size_t)rand() % max, i;

	for (i = 0; i < n; i++)
		text[i] = alphabet[(size_t)rand() % strlen(alphabet)];
	text[n] = '\0';
	return n;
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	*(bool *)context = true;
	return 1;
}

/* Whatever Hyperscan finds has the guard in it. */
START_TEST(nothing_is_found_without_its_guard)
{
	char expression[24], text[16], guard[EXPRGUARD_MAX];
	size_t i, k, n, len, found = 0;
	hs_scratch_t *scratch = NULL;

	srand(7);
	for (i = 0; i < 5000; i++) {
		hs_compile_error_t *e = NULL;
		hs_database_t *db = NULL;
		bool is_found = false;

		len = random_text(expression, sizeof(expression),
		    "aaaabbbbcccc()|[]?*+.{1,2}\\^$");
		n = exprguard(expression, len, guard);
		if (n == 0 ||
		    hs_compile(expression,
			HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY, HS_MODE_BLOCK,
			NULL, &db, &e) != HS_SUCCESS) {
			hs_free_compile_error(e);
			continue;
		}
		ck_assert_int_eq(hs_alloc_scratch(db, &scratch), HS_SUCCESS);
		for (k = 0; k < 20; k++) {
			len = random_text(text, sizeof(text), "abc.");
			is_found = false;
			(void)hs_scan(db, text, (unsigned)len, 0, scratch,
			    on_match, &is_found);
			found += is_found;
			ck_assert_msg(!is_found ||
				memmem(text, len, guard, n) != NULL,
			    "'%s' finds '%s' without '%.*s'", expression, text,
			    (int)n, guard);
		}
		hs_free_database(db);
	}
	hs_free_scratch(scratch);
	ck_assert_uint_gt(found, 300);
}
END_TEST

TCase *
case_engine(void)
{
	TCase *tc = tcase_create("engine");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, rules_hold_for_what_they_say, 0,
	    ARRAY_SIZE(cases));
	tcase_add_loop_test(tc, rules_that_could_never_hold_are_refused, 0,
	    ARRAY_SIZE(refused));
	tcase_add_test(tc, filters_take_out_what_they_name);
	tcase_add_test(tc, parents_are_known_by_host);
	tcase_add_test(tc, an_address_is_sshds_word_and_nobody_elses);
	tcase_add_loop_test(tc, what_is_no_event_is_said_to_be_none, 0,
	    ARRAY_SIZE(unreadable));
	tcase_add_test(tc, bytes_that_are_not_utf8_hide_nothing);
	tcase_add_loop_test(tc, an_expression_names_what_must_be_there, 0,
	    ARRAY_SIZE(guards));
	tcase_add_test(tc, nothing_is_found_without_its_guard);
	tcase_add_loop_test(tc, times_are_read, 0, ARRAY_SIZE(times));
	return tc;
}
