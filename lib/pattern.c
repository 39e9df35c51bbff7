/* SPDX-License-Identifier: ISC */
/* Globs in linear space and at worst quadratic time; regcomp(3) for /.../. */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "pattern.h"

#define EXPRESSION_MAX	 512
#define EXPRESSION_DEPTH 32
#define EXPRESSION_NODES 1000 /* once repetitions are written out */

static bool
is_expression(const char *p)
{
	size_t n = strlen(p);

	return n > 2 && p[0] == '/' && p[n - 1] == '/';
}

/* "[...]" with classes inside; points behind it, or at the end of text. */
static const char *
skip_bracket(const char *p, const char *end)
{
	const char *close;
	char what[3] = "";

	p += p < end && *p == '^';
	p += p < end && *p == ']';
	for (; p < end && *p != ']'; p++) {
		if (*p != '[' || p + 1 == end || strchr(":.=", p[1]) == NULL)
			continue;
		what[0] = p[1];
		what[1] = ']';
		close = memmem(p + 2, (size_t)(end - p - 2), what, 2);
		if (close == NULL)
			return end;
		p = close + 1;
	}
	return p < end ? p + 1 : end;
}

/* "m}", "m,}", "m,n}": how many copies regcomp() makes at most. */
static size_t
interval_copies(const char **p, const char *end)
{
	size_t n = 0, most = 0;

	for (; *p < end && **p != '}'; (*p)++) {
		if (**p == ',')
			n = 0;
		else if (**p >= '0' && **p <= '9' && n <= EXPRESSION_NODES)
			n = n * 10 + (size_t)(**p - '0');
		most = n > most ? n : most;
	}
	*p += *p < end;
	return most + 1;
}

/* The size of an expression once its repetitions are written out. */
struct expansion {
	size_t sums[EXPRESSION_DEPTH]; /* of each open group */
	size_t depth;
	size_t last; /* the atom that a repetition would repeat */
	bool is_repeated; /* and it has one already */
};

static void
add_atom(struct expansion *x, size_t size)
{
	x->last = size;
	x->sums[x->depth] += size;
	x->is_repeated = false;
}

/* One copy of it is counted already. */
static bool
repeat_atom(struct expansion *x, size_t copies)
{
	if (x->is_repeated)
		return false;
	x->sums[x->depth] += x->last * (copies - 1);
	x->is_repeated = true;
	return true;
}

static bool
open_group(struct expansion *x)
{
	if (++x->depth == EXPRESSION_DEPTH)
		return false;
	x->sums[x->depth] = x->last = 0;
	x->is_repeated = false;
	return true;
}

/* One that was never opened would close the group that anchors. */
static bool
close_group(struct expansion *x)
{
	if (x->depth == 0)
		return false;
	x->depth--;
	add_atom(x, x->sums[x->depth + 1] + 1);
	return true;
}

/* Takes one piece at *p, which is before the end. */
static bool
expand_piece(struct expansion *x, const char **p, const char *end)
{
	char c = *(*p)++;

	switch (c) {
	case '(':
		return open_group(x);
	case ')':
		return close_group(x);
	case '*':
	case '?':
		return repeat_atom(x, 1);
	case '+':
		return repeat_atom(x, 2);
	case '{':
		return repeat_atom(x, interval_copies(p, end));
	case '[':
		*p = skip_bracket(*p, end);
		break;
	case '\\':
		if (*p == end || (**p >= '1' && **p <= '9'))
			return false;
		(*p)++;
		break;
	}
	add_atom(x, 1);
	return true;
}

/*
 * glibc's regcomp() writes repetitions out, and repetitions of those again: it
 * makes gigabytes of "((a{99}){99}){99}", and two copies for each '+'. "a***"
 * and back references take exponential time. None of them gets that far.
 */
static bool
expression_is_small(const char *p, size_t len)
{
	struct expansion x = { .depth = 0 };
	const char *end = p + len;

	while (p < end)
		if (!expand_piece(&x, &p, end) ||
		    x.sums[x.depth] > EXPRESSION_NODES)
			return false;
	return x.depth == 0;
}

/* Anchored: an expression that fits some part of a value is a surprise. */
static bool
expression_compile(const char *pattern, regex_t *ret)
{
	char text[EXPRESSION_MAX + 8];
	int n = (int)strlen(pattern) - 2;

	if (n > EXPRESSION_MAX || !expression_is_small(pattern + 1, (size_t)n))
		return false;
	snprintf(text, sizeof(text), "^(%.*s)$", n, pattern + 1);
	return regcomp(ret, text, REG_EXTENDED | REG_NOSUB) == 0;
}

static bool
expression_match(const char *pattern, const char *text)
{
	regex_t re;
	bool fits;

	if (!expression_compile(pattern, &re))
		return false;
	fits = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return fits;
}

bool
pattern_is_valid(const char *pattern)
{
	regex_t re;

	/* Other globs have classes, alternatives, escapes: here they would be
	 * taken literally, which in a deny is more than was meant. */
	if (!is_expression(pattern))
		return pattern[0] != '\0' && strpbrk(pattern, "[]{}\\") == NULL;
	if (!expression_compile(pattern, &re))
		return false;
	regfree(&re);
	return true;
}

static bool
glob_match(const char *p, const char *s)
{
	const char *star = NULL, *again = NULL;

	while (*s != '\0') {
		if (*p == '*') {
			star = p++;
			again = s;
		} else if (*p == '?' || *p == *s) {
			p++;
			s++;
		} else if (star != NULL) {
			p = star + 1;
			s = ++again;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

bool
pattern_match(const char *pattern, const char *text)
{
	if (is_expression(pattern))
		return expression_match(pattern, text);
	return glob_match(pattern, text);
}

bool
pattern_match_any(const struct strv *patterns, const char *text)
{
	size_t i;

	for (i = 0; text != NULL && i < patterns->n; i++)
		if (pattern_match(patterns->v[i], text))
			return true;
	return false;
}
