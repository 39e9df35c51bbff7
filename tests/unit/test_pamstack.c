/* SPDX-License-Identifier: ISC */
/* sshd's PAM stack: read, ours put in, ours taken out. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "pamstack.h"
#include "unit.h"

#define FIRST "session    required     pam_countersign.so\n"
#define LAST  "session    required     pam_countersign.so environment\n"

static const char debian[] =
    "# PAM\n"
    "@include common-auth\n"
    "account    required     pam_nologin.so\n"
    "session [success=ok ignore=ignore module_unknown"
    "=ignore default=bad] pam_selinux.so close\n"
    "session    required     pam_loginuid.so\n"
    "@include common-session\n"
    "session    optional     pam_motd.so noupdate\n"
    "session    required     pam_env.so # x\n"
    "-session   required     pam_env.so user_readenv=1 "
    "envfile=/etc/default/locale\n"
    "@include common-password\n";

START_TEST(the_lines_of_sessions_are_read)
{
	struct pamstack s = { 0 };

	ck_assert_int_eq(pamstack_parse(debian, &s), 0);
	ck_assert_uint_eq(s.n, 8);
	ck_assert_str_eq(s.v[0].control, "@include");
	ck_assert_str_eq(s.v[1].module, "pam_selinux.so");
	ck_assert_str_eq(s.v[1].arguments, "close");
	ck_assert_str_eq(s.v[1].control,
	    "[success=ok ignore=ignore module_unknown=ignore default=bad]");
	ck_assert_str_eq(s.v[5].module, "pam_env.so");
	ck_assert_str_eq(s.v[5].arguments, "");
	ck_assert_uint_eq(s.v[6].number, 9);
	pamstack_clear(&s);
}
END_TEST

START_TEST(ours_go_in_where_they_belong_and_out_again)
{
	AUTO(free) char *with = pamstack_with_ours(debian), *again = NULL;
	AUTO(free) char *without = NULL;
	const char *first, *last;

	ck_assert_ptr_nonnull(with);
	first = strstr(with, "pam_loginuid.so\n" FIRST);
	last = strstr(with, "envfile=/etc/default/locale\n" LAST);
	ck_assert(first != NULL && last != NULL && first < last);
	again = pamstack_with_ours(with);
	ck_assert_str_eq(again, with);
	without = pamstack_without_ours(with);
	ck_assert_str_eq(without, debian);
}
END_TEST

START_TEST(ours_elsewhere_are_moved)
{
	AUTO(free)
	char *with = pamstack_with_ours("session optional pam_countersign.so\n"
					"session required pam_loginuid.so\n"
					"session required pam_env.so");

	ck_assert_str_eq(with,
	    "session required pam_loginuid.so\n" FIRST
	    "session required pam_env.so\n" LAST);
}
END_TEST

static const char *const strange[] = { "", "session required pam_env.so\n",
	"session required pam_loginuid.so\n",
	"session required pam_env.so\nsession required pam_loginuid.so\n",
	"session required pam_loginuid.so\nsession required pam_env.so \\\n",
	"session required pam_loginuid.so\nsession required pam_env.so \\",
	"#session required pam_loginuid.so\n#session required pam_env.so\n" };

START_TEST(a_stack_with_nothing_to_go_by_is_left_alone)
{
	ck_assert_ptr_null(pamstack_with_ours(strange[_i]));
}
END_TEST

TCase *
case_pamstack(void)
{
	TCase *c = tcase_create("pamstack");

	tcase_add_test(c, the_lines_of_sessions_are_read);
	tcase_add_test(c, ours_go_in_where_they_belong_and_out_again);
	tcase_add_test(c, ours_elsewhere_are_moved);
	tcase_add_loop_test(c, a_stack_with_nothing_to_go_by_is_left_alone, 0,
	    ARRAY_SIZE(strange));
	return c;
}
