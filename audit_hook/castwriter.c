/* SPDX-License-Identifier: ISC */
/* asciicast v2: [time, code, data], and exactly these three. */
#include <endian.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "castwriter.h"
#include "clock.h"
#include "jsontext.h"

#define BYTES(x) (UINT64_C(0x0101010101010101) * (x))

/*
 * The top bit of each byte of these eight that is below ' ', above '~', or one
 * that JSON escapes: a byte below a limit borrows from its top bit when the
 * limit is taken off. Above the lowest one there may be bits that mean nothing.
 */
static uint64_t
special_bytes(uint64_t v)
{
	uint64_t quote = v ^ BYTES('"'), slash = v ^ BYTES('\\');
	uint64_t del = v ^ BYTES(0x7f);

	return (v | (v - BYTES(' ')) | (quote - BYTES(1)) | (slash - BYTES(1)) |
		   (del - BYTES(1))) &
	    BYTES(0x80);
}

static size_t
put(char *out, size_t at, const void *p, size_t n)
{
	memcpy(out + at, p, n);
	return at + n;
}

/* U+FFFD */
static size_t
put_replacement(char *out, size_t at)
{
	static const uint8_t bytes[3] = { 0xef, 0xbf, 0xbd };

	return put(out, at, bytes, sizeof(bytes));
}

/* Copies what JSON text holds as it is; returns how much that was. What is
 * copied beyond that is overwritten by what comes next. */
static size_t
copy_plain(const uint8_t *p, size_t n, char *out)
{
	uint64_t v, special;
	size_t i = 0;

	for (; n - i >= sizeof(v); i += sizeof(v)) {
		memcpy(&v, p + i, sizeof(v));
		memcpy(out + i, &v, sizeof(v));
		if ((special = special_bytes(le64toh(v))) != 0)
			return i + (size_t)__builtin_ctzll(special) / 8;
	}
	for (; i < n && jsontext_plain(p + i, 1) == 1; i++)
		out[i] = (char)p[i];
	return i;
}

static size_t
escape(uint8_t c, char *out)
{
	static const char hex[] = "0123456789abcdef";
	static const char shorts[0x20] = { ['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r' };

	out[0] = '\\';
	out[1] = 'u';
	if (c == '"' || c == '\\')
		out[1] = (char)c;
	else if (c < 0x20 && shorts[c] != 0)
		out[1] = shorts[c];
	if (out[1] != 'u')
		return 2;
	out[2] = out[3] = '0';
	out[4] = hex[c >> 4];
	out[5] = hex[c & 15];
	return 6;
}

/* How long the character is that begins here and whose end is not there yet; 0
 * if the bytes are none, or a whole one. */
static size_t
cut_character(const uint8_t *p, size_t n)
{
	static const uint8_t rests[][3] = { { 0x80, 0x80, 0x80 },
		{ 0xa0, 0x80, 0x80 }, { 0x90, 0x80, 0x80 } };
	uint8_t whole[4];
	size_t used, i;

	for (i = 0; i < ARRAY_SIZE(rests); i++) {
		if (n >= sizeof(whole))
			return 0;
		memcpy(whole, p, n);
		memcpy(whole + n, rests[i] + (n - 1), sizeof(whole) - n);
		if (utf8_decode(whole, sizeof(whole), &used) != 0 && used > n)
			return n;
	}
	return 0;
}

/* The text of n bytes; *ret_left is how many at the end wait for more. */
static size_t
encode(const uint8_t *p, size_t n, char *out, size_t *ret_left)
{
	size_t i = 0, at = 0, used;

	*ret_left = 0;
	while (i < n) {
		used = copy_plain(p + i, n - i, out + at);
		i += used;
		at += used;
		if (i == n)
			break;
		if (p[i] < 0x80) {
			at += escape(p[i++], out + at);
			continue;
		}
		(void)utf8_decode(p + i, n - i, &used);
		if (used == 0 && n - i < 4 &&
		    (*ret_left = cut_character(p + i, n - i)) != 0)
			break;
		if (used == 0) {
			at = put_replacement(out, at);
			i++;
			continue;
		}
		at = put(out, at, p + i, used);
		i += used;
	}
	return at;
}

static size_t
begin(uint64_t usec, char code, char *out)
{
	int n = snprintf(out, CASTWRITER_ROOM(0), "[%llu.%06llu, \"%c\", \"",
	    (unsigned long long)(usec / USEC_PER_SEC),
	    (unsigned long long)(usec % USEC_PER_SEC), code);

	return n > 0 ? (size_t)n : 0;
}

static size_t
end(char *out, size_t at)
{
	static const char closing[3] = { '"', ']', '\n' };

	return put(out, at, closing, sizeof(closing));
}

/* What has waited, completed by the first of the new bytes: how many of these
 * it took. */
static size_t
complete(struct caststream *s, const uint8_t *p, size_t n, char *out,
    size_t *at)
{
	uint8_t whole[sizeof(s->carry) + 4];
	size_t had = s->n_carry, take = n < 4 ? n : 4, left, used;

	if (had == 0)
		return 0;
	memcpy(whole, s->carry, had);
	memcpy(whole + had, p, take);
	(void)utf8_decode(whole, had + take, &used);
	if (used > had) {
		*at = put(out, *at, whole, used);
		s->n_carry = 0;
		return used - had;
	}
	left = had + take < 4 ? cut_character(whole, had + take) : 0;
	if (left != 0) {
		memcpy(s->carry, whole, left);
		s->n_carry = left;
		return take;
	}
	*at += encode(whole, had, out + *at, &left);
	for (; left > 0; left--)
		*at = put_replacement(out, *at);
	s->n_carry = 0;
	return 0;
}

size_t
caststream_event(struct caststream *s, uint64_t usec, const void *p, size_t n,
    char *out)
{
	const uint8_t *bytes = p;
	size_t start = begin(usec, s->code, out), at = start, took, left;

	if (n == 0)
		return 0;
	took = complete(s, bytes, n, out, &at);
	if (took < n) {
		at += encode(bytes + took, n - took, out + at, &left);
		if (left != 0)
			memcpy(s->carry, bytes + n - left, left);
		s->n_carry = left;
	}
	return at == start ? 0 : end(out, at);
}

size_t
caststream_end(struct caststream *s, uint64_t usec, char *out)
{
	size_t at = begin(usec, s->code, out), i;

	if (s->n_carry == 0)
		return 0;
	for (i = 0; i < s->n_carry; i++)
		at = put_replacement(out, at);
	s->n_carry = 0;
	return end(out, at);
}

size_t
castwriter_text(uint64_t usec, char code, const char *text, char *out,
    size_t size)
{
	size_t n = strlen(text), at;

	if (CASTWRITER_ROOM(n) > size)
		return 0;
	at = begin(usec, code, out);
	return end(out, put(out, at, text, n));
}
