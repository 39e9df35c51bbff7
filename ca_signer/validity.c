/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -V strings. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auto.h"
#include "parse.h"
#include "validity.h"

static int
parse_relative(const char *s, uint64_t now, uint64_t *ret)
{
	uint64_t delta;

	if (parse_duration(s + 1, &delta) < 0)
		return -EINVAL;
	if (*s == '-' && delta > now)
		return -EINVAL;
	*ret = *s == '-' ? now - delta : now + delta;
	return 0;
}

static const char *
format_for(size_t digits)
{
	switch (digits) {
	case 8:
		return "%Y%m%d";
	case 12:
		return "%Y%m%d%H%M";
	case 14:
		return "%Y%m%d%H%M%S";
	default:
		return NULL;
	}
}

static int
parse_absolute(const char *s, uint64_t *ret)
{
	size_t digits = strspn(s, "0123456789");
	bool is_utc = s[digits] == 'Z';
	const char *format = format_for(digits), *end;
	struct tm tm = { .tm_isdst = -1 };
	AUTO(free) char *text = strndup(s, digits);
	time_t t;

	if (text == NULL)
		return -ENOMEM;
	if (format == NULL || s[digits + is_utc] != '\0')
		return -EINVAL;
	end = strptime(text, format, &tm);
	if (end == NULL || *end != '\0')
		return -EINVAL;
	t = is_utc ? timegm(&tm) : mktime(&tm);
	if (t < 0)
		return -EINVAL;
	*ret = (uint64_t)t;
	return 0;
}

static int
parse_point(const char *s, uint64_t now, uint64_t *ret)
{
	if (*s == '+' || *s == '-')
		return parse_relative(s, now, ret);
	return parse_absolute(s, ret);
}

int
validity_parse(const char *text, uint64_t now_s, uint64_t *ret_after,
    uint64_t *ret_before)
{
	const char *colon = strchr(text, ':');
	uint64_t after = now_s - VALIDITY_BACKDATE_S, before;
	AUTO(free) char *from = NULL;

	if (colon != NULL) {
		from = strndup(text, (size_t)(colon - text));
		if (from == NULL)
			return -ENOMEM;
		if (parse_point(from, now_s, &after) < 0)
			return -EINVAL;
		text = colon + 1;
	}
	if (parse_point(text, now_s, &before) < 0 || before <= after)
		return -EINVAL;
	*ret_after = after;
	*ret_before = before;
	return 0;
}

int
validity_parse_ttl(const char *text, uint64_t *ret_seconds)
{
	if (text[strspn(text, "0123456789")] == '\0')
		return -EINVAL;
	return parse_duration(text, ret_seconds);
}
