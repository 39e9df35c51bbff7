/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "sigmarule.h"
#include "unit.h"

DEFINE_AUTO(yamlnode_free, struct yamlnode)
DEFINE_AUTO(sigmarule_free, struct sigma_rule)
DEFINE_AUTO(sigmacond_free, struct sigmacond)

static const struct strv names = {
	(char *[]){ "a", "b", "sel_1", "sel_2", "_hidden" }, 5
};

/* What of 2^5 findings the condition holds for, as bits. */
static const struct {
	const char *text;
	uint32_t holds;
} conditions[] = {
	{ "a", 0xaaaaaaaa },
	{ "not a", 0x55555555 },
	{ "a and b", 0x88888888 },
	{ "a or b", 0xeeeeeeee },
	{ "a AND NOT b", 0x22222222 },
	{ "not a or b", 0xdddddddd },
	{ "not (a or b)", 0x11111111 },
	{ "((a))and((b))", 0x88888888 },
	{ "a or b and sel_1", 0xeaeaeaea },
	{ "(a or b) and sel_1", 0xe0e0e0e0 },
	{ "1 of sel_*", 0xfff0fff0 },
	{ "any of sel_*", 0xfff0fff0 },
	{ "all of sel_*", 0xf000f000 },
	{ "2 of sel_*", 0xf000f000 },
	{ "all of them", 0x80008000 },
	{ "1 of them", 0xfffefffe },
	{ "1 of _*", 0xffff0000 },
	{ "not 1 of sel_* and a", 0x000a000a },
	{ "3 of them", 0xe880e880 },
};

START_TEST(conditions_hold_for_what_they_say)
{
	AUTO(sigmacond_free) struct sigmacond *c = NULL;
	char why[SIGMACOND_TEXT_MAX] = "";
	uint32_t i, k, holds = 0;
	bool found[5];

	ck_assert_msg(sigmacond_parse(conditions[_i].text, &names, &c, why) ==
		0,
	    "%s: %s", conditions[_i].text, why);
	for (i = 0; i < 32; i++) {
		for (k = 0; k < 5; k++)
			found[k] = (i >> k & 1) != 0;
		holds |= (uint32_t)sigmacond_holds(c, found) << i;
	}
	ck_assert_msg(holds == conditions[_i].holds, "%s: %08x, not %08x",
	    conditions[_i].text, holds, conditions[_i].holds);
}
END_TEST

static const struct {
	const char *text, *words;
} bad_conditions[] = {
	{ "", "ends too early" },
	{ "a and", "ends too early" },
	{ "and a", "not expected" },
	{ "a b", "not expected" },
	{ "(a", "not closed" },
	{ "a)", "not expected" },
	{ "c", "no search 'c'" },
	{ "1 of x*", "no search 'x*'" },
	{ "0 of sel_*", "not one of" },
	{ "3 of sel_*", "only 2" },
	{ "some of them", "not one of" },
	{ "1 of", "no search" },
	{ "a | count() > 5", "old aggregation" },
	{ "not", "ends too early" },
};

START_TEST(bad_conditions_are_refused_with_the_reason)
{
	struct sigmacond *c = NULL;
	char why[SIGMACOND_TEXT_MAX] = "";

	ck_assert_int_eq(sigmacond_parse(bad_conditions[_i].text, &names, &c,
			     why),
	    -EINVAL);
	ck_assert_msg(strstr(why, bad_conditions[_i].words) != NULL, "%s: %s",
	    bad_conditions[_i].text, why);
}
END_TEST

START_TEST(a_condition_without_end_is_refused)
{
	char *text = malloc(100001), why[SIGMACOND_TEXT_MAX];
	struct sigmacond *c = NULL;

	memset(text, '(', 100000);
	text[100000] = '\0';
	ck_assert_int_eq(sigmacond_parse(text, &names, &c, why), -EINVAL);
	text[16000] = '\0';
	ck_assert_int_eq(sigmacond_parse(text, &names, &c, why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "too deeply"));
	free(text);
}
END_TEST

#define HEAD "title: T\nlogsource: { product: linux }\ndetection:\n"

static int
read_rule(const char *text, struct sigma_rule **ret, struct conf_error *e)
{
	AUTO(yamlnode_free) struct yamlnode *all = NULL;
	int r = yamltree_read(text, strlen(text), &all, e);

	if (r < 0)
		return r;
	if (all->n != 1)
		return -ENOENT;
	return sigmarule_read(all->items[0], "x.yml", ret, e);
}

START_TEST(a_rule_is_what_it_says)
{
	static const char text[] =
	    "title: 'One'\nid: 5\nlevel: high\nstatus: test\nauthor: A\n"
	    "tags: [ attack.t1059, attack.execution ]\n"
	    "logsource:\n  category: process_creation\n  product: linux\n"
	    "detection:\n"
	    "  sel:\n    Image|endswith|all: [ '/a', 2 ]\n    User: ~\n"
	    "  some:\n    - X|re|i: '^a'\n    - Y|gte: 1.5\n"
	    "  words: [ one, 'two' ]\n"
	    "  condition: [ sel and some, words ]\n";
	AUTO(sigmarule_free) struct sigma_rule *r = NULL;
	struct conf_error e = { 0 };
	const struct sigma_item *i;

	ck_assert_msg(read_rule(text, &r, &e) == 0, "%zu: %s", e.line, e.what);
	ck_assert_str_eq(r->title, "One");
	ck_assert_int_eq(r->level, SIGMA_HIGH);
	ck_assert_str_eq(r->category, "process_creation");
	ck_assert_ptr_null(r->service);
	ck_assert_uint_eq(r->tags.n, 2);
	ck_assert_uint_eq(r->names.n, 3);
	ck_assert_uint_eq(r->searches[0].n, 1);
	ck_assert_uint_eq(r->searches[0].groups[0].n, 2);
	i = r->searches[0].groups[0].items;
	ck_assert_str_eq(i[0].field, "Image");
	ck_assert_uint_eq(i[0].modifiers, SIGMA_ENDSWITH | SIGMA_ALL);
	ck_assert_uint_eq(i[0].n, 2);
	ck_assert_int_eq(i[0].values[0].kind, SIGMA_TEXT);
	ck_assert_int_eq(i[0].values[1].kind, SIGMA_NUMBER);
	ck_assert_int_eq(i[1].values[0].kind, SIGMA_NULL);
	ck_assert_uint_eq(r->searches[1].n, 2);
	ck_assert_uint_eq(r->searches[2].n, 2);
	ck_assert_ptr_null(r->searches[2].groups[1].items[0].field);
}
END_TEST

static const struct {
	const char *text;
	size_t line;
	const char *words;
} bad_rules[] = {
	{ "a: [", 2, "did not find" },
	{ "a: 1\na: 2\n", 2, "twice" },
	{ "a: &x 1\nb: *x\n", 2, "aliases" },
	{ "- a\n", 1, "a rule is a map" },
	{ "logsource: { product: linux }\n", 1, "'title'" },
	{ "title: T\n", 1, "'logsource'" },
	{ "title: T\nlogsource: { definition: x }\n", 2, "product" },
	{ "title: T\nlevel: huge\n", 2, "'level'" },
	{ "title: T\nstatus: done\n", 2, "'status'" },
	{ "title: [ T ]\n", 1, "no text" },
	{ "title: T\nlogsource: { product: linux }\n", 1, "'detection'" },
	{ HEAD "  a: { F: x }\n", 4, "'condition'" },
	{ HEAD "  a: { F: x }\n  condition: b\n", 5, "no search 'b'" },
	{ HEAD "  a: { F: x }\n  b: { F: x }\n  condition: a\n", 6,
	    "does not ask for 'b'" },
	{ HEAD "  a: { F|like: x }\n  condition: a\n", 4,
	    "'like' is not known" },
	{ HEAD "  a: { F|re|contains: x }\n  condition: a\n", 4,
	    "does not go with" },
	{ HEAD "  a: { F|contains|endswith: x }\n  condition: a\n", 4,
	    "only one of" },
	{ HEAD "  a: { F|i: x }\n  condition: a\n", 4, "follow 're'" },
	{ HEAD "  a: { F|gt: x }\n  condition: a\n", 4, "want a number" },
	{ HEAD "  a: { F|cidr: 1.2.3.4/40 }\n  condition: a\n", 4,
	    "network address" },
	{ HEAD "  a: { F|exists: maybe }\n  condition: a\n", 4,
	    "true or false" },
	{ HEAD "  a: { F|contains: ~ }\n  condition: a\n", 4, "null goes" },
	{ HEAD "  a: [ '' ]\n  condition: a\n", 4, "every event" },
	{ HEAD "  a: { F: [] }\n  condition: a\n", 4, "empty" },
	{ HEAD "  a: []\n  condition: a\n", 4, "empty" },
	{ HEAD "  a: {}\n  condition: a\n", 4, "no field" },
	{ HEAD "  a: { F: { G: x } }\n  condition: a\n", 4, "texts" },
	{ HEAD "  a: [ [ x ] ]\n  condition: a\n", 4, "list in a list" },
	{ "title: T\ncorrelation: {}\n", 2, "'type' is one of" },
	{ "title: T\ncorrelation: { type: event_count, rules: [ a ],\n"
	  "  timespan: 1m, condition: { lt: 3 } }\n",
	    3, "only gt and gte" },
	{ "title: T\ncorrelation: { type: value_count, rules: [ a ],\n"
	  "  timespan: 1m, condition: { gte: 3 } }\n",
	    2, "which 'field'" },
	{ "title: T\ncorrelation: { type: temporal, rules: [ a ],\n"
	  "  timespan: 1m }\n",
	    2, "no order" },
	{ "title: T\ncorrelation: { type: temporal, rules: [ a, b ],\n"
	  "  timespan: soon }\n",
	    3, "a duration" },
	{ "title: T\ncorrelation: { type: temporal, rules: [ a, b ],\n"
	  "  timespan: 1m, whatever: x }\n",
	    3, "'whatever'" },
	{ "title: T\nlogsource: { product: linux }\nfilter: { x: { a: b },\n"
	  "  condition: x }\n",
	    3, "'rules'" },
};

START_TEST(bad_rules_are_refused_with_line_and_reason)
{
	AUTO(sigmarule_free) struct sigma_rule *r = NULL;
	struct conf_error e = { 0 };

	ck_assert_int_eq(read_rule(bad_rules[_i].text, &r, &e), -EINVAL);
	ck_assert_msg(strstr(e.what, bad_rules[_i].words) != NULL, "%s: %s",
	    bad_rules[_i].text, e.what);
	ck_assert_msg(e.line == bad_rules[_i].line, "%s: line %zu",
	    bad_rules[_i].text, e.line);
}
END_TEST

START_TEST(no_allocation_that_fails_is_forgotten)
{
	static const char text[] =
	    HEAD "  a: { F|contains: [ x, y ] }\n  b: [ k ]\n"
		 "  condition: a and (1 of them or not b)\n";
	struct sigma_rule *r;
	struct conf_error e;
	int got = -ENOMEM;
	long n;

	for (n = 0; got == -ENOMEM && n < 1000; n++) {
		r = NULL;
		(void)alloc_fail_after(n);
		got = read_rule(text, &r, &e);
		if (!alloc_fail_after(-1) && got != 0)
			ck_abort_msg("%d without a reason", got);
		sigmarule_free(r);
	}
	ck_assert_int_eq(got, 0);
}
END_TEST

START_TEST(deep_and_wide_yaml_is_refused)
{
	char *text = malloc(200000), *p;
	struct yamlnode *all = NULL;
	struct conf_error e = { 0 };
	int i;

	memset(text, '[', 100);
	ck_assert_int_eq(yamltree_read(text, 100, &all, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.what, "too deeply"));
	for (i = 0, p = text; i < 1100; i++)
		p += sprintf(p, "k%d: v\n", i);
	ck_assert_int_eq(yamltree_read(text, (size_t)(p - text), &all, &e),
	    -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.what, "1,024 keys"));
	free(text);
}
END_TEST

TCase *
case_sigma(void)
{
	TCase *tc = tcase_create("sigma");

	tcase_add_loop_test(tc, conditions_hold_for_what_they_say, 0,
	    ARRAY_SIZE(conditions));
	tcase_add_loop_test(tc, bad_conditions_are_refused_with_the_reason, 0,
	    ARRAY_SIZE(bad_conditions));
	tcase_add_test(tc, a_condition_without_end_is_refused);
	tcase_add_test(tc, a_rule_is_what_it_says);
	tcase_add_loop_test(tc, bad_rules_are_refused_with_line_and_reason, 0,
	    ARRAY_SIZE(bad_rules));
	tcase_add_test(tc, no_allocation_that_fails_is_forgotten);
	tcase_add_test(tc, deep_and_wide_yaml_is_refused);
	return tc;
}
