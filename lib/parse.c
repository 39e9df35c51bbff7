/* SPDX-License-Identifier: ISC */
/* Numbers, durations and names from text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "parse.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The digits at *s; moves *s past them. */
static int
take_uint(const char **s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	unsigned d;

	if (!is_digit(**s))
		return -EINVAL;
	for (; is_digit(**s); (*s)++) {
		d = (unsigned)(**s - '0');
		if (d > max || v > (max - d) / 10)
			return -EINVAL;
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

int
parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v;

	if (take_uint(&s, max, &v) < 0 || *s != '\0' || v < min)
		return -EINVAL;
	*ret = v;
	return 0;
}

static const struct {
	char unit;
	uint64_t seconds;
} units[] = { { 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
	{ 's', 1 } };

static uint64_t
unit_seconds(char c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].unit == c)
			return units[i].seconds;
	return 0;
}

int
parse_duration(const char *s, uint64_t *ret_seconds)
{
	uint64_t total = 0, v, unit;

	if (*s == '\0')
		return -EINVAL;
	while (*s != '\0') {
		if (take_uint(&s, PARSE_SECONDS_MAX, &v) < 0)
			return -EINVAL;
		unit = *s == '\0' ? 1 : unit_seconds(*s++);
		if (unit == 0 || v > PARSE_SECONDS_MAX / unit)
			return -EINVAL;
		if ((total += v * unit) > PARSE_SECONDS_MAX)
			return -EINVAL;
	}
	if (total == 0)
		return -EINVAL;
	*ret_seconds = total;
	return 0;
}

char *
format_duration(uint64_t seconds, char buf[PARSE_NUMBER_TEXT_MAX])
{
	size_t n = 0, i;

	buf[0] = '\0';
	/* Not in weeks: 30d says more than 4w2d. */
	for (i = 1; i < ARRAY_SIZE(units); i++) {
		if (seconds < units[i].seconds)
			continue;
		n += (size_t)snprintf(buf + n, PARSE_NUMBER_TEXT_MAX - n,
		    "%" PRIu64 "%c", seconds / units[i].seconds, units[i].unit);
		seconds %= units[i].seconds;
	}
	return buf;
}

static const struct {
	const char *unit;
	uint64_t bytes;
} sizes[] = { { "GiB", 1ULL << 30 }, { "MiB", 1ULL << 20 },
	{ "KiB", 1ULL << 10 }, { "", 1 } };

int
parse_bytes(const char *s, uint64_t *ret_bytes)
{
	const uint64_t max = 1ULL << 40;
	uint64_t v;
	size_t i;

	if (take_uint(&s, max, &v) < 0)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		if (strcmp(sizes[i].unit, s) == 0)
			break;
	if (i == ARRAY_SIZE(sizes) || v == 0 || v > max / sizes[i].bytes)
		return -EINVAL;
	*ret_bytes = v * sizes[i].bytes;
	return 0;
}

char *
format_bytes(uint64_t bytes, char buf[PARSE_NUMBER_TEXT_MAX])
{
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(sizes) &&
	    (bytes == 0 || bytes % sizes[i].bytes != 0))
		i++;
	snprintf(buf, PARSE_NUMBER_TEXT_MAX, "%" PRIu64 "%s",
	    bytes / sizes[i].bytes, sizes[i].unit);
	return buf;
}

static bool
is_made_of(const char *s, const char *extra, size_t max)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (i >= max ||
		    (!is_alnum(s[i]) && strchr(extra, s[i]) == NULL))
			return false;
	return i > 0;
}

bool
is_login_name(const char *s)
{
	return (is_alnum(s[0]) || s[0] == '_') && is_made_of(s, "._@+-", 128);
}

bool
is_simple_name(const char *s)
{
	return is_alnum(s[0]) && is_made_of(s, "._-", 64);
}

bool
is_label_value(const char *s)
{
	return is_made_of(s, "._-/:@+", 255);
}

bool
is_principal(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	for (; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7f || strchr(",*?!#\"", *p) != NULL)
			return false;
	return s[0] != '\0' && (const char *)p - s <= 255;
}

bool
is_uuid(const char *s)
{
	size_t i;

	for (i = 0; i < UUID_TEXT_LEN; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s[i] != '-')
				return false;
		} else if (s[i] == '\0' ||
		    strchr("0123456789abcdef", s[i]) == NULL) {
			return false;
		}
	}
	return s[UUID_TEXT_LEN] == '\0';
}
