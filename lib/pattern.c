/* SPDX-License-Identifier: ISC */
/* Globs in linear space and at worst quadratic time; regcomp(3) for /.../. */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "pattern.h"

#define EXPRESSION_MAX 512

static bool
is_expression(const char *p)
{
	size_t n = strlen(p);

	return n > 2 && p[0] == '/' && p[n - 1] == '/';
}

/* Anchored: an expression that fits some part of a value is a surprise. */
static bool
expression_compile(const char *pattern, regex_t *ret)
{
	char text[EXPRESSION_MAX + 8];
	int n = (int)strlen(pattern) - 2;

	if (n > EXPRESSION_MAX)
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
