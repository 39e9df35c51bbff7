/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "traceargs.h"

/* At most, as JSON. */
static size_t
cost_of(uint8_t c)
{
	if (c >= ' ' && c < 0x7f)
		return c == '"' || c == '\\' ? 2 : 1;
	return 6;
}

size_t
traceargs_count(const struct traceargs *a)
{
	size_t n = a->n > 0 && a->p[a->n - 1] != '\0', i;

	for (i = 0; i < a->n; i++)
		n += a->p[i] == '\0';
	return n;
}

/* How much of the argument at p, of at most n bytes, there is room for: all of
 * it, or so much that no character is cut. */
static size_t
take(const uint8_t *p, size_t n, size_t *cost)
{
	size_t i, back = 0;

	for (i = 0; i < n && p[i] != '\0'; i++) {
		if (*cost + cost_of(p[i]) > TRACEARGS_COST)
			break;
		*cost += cost_of(p[i]);
	}
	if (i == n || p[i] == '\0')
		return i;
	while (back < 3 && back < i && (p[i - back] & 0xc0) == 0x80)
		back++;
	return (p[i - back] & 0xc0) == 0x80 ? i : i - back;
}

static bool
is_whole(const struct traceargs *a, size_t len)
{
	return a->at + len == a->n || a->p[a->at + len] == '\0';
}

/* In a piece of its own. */
static bool
would_fit(const struct traceargs *a)
{
	size_t cost = 3;

	return is_whole(a, take(a->p + a->at, a->n - a->at, &cost));
}

bool
traceargs_next(struct traceargs *a, struct strv *ret, bool *ret_continues)
{
	size_t cost = 0, len, left;

	*ret = (struct strv){ 0 };
	*ret_continues = a->is_within;
	while (a->at < a->n) {
		left = a->n - a->at;
		cost += 3;
		len = take(a->p + a->at, left, &cost);
		/* Only what no piece has room for is cut. */
		if (!is_whole(a, len) && ret->n > 0 &&
		    (len == 0 || would_fit(a)))
			return true;
		if (strv_add_take(ret,
			strndup((const char *)a->p + a->at, len)) < 0)
			return ret->n > 0;
		a->at += len;
		a->is_within = !is_whole(a, 0);
		if (a->is_within)
			return true;
		a->at++;
		if (cost > TRACEARGS_COST)
			return true;
	}
	return ret->n > 0;
}

size_t
traceargs_left(const struct traceargs *a)
{
	struct traceargs copy = *a;
	struct strv piece;
	bool continues;
	size_t n = 0;

	while (traceargs_next(&copy, &piece, &continues)) {
		strv_clear(&piece);
		n++;
	}
	return n;
}
