/* SPDX-License-Identifier: ISC */
/* Wall-clock time and RFC 3339. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"

#define SECONDS_YEAR_10000 UINT64_C(253402300800)

uint64_t
clock_now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
clock_boot_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
clock_boot_ms(void)
{
	return clock_boot_usec() / 1000;
}

static size_t
format_seconds(uint64_t seconds, char buf[CLOCK_TEXT_MAX])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds >= SECONDS_YEAR_10000 || gmtime_r(&t, &tm) == NULL) {
		memcpy(buf, "forever", sizeof("forever"));
		return 0;
	}
	return strftime(buf, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
}

char *
clock_rfc3339(uint64_t seconds, char buf[CLOCK_TEXT_MAX])
{
	size_t n = format_seconds(seconds, buf);

	if (n > 0)
		memcpy(buf + n, "Z", 2);
	return buf;
}

char *
clock_rfc3339_usec(uint64_t usec, char buf[CLOCK_TEXT_MAX])
{
	size_t n = format_seconds(usec / USEC_PER_SEC, buf);

	if (n > 0)
		snprintf(buf + n, CLOCK_TEXT_MAX - n, ".%06" PRIu64 "Z",
		    usec % USEC_PER_SEC);
	return buf;
}

/* Two-or-more-digit field of exactly len digits. */
static int
take_digits(const char **s, size_t len, int min, int max, int *ret)
{
	int v = 0;
	size_t i;

	for (i = 0; i < len; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return -EINVAL;
		v = v * 10 + (**s - '0');
	}
	if (v < min || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int
take_char(const char **s, char c)
{
	if (**s != c)
		return -EINVAL;
	(*s)++;
	return 0;
}

static int
take_zone(const char **s, int *ret_minutes)
{
	int sign, h, m;

	*ret_minutes = 0;
	if (take_char(s, 'Z') == 0)
		return 0;
	if (**s != '+' && **s != '-')
		return -EINVAL;
	sign = *(*s)++ == '+' ? 1 : -1;
	if (take_digits(s, 2, 0, 23, &h) < 0 || take_char(s, ':') < 0 ||
	    take_digits(s, 2, 0, 59, &m) < 0)
		return -EINVAL;
	*ret_minutes = sign * (h * 60 + m);
	return 0;
}

int
clock_parse_rfc3339(const char *s, uint64_t *ret_seconds)
{
	struct tm tm = { 0 }, back;
	int year, month, ignored, zone;
	time_t t;

	if (take_digits(&s, 4, 1970, 9999, &year) < 0 ||
	    take_char(&s, '-') < 0 || take_digits(&s, 2, 1, 12, &month) < 0 ||
	    take_char(&s, '-') < 0 ||
	    take_digits(&s, 2, 1, 31, &tm.tm_mday) < 0 ||
	    take_char(&s, 'T') < 0 ||
	    take_digits(&s, 2, 0, 23, &tm.tm_hour) < 0 ||
	    take_char(&s, ':') < 0 ||
	    take_digits(&s, 2, 0, 59, &tm.tm_min) < 0 ||
	    take_char(&s, ':') < 0 || take_digits(&s, 2, 0, 59, &tm.tm_sec) < 0)
		return -EINVAL;
	if (take_char(&s, '.') == 0) {
		if (take_digits(&s, 1, 0, 9, &ignored) < 0)
			return -EINVAL;
		while (*s >= '0' && *s <= '9')
			s++;
	}
	if (take_zone(&s, &zone) < 0 || *s != '\0')
		return -EINVAL;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	back = tm;
	/* The 31st of April would silently become the 1st of May. */
	if ((t = timegm(&back)) < 0 || back.tm_mday != tm.tm_mday)
		return -EINVAL;
	t -= zone * 60;
	if (t < 0)
		return -EINVAL;
	*ret_seconds = (uint64_t)t;
	return 0;
}
