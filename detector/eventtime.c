/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "eventtime.h"

#define DAY_S INT64_C(86400)

/* Days from 1970-01-01 (the civil calendar, years from March). */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400,
		in_era = y - era * 400,
		in_year =
		    (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 +
	    in_year - 719468;
}

static bool
number(const char *p, size_t digits, int64_t min, int64_t max, int64_t *ret)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < digits; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		n = n * 10 + (p[i] - '0');
	}
	*ret = n;
	return n >= min && n <= max;
}

/* HH:MM:SS; a leap second is the one before. */
static bool
of_day(const char *p, int64_t *ret)
{
	int64_t h, m, s;

	if (p[2] != ':' || p[5] != ':' || !number(p, 2, 0, 23, &h) ||
	    !number(p + 3, 2, 0, 59, &m) || !number(p + 6, 2, 0, 60, &s))
		return false;
	*ret = h * 3600 + m * 60 + (s == 60 ? 59 : s);
	return true;
}

static size_t
fraction(const char *p, size_t len, uint64_t *ret_us)
{
	uint64_t unit = 100000;
	size_t i = 1;

	*ret_us = 0;
	if (len == 0 || (*p != '.' && *p != ','))
		return 0;
	for (; i < len && p[i] >= '0' && p[i] <= '9'; i++, unit /= 10)
		*ret_us += (uint64_t)(p[i] - '0') * unit;
	return i;
}

static bool
zone(const char *p, size_t len, int64_t *ret_s)
{
	int64_t h, m;

	*ret_s = 0;
	if (len == 1 && (*p == 'Z' || *p == 'z'))
		return true;
	if (len != 6 || (*p != '+' && *p != '-') || p[3] != ':' ||
	    !number(p + 1, 2, 0, 23, &h) || !number(p + 4, 2, 0, 59, &m))
		return false;
	*ret_s = (h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
	return true;
}

static int
parse_3339(const char *p, size_t len, uint64_t *ret_us)
{
	int64_t year, month, day, s, offset;
	uint64_t us;
	size_t n;

	if (!number(p, 4, 1970, 9999, &year) || p[4] != '-' ||
	    !number(p + 5, 2, 1, 12, &month) || p[7] != '-' ||
	    !number(p + 8, 2, 1, 31, &day) || !of_day(p + 11, &s))
		return -EINVAL;
	n = 19 + fraction(p + 19, len - 19, &us);
	if (!zone(p + n, len - n, &offset))
		return -EINVAL;
	s += days_of(year, month, day) * DAY_S - offset;
	if (s < 0)
		return -EINVAL;
	*ret_us = (uint64_t)s * USEC_PER_SEC + us;
	return 0;
}

static int64_t
month_of(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t i;

	for (i = 0; i < 12; i++)
		if (memcmp(names + i * 3, p, 3) == 0)
			return i + 1;
	return 0;
}

static int
parse_3164(const char *p, uint64_t near_us, uint64_t *ret_us)
{
	int64_t near = (int64_t)(near_us / USEC_PER_SEC),
		guess = 1970 + near / (365 * DAY_S + DAY_S / 4), year, day, s,
		t, best = -1;
	int64_t month = month_of(p);

	if (month == 0 || !of_day(p + 7, &s) ||
	    !(p[4] == ' ' ? number(p + 5, 1, 1, 9, &day)
			  : number(p + 4, 2, 1, 31, &day)))
		return -EINVAL;
	for (year = guess - 1; year <= guess + 1; year++) {
		t = days_of(year, month, day) * DAY_S + s;
		if (best < 0 ||
		    (t > near ? t - near : near - t) <
			(best > near ? best - near : near - best))
			best = t;
	}
	if (best < 0)
		return -EINVAL;
	*ret_us = (uint64_t)best * USEC_PER_SEC;
	return 0;
}

int
eventtime_parse(const char *p, size_t len, uint64_t near_us, uint64_t *ret_us)
{
	if (len >= 20 && p[10] != ' ')
		return parse_3339(p, len, ret_us);
	return len == 15 ? parse_3164(p, near_us, ret_us) : -EINVAL;
}
