/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -V strings. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auto.h"
#include "parse.h"
#include "validity.h"

/* OpenSSH's convtime(): units in either case, zero too, at most INT_MAX. */
static int
parse_span(const char *s, uint64_t *ret)
{
	static const char units[] = "smhdw";
	static const uint64_t seconds[] = { 1, 60, 3600, 86400, 604800 };
	AUTO(free) char *number = NULL;
	uint64_t total = 0, v, unit;
	const char *found;
	size_t n;

	if (*s == '\0')
		return -EINVAL;
	for (; *s != '\0'; s += n) {
		n = strspn(s, "0123456789");
		free(number);
		if ((number = strndup(s, n)) == NULL)
			return -ENOMEM;
		if (parse_uint(number, 0, INT_MAX, &v) < 0)
			return -EINVAL;
		unit = 1;
		if (s[n] != '\0') {
			found = strchr(units, s[n] | 0x20);
			if (found == NULL)
				return -EINVAL;
			unit = seconds[found - units];
			n++;
		}
		if (v > INT_MAX / unit || (total += v * unit) > INT_MAX)
			return -EINVAL;
	}
	*ret = total;
	return 0;
}

static int
parse_relative(const char *s, uint64_t now, uint64_t *ret)
{
	uint64_t delta;
	int r;

	if ((r = parse_span(s + 1, &delta)) < 0)
		return r;
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
	bool is_utc = strcasecmp(s + digits, "Z") == 0 ||
	    strcasecmp(s + digits, "UTC") == 0;
	const char *format = format_for(digits), *end;
	/* Not -1: as ssh-keygen, local time is standard time. */
	struct tm tm = { .tm_isdst = 0 };
	AUTO(free) char *text = strndup(s, digits);
	time_t t;

	if (text == NULL)
		return -ENOMEM;
	if (format == NULL || (s[digits] != '\0' && !is_utc))
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
parse_hex(const char *s, uint64_t *ret)
{
	size_t n = strspn(s, "0123456789abcdefABCDEF");

	if (n == 0 || n > 16 || s[n] != '\0')
		return -EINVAL;
	*ret = strtoull(s, NULL, 16);
	return 0;
}

/* word: what stands for `meaning`. */
static int
parse_point(const char *s, uint64_t now, const char *word, uint64_t meaning,
    uint64_t *ret)
{
	if (strcmp(s, word) == 0) {
		*ret = meaning;
		return 0;
	}
	if (*s == '+' || *s == '-')
		return parse_relative(s, now, ret);
	if (strncmp(s, "0x", 2) == 0)
		return parse_hex(s + 2, ret);
	return parse_absolute(s, ret);
}

int
validity_parse(const char *text, uint64_t now_s, uint64_t *ret_after,
    uint64_t *ret_before)
{
	const char *colon = strchr(text, ':');
	AUTO(free) char *from = NULL;
	uint64_t after, before;
	int r;

	if (colon == NULL) {
		if (*text != '+')
			return -EINVAL;
		/* The start of a minute that has passed, as ssh-keygen. */
		after = (now_s - 59) / 60 * 60;
		if ((r = parse_relative(text, now_s, &before)) < 0)
			return r;
	} else {
		if ((from = strndup(text, (size_t)(colon - text))) == NULL)
			return -ENOMEM;
		if ((r = parse_point(from, now_s, "always", 0, &after)) < 0 ||
		    (r = parse_point(colon + 1, now_s, "forever", UINT64_MAX,
			 &before)) < 0)
			return r;
	}
	if (before <= after)
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
