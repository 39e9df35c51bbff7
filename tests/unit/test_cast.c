/* SPDX-License-Identifier: ISC */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "castwriter.h"
#include "jsontext.h"
#include "unit.h"

#define DATA_MAX 4096

/* What a reader makes of the lines of these bytes, cut into pieces of at most
 * `most`; the caller frees. */
static char *
through(const uint8_t *p, size_t n, size_t most, size_t *ret_len)
{
	struct caststream s = { .code = 'o' };
	char *line = malloc(CASTWRITER_ROOM(DATA_MAX));
	char *text = calloc(1, 3 * n + 1);
	size_t at = 0, piece, made, end;

	*ret_len = 0;
	for (;;) {
		piece = most > 1 ? 1 + (size_t)rand() % most : 1;
		if (piece > n - at)
			piece = n - at;
		end = piece == 0;
		made = end ? caststream_end(&s, 1500000, line)
			   : caststream_event(&s, 1500000, p + at, piece, line);
		at += piece;
		if (made > 0) {
			json_t *a =
			    json_loadb(line, made, JSON_ALLOW_NUL, NULL);
			json_t *data = json_array_get(a, 2);

			ck_assert_msg(a != NULL && json_array_size(a) == 3,
			    "no event: %.*s", (int)made, line);
			ck_assert_int_eq(line[made - 1], '\n');
			ck_assert(memchr(line, '\n', made) == line + made - 1);
			ck_assert(json_real_value(json_array_get(a, 0)) == 1.5);
			memcpy(text + *ret_len, json_string_value(data),
			    json_string_length(data));
			*ret_len += json_string_length(data);
			json_decref(a);
		}
		if (end)
			break;
	}
	free(line);
	return text;
}

/* The same by the definition: U+FFFD for each byte that is no UTF-8. */
static char *
replaced(const uint8_t *p, size_t n, size_t *ret_len)
{
	char *text = calloc(1, 3 * n + 1);
	size_t at = 0, used;

	*ret_len = 0;
	while (at < n) {
		(void)utf8_decode(p + at, n - at, &used);
		memcpy(text + *ret_len,
		    used == 0 ? (const uint8_t *)"\xef\xbf\xbd" : p + at,
		    used == 0 ? 3 : used);
		*ret_len += used == 0 ? 3 : used;
		at += used == 0 ? 1 : used;
	}
	return text;
}

static void
check(const uint8_t *p, size_t n, size_t most)
{
	size_t got_len, want_len;
	AUTO(free) char *got = through(p, n, most, &got_len);
	AUTO(free) char *want = replaced(p, n, &want_len);

	ck_assert_uint_eq(got_len, want_len);
	ck_assert_mem_eq(got, want, want_len);
}

static const char *const texts[] = { "", "a", "plain text of some length",
	"\x1b[31mred\x1b[0m\r\n", "\"quoted\\", "\x7f\x01\x1f",
	"gr\xc3\xbc\xc3\x9f"
	"e",
	"\xe2\x82\xac\xf0\x9f\x90\x99", "\xe2\x82",
	"\xe2\x82"
	"A",
	"\xf0\x9f\x90", "\xf0\x9f", "\xf0", "\xc3", "\xc3\xc3\xbc",
	"\x80\xbf\xff\xfe", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80",
	"\xf0\x80\x80\x80", "\xe0\x80\x80", "\xe0\xa0", "\xed\x9f",
	"12345678\"2345678\\234567\x1b", "\xf0\x9f\xf0\x9f\x90\x99" };

START_TEST(text_survives_any_cut)
{
	const uint8_t *p = (const uint8_t *)texts[_i];
	size_t most;

	for (most = 1; most < 12; most++)
		check(p, strlen(texts[_i]), most);
}
END_TEST

START_TEST(so_do_random_bytes)
{
	/* Few values, so that characters and halves of them are frequent. */
	static const uint8_t some[] = { 'a', '"', '\\', '\n', 0, 0x1b, 0xc3,
		0xbc, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x90, 0x99, 0xed, 0xa0,
		0x80, 0xff };
	uint8_t bytes[DATA_MAX];
	size_t i, n = 1 + (size_t)rand() % 600;

	for (i = 0; i < n; i++)
		bytes[i] = _i % 2 == 0 ? some[(size_t)rand() % sizeof(some)]
				       : (uint8_t)rand();
	check(bytes, n, 1 + (size_t)rand() % 40);
}
END_TEST

START_TEST(the_room_is_enough)
{
	struct caststream s = { .code = 'o',
		.carry = { 0xf0, 0x9f, 0x90 },
		.n_carry = 3 };
	char *line = malloc(CASTWRITER_ROOM(1000));
	uint8_t worst[1000];
	size_t n;

	memset(worst, 1, sizeof(worst));
	n = caststream_event(&s, UINT64_MAX, worst, sizeof(worst), line);
	ck_assert_uint_le(n, CASTWRITER_ROOM(1000));
	free(line);
}
END_TEST

START_TEST(text_of_ours)
{
	char line[CASTWRITER_ROOM(16)];
	size_t n = castwriter_text(2000001, 'r', "80x25", line, sizeof(line));

	ck_assert_uint_eq(n, strlen("[2.000001, \"r\", \"80x25\"]\n"));
	ck_assert_mem_eq(line, "[2.000001, \"r\", \"80x25\"]\n", n);
	ck_assert_uint_eq(castwriter_text(0, 'r', "80x25", line, 40), 0);
}
END_TEST

TCase *
case_cast(void)
{
	TCase *c = tcase_create("cast");

	tcase_add_loop_test(c, text_survives_any_cut, 0, ARRAY_SIZE(texts));
	tcase_add_loop_test(c, so_do_random_bytes, 0, 200);
	tcase_add_test(c, the_room_is_enough);
	tcase_add_test(c, text_of_ours);
	return c;
}
