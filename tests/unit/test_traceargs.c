/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traceargs.h"
#include "unit.h"

/* All pieces put together again, whose sizes are bounded, are what was there. */
static void
is_whole(const char *p, size_t n, size_t count)
{
	struct traceargs a = { .p = (const uint8_t *)p, .n = n };
	char *again = malloc(n + 2);
	size_t at = 0, i, left, pieces = traceargs_left(&a);
	struct strv piece;
	bool continues, is_first = true;

	ck_assert_uint_eq(traceargs_count(&a), count);
	for (; traceargs_next(&a, &piece, &continues); pieces--) {
		size_t bytes = 0;

		for (i = 0; i < piece.n; i++) {
			if (i > 0 || (!continues && !is_first))
				again[at++] = '\0';
			is_first = false;
			left = strlen(piece.v[i]);
			memcpy(again + at, piece.v[i], left);
			at += left;
			bytes += left + 3;
		}
		ck_assert_uint_le(bytes, TRACEARGS_COST + 8);
		strv_clear(&piece);
	}
	ck_assert_uint_eq(pieces, 0);
	ck_assert_uint_eq(at, n > 0 && p[n - 1] == '\0' ? n - 1 : n);
	ck_assert_mem_eq(again, p, at);
	free(again);
}

START_TEST(pieces_are_the_whole)
{
	static const size_t lens[] = { 0, 1, 2, 10, 3990, 3997, 3998, 4000,
		4001, 8003, 30000 };
	size_t i, k, n;
	char *p = malloc(70000);

	is_whole("", 0, 0);
	is_whole("a", 1, 1);
	is_whole("a\0", 2, 1);
	is_whole("a\0\0b\0", 5, 3);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		for (k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
			n = lens[i] + 1 + lens[k] + 1;
			memset(p, 'x', n);
			p[lens[i]] = p[n - 1] = '\0';
			is_whole(p, n, 2);
		}
	free(p);
}
END_TEST

START_TEST(no_character_is_cut)
{
	struct traceargs a = { .n = 20000 };
	struct strv piece;
	bool continues;
	char *p = malloc(20000);
	size_t i, len;

	for (i = 0; i < 20000; i++)
		p[i] = "\xe2\x82\xac"[i % 3];
	for (a.p = (const uint8_t *)p;
	     traceargs_next(&a, &piece, &continues);) {
		len = strlen(piece.v[0]);
		ck_assert_uint_eq((unsigned char)piece.v[0][0], 0xe2);
		ck_assert(len % 3 == 0 || a.at >= a.n);
		strv_clear(&piece);
	}
	/* Bytes that are no characters are cut anywhere. */
	memset(p, 0x80, 20000);
	is_whole(p, 20000, 1);
	free(p);
}
END_TEST

START_TEST(many_small_ones)
{
	char *p = malloc(60000);
	size_t i, n = 0;

	for (i = 0; i < 9000; i++)
		n += (size_t)sprintf(p + n, "%zu", i) + 1;
	is_whole(p, n, 9000);
	memset(p, 0, 32000);
	is_whole(p, 32000, 32000);
	free(p);
}
END_TEST

TCase *
case_traceargs(void)
{
	TCase *c = tcase_create("traceargs");

	tcase_add_test(c, pieces_are_the_whole);
	tcase_add_test(c, no_character_is_cut);
	tcase_add_test(c, many_small_ones);
	return c;
}
