/* SPDX-License-Identifier: ISC */
/* Numbers, durations, names, times, patterns, addresses, UUIDs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "cidr.h"
#include "clock.h"
#include "parse.h"
#include "pattern.h"
#include "proc.h"
#include "unit.h"
#include "uuid.h"

static const struct {
	const char *text;
	int64_t seconds; /* -1: refused */
} durations[] = { { "90", 90 }, { "8h", 28800 }, { "1d12h30m", 131400 },
	{ "2w", 1209600 }, { "1s", 1 }, { "", -1 }, { "0", -1 }, { "h", -1 },
	{ "8x", -1 }, { "-1h", -1 }, { " 8h", -1 }, { "8h ", -1 },
	{ "1.5h", -1 }, { "99999999999999999999", -1 },
	{ "36500d", 3153600000 }, { "36501d", -1 } };

START_TEST(durations_are_read)
{
	uint64_t v = 0;
	int r = parse_duration(durations[_i].text, &v);

	ck_assert_msg((r == 0) == (durations[_i].seconds >= 0), "'%s'",
	    durations[_i].text);
	if (r == 0)
		ck_assert_int_eq((int64_t)v, durations[_i].seconds);
}
END_TEST

START_TEST(numbers_are_digits_in_range)
{
	uint64_t v;

	ck_assert_int_eq(parse_uint("18446744073709551615", 0, UINT64_MAX, &v),
	    0);
	ck_assert(v == UINT64_MAX);
	ck_assert_int_lt(parse_uint("18446744073709551616", 0, UINT64_MAX, &v),
	    0);
	ck_assert_int_lt(parse_uint("", 0, 9, &v), 0);
	ck_assert_int_lt(parse_uint("+1", 0, 9, &v), 0);
	ck_assert_int_lt(parse_uint("1 ", 0, 9, &v), 0);
	ck_assert_int_lt(parse_uint("10", 0, 9, &v), 0);
	ck_assert_int_lt(parse_uint("0", 1, 9, &v), 0);
}
END_TEST

static const struct {
	const char *name;
	bool is_login, is_principal;
} names[] = { { "alice", true, true }, { "alice@example.com", true, true },
	{ "_svc", true, true }, { "-x", false, true }, { "", false, false },
	{ "a b", false, false }, { "a,b", false, false },
	{ "a\nb", false, false }, { "a/b", false, true },
	{ "../x", false, true }, { "*", false, false }, { "a#b", false, false },
	{ "a\"b", false, false }, { "\xc3\xa9", false, true },
	{ "role:web", false, true }, { "a!", false, false },
	{ "a?", false, false } };

START_TEST(names_are_judged)
{
	ck_assert_int_eq(is_login_name(names[_i].name), names[_i].is_login);
	ck_assert_int_eq(is_principal(names[_i].name), names[_i].is_principal);
}
END_TEST

static const struct {
	const char *text;
	int64_t seconds;
} times[] = { { "1970-01-01T00:00:00Z", 0 },
	{ "2026-11-23T14:53:00Z", 1795445580 },
	{ "2026-11-23T14:53:00.123Z", 1795445580 },
	{ "2026-11-23T15:53:00+01:00", 1795445580 },
	{ "2024-02-29T00:00:00Z", 1709164800 }, { "2023-02-29T00:00:00Z", -1 },
	{ "2026-04-31T00:00:00Z", -1 }, { "2026-11-23", -1 },
	{ "2026-11-23T14:53:00", -1 }, { "2026-11-23 14:53:00Z", -1 },
	{ "2026-13-01T00:00:00Z", -1 }, { "2026-11-23T24:00:00Z", -1 },
	{ "2026-11-23T14:53:00Zx", -1 }, { "1969-12-31T23:59:59Z", -1 },
	{ "2026-11-23T14:53:00.Z", -1 } };

START_TEST(times_are_read)
{
	uint64_t v = 0;
	int r = clock_parse_rfc3339(times[_i].text, &v);

	ck_assert_msg((r == 0) == (times[_i].seconds >= 0), "'%s'",
	    times[_i].text);
	if (r == 0)
		ck_assert_int_eq((int64_t)v, times[_i].seconds);
}
END_TEST

START_TEST(times_are_written)
{
	char buf[CLOCK_TEXT_MAX];

	ck_assert_str_eq(clock_rfc3339(1795445580, buf),
	    "2026-11-23T14:53:00Z");
	ck_assert_str_eq(clock_rfc3339_usec(1795445580000001, buf),
	    "2026-11-23T14:53:00.000001Z");
	ck_assert_str_eq(clock_rfc3339(UINT64_MAX, buf), "forever");
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool fits;
} patterns[] = { { "prod", "prod", true }, { "prod", "prod2", false },
	{ "web*", "web", true }, { "web*", "web12", true },
	{ "web*", "aweb", false }, { "*", "", true }, { "a?c", "abc", true },
	{ "a?c", "ac", false }, { "*a*b*", "xxaxxbxx", true },
	{ "*a*b", "xxaxxbxx", false }, { "/web[0-9]+/", "web12", true },
	{ "/web[0-9]+/", "xweb12", false }, { "/a|b/", "b", true },
	{ "/a|b/", "bc", false }, { "/", "/", true }, { "//", "//", true },
	{ "Prod", "prod", false }, { "/[]{99)]{2}/", "]9", true },
	{ "/[[:digit:]+]{1,3}/", "1+2", true }, { "/a{2,3}/", "aaaa", false },
	{ "/((a{3}){3}){3}/", "aaaaaaaaaaaaaaaaaaaaaaaaaaa", true } };

START_TEST(patterns_fit_or_not)
{
	ck_assert_int_eq(pattern_match(patterns[_i].pattern, patterns[_i].text),
	    patterns[_i].fits);
}
END_TEST

START_TEST(broken_patterns_are_refused)
{
	ck_assert(!pattern_is_valid(""));
	ck_assert(!pattern_is_valid("/(/"));
	ck_assert(!pattern_is_valid("/[/"));
	/* What glibc would write out to gigabytes. */
	ck_assert(!pattern_is_valid("/((a{99}){99}){99}/"));
	ck_assert(!pattern_is_valid("/(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+/"));
	ck_assert(!pattern_is_valid("/(a{20})*{99}/"));
	ck_assert(!pattern_is_valid("/([)]{9}b{99}){99}/"));
	ck_assert(!pattern_is_valid("/a{9}{9}/"));
	ck_assert(!pattern_is_valid("/a***+***/"));
	/* They would close the group that anchors. */
	ck_assert(!pattern_is_valid("/prod)|(x/"));
	ck_assert(!pattern_is_valid("/prod)|x(/"));
	ck_assert(!pattern_is_valid("/(a*)\\1/"));
	ck_assert(!pattern_is_valid("/((((((((((((((((((((((((((((((((x"
				    "))))))))))))))))))))))))))))))))/"));
	ck_assert(pattern_is_valid("*"));
	ck_assert(pattern_is_valid("/x+/"));
}
END_TEST

static const char *const bad_cidrs[] = { "", "10.0.0.0/33", "10.0.0.1/8",
	"10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "::1/129", "fe80::1/10", "x",
	"10.0.0.0/8x", "1.2.3.4.5" };

START_TEST(bad_address_ranges_are_refused)
{
	struct cidr c;

	ck_assert_msg(cidr_parse(bad_cidrs[_i], &c) < 0, "'%s'", bad_cidrs[_i]);
}
END_TEST

START_TEST(address_ranges_intersect)
{
	static const char *const a[] = { "10.0.0.0/8", "192.0.2.7",
		"2001:db8::/32" };
	static const char *const b[] = { "10.1.0.0/16", "192.0.2.0/24",
		"::/0" };
	static const char *const want[] = { "10.1.0.0/16", "192.0.2.7/32",
		"2001:db8::/32" };
	struct cidr_list la = { 0 }, lb = { 0 }, both;
	char text[CIDR_TEXT_MAX];
	struct cidr c;
	size_t i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(cidr_parse(a[i], &c), 0);
		cidr_list_add(&la, &c);
		ck_assert_int_eq(cidr_parse(b[i], &c), 0);
		cidr_list_add(&lb, &c);
	}
	ck_assert_int_eq(cidr_list_intersect(&la, &lb, &both), 0);
	ck_assert_uint_eq(both.n, 3);
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(cidr_format(&both.v[i], text), want[i]);
	cidr_list_clear(&both);
	lb.n = 1;
	la.v[0] = la.v[1];
	la.n = 1;
	ck_assert_int_eq(cidr_list_intersect(&la, &lb, &both), 0);
	ck_assert_uint_eq(both.n, 0);
	cidr_list_clear(&la);
	cidr_list_clear(&lb);
	cidr_list_clear(&both);
}
END_TEST

START_TEST(uuids_are_uuids)
{
	struct uuid a, b, c;

	ck_assert_int_eq(uuid_random(&a), 0);
	ck_assert(is_uuid(a.text));
	ck_assert_int_eq(a.text[14], '4');
	uuid_of_bytes("x", 1, &b);
	uuid_of_bytes("x", 1, &c);
	ck_assert_str_eq(b.text, c.text);
	ck_assert_int_eq(b.text[14], '8');
	ck_assert_int_eq(uuid_of_connection(getpid(), &b), 0);
	ck_assert_int_eq(uuid_of_connection(getpid(), &c), 0);
	ck_assert_str_eq(b.text, c.text);
	ck_assert(!is_uuid(""));
	ck_assert(!is_uuid("../../../../../../../../../../etc/passw"));
	ck_assert(!is_uuid("00000000-0000-4000-8000-00000000000g"));
	ck_assert(!is_uuid("00000000-0000-4000-8000-0000000000000"));
}
END_TEST

START_TEST(proc_tells_of_this_process)
{
	struct proc_stat st;
	bool yes;

	ck_assert_int_eq(proc_stat(getpid(), &st), 0);
	ck_assert_int_eq(st.ppid, getppid());
	ck_assert_int_eq(proc_same_program(getpid(), getpid(), &yes), 0);
	ck_assert(yes);
	ck_assert_int_lt(proc_stat(0x3fffffff, &st), 0);
}
END_TEST

TCase *
case_text(void)
{
	TCase *c = tcase_create("text");

	tcase_add_loop_test(c, durations_are_read, 0, ARRAY_SIZE(durations));
	tcase_add_test(c, numbers_are_digits_in_range);
	tcase_add_loop_test(c, names_are_judged, 0, ARRAY_SIZE(names));
	tcase_add_loop_test(c, times_are_read, 0, ARRAY_SIZE(times));
	tcase_add_test(c, times_are_written);
	tcase_add_loop_test(c, patterns_fit_or_not, 0, ARRAY_SIZE(patterns));
	tcase_add_test(c, broken_patterns_are_refused);
	tcase_add_loop_test(c, bad_address_ranges_are_refused, 0,
	    ARRAY_SIZE(bad_cidrs));
	tcase_add_test(c, address_ranges_intersect);
	tcase_add_test(c, uuids_are_uuids);
	tcase_add_test(c, proc_tells_of_this_process);
	return c;
}
