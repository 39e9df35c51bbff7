/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "tracefold.h"
#include "tracemap.h"
#include "unit.h"

static struct {
	struct trace_exec exec;
	char data[8];
} command;

static bool
next(struct tracefold *f, uint64_t ms, const char *data)
{
	command.exec.head.time_ns = ms * 1000000;
	command.exec.head.pid++;
	memset(command.exec.tty, (int)(ms % 7), sizeof(command.exec.tty));
	command.exec.tty[0] = '\0';
	memcpy(command.data, data, sizeof(command.data));
	return tracefold_exec(f, &command.exec, sizeof(command));
}

START_TEST(only_what_comes_again_at_once_is_folded)
{
	struct tracefold f = { 0 };
	unsigned i;

	for (i = 0; i < TRACEFOLD_AFTER; i++)
		ck_assert(!next(&f, i, "aaaaaaa"));
	for (i = 0; i < 50; i++)
		ck_assert(next(&f, 100 + i, "aaaaaaa"));
	ck_assert_uint_eq(f.folded, 50);
	ck_assert_uint_eq(f.first_ns, 100 * 1000000);
	/* The other one is told, and what is folded is there until it is. */
	ck_assert(!next(&f, 150, "bbbbbbb"));
	ck_assert_uint_eq(f.folded, 50);
	ck_assert_str_eq((const char *)(f.last + 1), "aaaaaaa");
	tracefold_told(&f);
	ck_assert(!next(&f, 150, "bbbbbbb"));
	ck_assert(!next(&f, 151, "aaaaaaa"));
	ck_assert_uint_eq(f.streak, 1);
	tracefold_clear(&f);
}
END_TEST

START_TEST(slow_repetition_and_other_parents_are_not_folded)
{
	struct tracefold f = { 0 };
	unsigned i;

	for (i = 0; i < 3 * TRACEFOLD_AFTER; i++)
		ck_assert(!next(&f, i * (TRACEFOLD_MS + 1), "aaaaaaa"));
	for (i = 0; i < 3 * TRACEFOLD_AFTER; i++) {
		command.exec.parent = i % 2;
		ck_assert(!next(&f, 1000000 + i, "aaaaaaa"));
	}
	tracefold_clear(&f);
}
END_TEST

START_TEST(ends_are_folded_that_are_alike)
{
	struct tracefold f = { 0 };
	struct trace_exit x = { .code = 256, .lived_ns = 5 };

	ck_assert(tracefold_exit(&f, &x));
	x.lived_ns = 7;
	ck_assert(tracefold_exit(&f, &x));
	x.code = 9;
	ck_assert(!tracefold_exit(&f, &x));
	ck_assert_uint_eq(f.ends, 2);
	ck_assert_uint_eq(f.longest_ns, 7);
	ck_assert(!tracefold_is_due(&f));
	f.since_ms -= TRACEFOLD_MS;
	ck_assert(tracefold_is_due(&f));
	tracefold_told(&f);
	ck_assert(!tracefold_is_due(&f));
	ck_assert(tracefold_exit(&f, &x));
	tracefold_clear(&f);
}
END_TEST

START_TEST(without_memory_nothing_is_folded)
{
	struct tracefold f = { 0 };
	bool is_folded;
	unsigned i;

	for (i = 0; i < 2 * TRACEFOLD_AFTER; i++) {
		(void)alloc_fail_after(0);
		is_folded = next(&f, i, "aaaaaaa");
		(void)alloc_fail_after(-1);
		ck_assert(!is_folded);
	}
	tracefold_clear(&f);
}
END_TEST

static void
count(void *context, struct tracemap_entry *e)
{
	uint64_t *sum = context;

	*sum += e->key;
}

START_TEST(a_map_has_what_was_put_there_up_to_its_size)
{
	struct trace_member m = { .connection = 3 };
	struct tracemap map = { 0 };
	bool used[4] = { false };
	uint64_t sum = 0;
	uint32_t i;

	ck_assert_ptr_null(tracemap_get(&map, 7));
	for (i = 0; i < TRACE_MEMBERS; i++)
		ck_assert_int_eq(tracemap_put(&map, 2 * i, m), 0);
	ck_assert_int_lt(tracemap_put(&map, 1, m), 0);
	ck_assert_int_eq(tracemap_put(&map, 4096, m), 0);
	tracemap_used(&map, used, 4);
	ck_assert(used[3] && !used[0]);
	tracemap_remove(&map, 4096);
	ck_assert_ptr_null(tracemap_get(&map, 4096));
	ck_assert_ptr_nonnull(tracemap_get(&map, 3 * 4096));
	ck_assert_int_eq(tracemap_put(&map, 1, m), 0);
	tracemap_each(&map, count, &sum);
	ck_assert_uint_eq(sum,
	    1 + (TRACE_MEMBERS * (TRACE_MEMBERS - 1ULL)) - 4096);
	tracemap_clear(&map);
	ck_assert_ptr_null(tracemap_get(&map, 1));
	tracemap_clear(&map);
}
END_TEST

TCase *
case_tracefold(void)
{
	TCase *tc = tcase_create("tracefold");

	tcase_add_test(tc, only_what_comes_again_at_once_is_folded);
	tcase_add_test(tc, slow_repetition_and_other_parents_are_not_folded);
	tcase_add_test(tc, ends_are_folded_that_are_alike);
	tcase_add_test(tc, without_memory_nothing_is_folded);
	tcase_add_test(tc, a_map_has_what_was_put_there_up_to_its_size);
	return tc;
}
