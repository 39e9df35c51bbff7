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

/* Linux-PAM's pam_handlers.c: behind a '#' nothing goes on; blank lines and
 * comments are passed over inside a line that does. */
START_TEST(lines_go_on_as_in_libpam)
{
	struct pamstack s = { 0 };

	ck_assert_int_eq(pamstack_parse("session required a.so \\ # words\n"
					"session required b.so x \\\n"
					"# comment\n"
					"\n"
					"  y\n"
					"session required c.so\n"
					"session required d.so \\\n"
					"\n",
			     &s),
	    0);
	ck_assert_uint_eq(s.n, 4);
	ck_assert_str_eq(s.v[0].module, "a.so");
	ck_assert_str_eq(s.v[1].module, "b.so");
	ck_assert_uint_eq(s.v[1].first, 2);
	ck_assert_uint_eq(s.v[1].number, 5);
	ck_assert_ptr_nonnull(strchr(s.v[1].arguments, 'y'));
	ck_assert_str_eq(s.v[2].module, "c.so");
	ck_assert_str_eq(s.v[3].module, "d.so");
	pamstack_clear(&s);
}
END_TEST

#define OURS 5

/* 0 a, 1 a substack of 2 b, 3 c (in a substack of its own), 4 d, 5 ours, 6 e. */
static const struct {
	size_t line;
	const char *control;
	bool may_skip, may_forget;
} jumps[] = {
	{ 0, "required", false, false },
	{ 0, "sufficient", true, false },
	{ 0, "[success=2 default=ignore]", false, false },
	{ 0, "[success=3 default=ignore]", true, false },
	{ 0, "[success=ok default=done]", true, false },
	{ 2, "sufficient", false, false },
	{ 2, "[success=9]", false, false },
	{ 3, "[default=done]", false, false },
	{ 4, "[success=1]", true, false },
	{ 6, "[default=reset]", false, true },
	{ 6, "[default=ok]", false, false },
};

START_TEST(a_substack_is_one_line_to_jump_over)
{
	static const unsigned levels[] = { 0, 0, 1, 1, 0, 0, 0 };
	struct pamstack s = { 0 };
	size_t i;

	ck_assert_int_eq(
	    pamstack_parse("session required a\nsession substack s\n"
			   "session required b\nsession required c\n"
			   "session required d\n" FIRST "session required e\n",
		&s),
	    0);
	ck_assert_uint_eq(s.n, ARRAY_SIZE(levels));
	for (i = 0; i < s.n; i++)
		s.v[i].level = levels[i];
	free(s.v[jumps[_i].line].control);
	s.v[jumps[_i].line].control = strdup(jumps[_i].control);
	if (jumps[_i].line < OURS)
		ck_assert_int_eq(pamstack_may_skip(&s, jumps[_i].line, OURS),
		    jumps[_i].may_skip);
	else
		ck_assert_int_eq(pamstack_may_forget(&s, jumps[_i].line, OURS),
		    jumps[_i].may_forget);
	pamstack_clear(&s);
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
	tcase_add_test(c, lines_go_on_as_in_libpam);
	tcase_add_loop_test(c, a_substack_is_one_line_to_jump_over, 0,
	    ARRAY_SIZE(jumps));
	return c;
}
