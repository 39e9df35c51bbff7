/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "wire.h"

START_TEST(numbers_and_strings_come_back)
{
	struct writer w = WRITER_INIT;
	struct reader r, s;
	uint8_t u8;
	uint32_t u32;
	uint64_t u64;
	size_t mark;
	char *text;

	writer_u8(&w, 0xfe);
	writer_u32(&w, 0xdeadbeef);
	writer_u64(&w, UINT64_MAX);
	writer_cstring(&w, "hello");
	mark = writer_string_begin(&w);
	writer_u32(&w, 7);
	writer_string_end(&w, mark);
	ck_assert_int_eq(writer_error(&w), 0);
	r = (struct reader){ w.p, w.len };
	ck_assert_int_eq(reader_u8(&r, &u8), 0);
	ck_assert_uint_eq(u8, 0xfe);
	ck_assert_int_eq(reader_u32(&r, &u32), 0);
	ck_assert_uint_eq(u32, 0xdeadbeef);
	ck_assert_int_eq(reader_u64(&r, &u64), 0);
	ck_assert(u64 == UINT64_MAX);
	ck_assert_int_eq(reader_cstring(&r, &text), 0);
	ck_assert_str_eq(text, "hello");
	ck_assert_int_eq(reader_string(&r, &s), 0);
	ck_assert_uint_eq(s.left, 4);
	ck_assert_int_eq(reader_end(&r), 0);
	free(text);
	writer_clear(&w);
}
END_TEST

START_TEST(what_is_not_there_is_not_read)
{
	static const uint8_t long_string[] = { 0xff, 0xff, 0xff, 0xff, 'x' };
	static const uint8_t with_nul[] = { 0, 0, 0, 2, 'x', 0 };
	struct reader r = { long_string, sizeof(long_string) }, s;
	uint64_t u64 = 5;
	char *text = NULL;

	ck_assert_int_eq(reader_string(&r, &s), -EBADMSG);
	ck_assert_uint_eq(r.left, sizeof(long_string));
	ck_assert_int_eq(reader_u64(&r, &u64), -EBADMSG);
	ck_assert_uint_eq(u64, 5);
	ck_assert_int_eq(reader_end(&r), -EBADMSG);
	r = (struct reader){ with_nul, sizeof(with_nul) };
	ck_assert_int_eq(reader_cstring(&r, &text), -EBADMSG);
	ck_assert_ptr_null(text);
	r = (struct reader){ NULL, 0 };
	ck_assert_int_eq(reader_string(&r, &s), -EBADMSG);
}
END_TEST

START_TEST(a_writer_that_failed_stays_failed)
{
	struct writer w = { .max_bytes = 8 };

	writer_u64(&w, 1);
	ck_assert_int_eq(writer_error(&w), 0);
	writer_u8(&w, 1);
	ck_assert_int_eq(writer_error(&w), -EMSGSIZE);
	writer_u8(&w, 1);
	ck_assert_uint_eq(w.len, 8);
	writer_clear(&w);
}
END_TEST

TCase *
case_wire(void)
{
	TCase *c = tcase_create("wire");

	tcase_add_test(c, numbers_and_strings_come_back);
	tcase_add_test(c, what_is_not_there_is_not_read);
	tcase_add_test(c, a_writer_that_failed_stays_failed);
	return c;
}
