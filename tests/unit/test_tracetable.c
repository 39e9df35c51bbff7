/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "tracetable.h"
#include "unit.h"

/* A source in which only these connections have processes. */
static bool living[256];
static uint32_t forgotten; /* the last audit session */

static void
find_used(const void *of, bool *used, uint32_t n)
{
	uint32_t i;

	(void)of;
	for (i = 0; i < n; i++)
		used[i] = living[i];
}

static void
forget_audit(void *of, uint32_t session)
{
	(void)of;
	forgotten = session;
}

static const struct tracesource_ops ops = { .used = find_used,
	.forget_audit = forget_audit };
static const struct tracesource source = { .ops = &ops };

static uint32_t
add(struct tracetable *t, const char *id)
{
	struct tracemsg m = { .audit_session_id = 77, .uid = 5 };

	snprintf(m.connection_id, sizeof(m.connection_id), "%s", id);
	snprintf(m.sid, sizeof(m.sid), "%s", id);
	return tracetable_connection(t, &m);
}

START_TEST(a_number_is_given_away_only_after_all_was_read)
{
	struct tracetable t = { 0 };
	uint32_t bob = add(&t, "bob");
	struct tracemsg m = { .type = TRACEMSG_SESSION };

	memset(living, 0, sizeof(living));
	ck_assert_uint_gt(bob, 0);
	snprintf(m.sid, sizeof(m.sid), "session");
	ck_assert_str_eq(tracetable_sid(&t, tracetable_session(&t, bob, &m)),
	    "session");
	/* While its keeper is there, and while it has processes. */
	tracetable_mark(&t, &source);
	ck_assert(!tracetable_has_unused(&t));
	tracetable_get(&t, bob)->is_closed = true;
	living[bob] = true;
	tracetable_mark(&t, &source);
	tracetable_sweep(&t, &source);
	ck_assert_ptr_nonnull(tracetable_get(&t, bob));
	/* Marked, it still has its records. */
	living[bob] = false;
	tracetable_mark(&t, &source);
	ck_assert(tracetable_has_unused(&t));
	ck_assert_str_eq(tracetable_get(&t, bob)->id, "bob");
	ck_assert_uint_ne(add(&t, "carol"), bob);
	tracetable_sweep(&t, &source);
	ck_assert_ptr_null(tracetable_get(&t, bob));
	ck_assert_uint_eq(forgotten, 77);
	ck_assert_uint_eq(add(&t, "dave"), bob);
	tracetable_clear(&t);
}
END_TEST

START_TEST(one_that_is_announced_again_is_kept)
{
	struct tracetable t = { 0 };
	uint32_t bob = add(&t, "bob");

	memset(living, 0, sizeof(living));
	tracetable_get(&t, bob)->is_closed = true;
	tracetable_mark(&t, &source);
	ck_assert_uint_eq(add(&t, "bob"), bob);
	tracetable_sweep(&t, &source);
	ck_assert_ptr_nonnull(tracetable_get(&t, bob));
	ck_assert_ptr_nonnull(tracetable_of_uid(&t, 5));
	tracetable_clear(&t);
}
END_TEST

TCase *
case_tracetable(void)
{
	TCase *tc = tcase_create("tracetable");

	tcase_add_test(tc, a_number_is_given_away_only_after_all_was_read);
	tcase_add_test(tc, one_that_is_announced_again_is_kept);
	return tc;
}
