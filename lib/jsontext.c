/* SPDX-License-Identifier: ISC */
/* JSON string escapes (RFC 8259 7) over hostile bytes. */
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "jsontext.h"

static size_t
utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

uint32_t
utf8_decode(const uint8_t *p, size_t len, size_t *ret_used)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = utf8_length(p[0]), i;
	uint32_t c;

	*ret_used = 0;
	if (n == 0 || n > len)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0xffU >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* Overlong, surrogate, beyond Unicode. */
	if (c < smallest[n] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	*ret_used = n;
	return c;
}

bool
is_deceptive_char(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad },
		{ 0x61c, 0x61c }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe007f } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static size_t
escape(uint32_t c, char out[JSONTEXT_CHAR_MAX + 1])
{
	int n;

	if (c >= 0x10000)
		n = snprintf(out, JSONTEXT_CHAR_MAX + 1, "\\u%04x\\u%04x",
		    0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
	else
		n = snprintf(out, JSONTEXT_CHAR_MAX + 1, "\\u%04x", c);
	return n > 0 ? (size_t)n : 0;
}

static const char *
short_escape(uint32_t c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

size_t
jsontext_char(const uint8_t *p, size_t len, char out[JSONTEXT_CHAR_MAX + 1],
    size_t *ret_used)
{
	uint32_t c = utf8_decode(p, len, ret_used);
	const char *s;

	if (*ret_used == 0) {
		*ret_used = 1;
		memcpy(out, "\xef\xbf\xbd", 4);
		return 3;
	}
	if ((s = short_escape(c)) != NULL) {
		memcpy(out, s, 3);
		return 2;
	}
	if (is_deceptive_char(c))
		return escape(c, out);
	memcpy(out, p, *ret_used);
	out[*ret_used] = '\0';
	return *ret_used;
}

size_t
jsontext_plain(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= ' ' && p[n] < 0x7f && p[n] != '"' &&
	    p[n] != '\\')
		n++;
	return n;
}
