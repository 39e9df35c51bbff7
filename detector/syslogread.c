/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "eventread.h"

struct cursor {
	const char *p, *end;
};

/* The next word; the cursor is behind its space. */
static size_t
word(struct cursor *c, const char **ret)
{
	const char *start = c->p;
	size_t n;

	while (c->p < c->end && *c->p != ' ')
		c->p++;
	n = (size_t)(c->p - start);
	if (c->p < c->end)
		c->p++;
	*ret = start;
	return n;
}

static void
priority(struct cursor *c)
{
	const char *p = c->p;

	if (p == c->end || *p != '<')
		return;
	for (p++; p < c->end && *p >= '0' && *p <= '9'; p++)
		;
	if (p < c->end && *p == '>')
		c->p = p + 1;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "Nov 26 00:46:50" or "Nov  6 ..." (RFC 3164 4.1.2), or one word that begins
 * with a year. */
static int
timestamp(struct cursor *c, struct syslog_line *ret)
{
	const char *p = c->p;

	ret->time = p;
	if (c->end - p >= 11 && is_digit(p[0]) && is_digit(p[3]) &&
	    p[4] == '-' && p[7] == '-' && p[10] == 'T') {
		ret->time_len = word(c, &ret->time);
		return 0;
	}
	if (c->end - p < 16 || p[3] != ' ' || p[6] != ' ' || p[9] != ':' ||
	    p[12] != ':' || p[15] != ' ' || !is_digit(p[14]))
		return -EBADMSG;
	ret->time_len = 15;
	c->p += 16;
	return 0;
}

/* PROGRAM[PID]: or PROGRAM: */
static void
tag(struct cursor *c, struct syslog_line *ret)
{
	const char *p = c->p;

	while (p < c->end && *p != ' ' && *p != ':' && *p != '[')
		p++;
	if (p == c->end || *p == ' ')
		return;
	ret->program = c->p;
	ret->program_len = (size_t)(p - c->p);
	if (*p == '[')
		for (p++; p < c->end && *p != ']'; p++)
			if (is_digit(*p) && ret->pid < UINT32_MAX)
				ret->pid = ret->pid * 10 + (uint64_t)(*p - '0');
	while (p < c->end && (*p == ']' || *p == ':'))
		p++;
	c->p = p < c->end && *p == ' ' ? p + 1 : p;
}

int
eventread_syslog(const char *line, size_t len, struct syslog_line *ret)
{
	struct cursor c = { line, line + len };

	*ret = (struct syslog_line){ .time = "", .host = "", .program = "" };
	priority(&c);
	if (timestamp(&c, ret) < 0)
		return -EBADMSG;
	ret->host_len = word(&c, &ret->host);
	tag(&c, ret);
	ret->message = c.p;
	ret->message_len = (size_t)(c.end - c.p);
	return 0;
}
