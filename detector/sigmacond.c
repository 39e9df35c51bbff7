/* SPDX-License-Identifier: ISC */
/* or < and < not < brackets; words of any case, as pySigma reads them. */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "parse.h"
#include "sigmacond.h"

DEFINE_AUTO(sigmacond_free, struct sigmacond)

#define WORD_MAX 256
#define TEXT_MAX 16384

struct parser {
	const char *at;
	const struct strv *searches;
	char *why;
	char word[WORD_MAX]; /* the next one; empty: there is none */
	unsigned depth;
};

static int complain(const struct parser *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
complain(const struct parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, SIGMACOND_TEXT_MAX, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static bool
is_word_byte(char c)
{
	return c != '\0' && c != '(' && c != ')' && !isspace((unsigned char)c);
}

/* A bracket, or what stands between blanks and brackets. */
static int
next_word(struct parser *p)
{
	size_t n = 0;

	while (isspace((unsigned char)*p->at))
		p->at++;
	if (*p->at == '(' || *p->at == ')')
		n = 1;
	while (n < WORD_MAX && is_word_byte(p->at[n]) &&
	    (n > 0 || is_word_byte(p->at[0])) && p->at[0] != '(' &&
	    p->at[0] != ')')
		n++;
	if (n >= WORD_MAX)
		return complain(p, "a word of the condition is too long");
	memcpy(p->word, p->at, n);
	p->word[n] = '\0';
	p->at += n;
	return 0;
}

static bool
is_next(const struct parser *p, const char *word)
{
	return strcasecmp(p->word, word) == 0;
}

static int
make(enum sigmacond_op op, struct sigmacond *left, struct sigmacond *right,
    struct sigmacond **ret)
{
	struct sigmacond *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		sigmacond_free(left);
		sigmacond_free(right);
		return -ENOMEM;
	}
	c->op = op;
	c->left = left;
	c->right = right;
	*ret = c;
	return 0;
}

/* "them", or a name with wildcards. */
static bool
is_among(const char *name, const char *which)
{
	if (strcasecmp(which, "them") == 0)
		return name[0] != '_';
	return fnmatch(which, name, FNM_NOESCAPE) == 0;
}

/* "1 of x", "all of x"; the word before "of" has been read. */
static int
parse_of(struct parser *p, const char *many, struct sigmacond **ret)
{
	AUTO(sigmacond_free) struct sigmacond *c = NULL;
	uint64_t least = 0;
	size_t i, n = 0;
	int r;

	if ((r = make(SIGMACOND_OF, NULL, NULL, &c)) < 0)
		return r;
	if (strcasecmp(many, "all") != 0 && strcasecmp(many, "any") != 0 &&
	    parse_uint(many, 1, 1000, &least) < 0)
		return complain(p, "'%.40s of' is not one of 1, any, all",
		    many);
	if ((c->of = calloc(p->searches->n + 1, sizeof(*c->of))) == NULL)
		return -ENOMEM;
	for (i = 0; i < p->searches->n; i++)
		n += c->of[i] = is_among(p->searches->v[i], p->word);
	if (n == 0)
		return complain(p, "there is no search '%.60s'", p->word);
	/* How many there are to look at. */
	c->search = p->searches->n;
	c->least = strcasecmp(many, "all") == 0 ? n
	    : strcasecmp(many, "any") == 0	? 1
						: (size_t)least;
	if (c->least > n)
		return complain(p, "'%.20s of %.60s' are only %zu", many,
		    p->word, n);
	*ret = TAKE(c);
	return next_word(p);
}

static int
parse_search(struct parser *p, const char *name, struct sigmacond **ret)
{
	size_t i;
	int r;

	for (i = 0; i < p->searches->n; i++)
		if (strcmp(p->searches->v[i], name) == 0) {
			if ((r = make(SIGMACOND_SEARCH, NULL, NULL, ret)) == 0)
				(*ret)->search = i;
			return r;
		}
	return complain(p, "there is no search '%.60s'", name);
}

static int parse_or(struct parser *p, struct sigmacond **ret);

static int
parse_brackets(struct parser *p, struct sigmacond **ret)
{
	AUTO(sigmacond_free) struct sigmacond *c = NULL;
	int r;

	if ((r = next_word(p)) < 0 || (r = parse_or(p, &c)) < 0)
		return r;
	if (!is_next(p, ")"))
		return complain(p, "a bracket is not closed");
	*ret = TAKE(c);
	return next_word(p);
}

static int
parse_operand(struct parser *p, struct sigmacond **ret)
{
	char name[WORD_MAX];
	int r;

	if (p->word[0] == '\0')
		return complain(p, "the condition ends too early");
	if (is_next(p, "("))
		return parse_brackets(p, ret);
	if (is_next(p, ")") || is_next(p, "and") || is_next(p, "or") ||
	    is_next(p, "of"))
		return complain(p, "'%s' is not expected there", p->word);
	memcpy(name, p->word, sizeof(name));
	if ((r = next_word(p)) < 0)
		return r;
	if (!is_next(p, "of"))
		return parse_search(p, name, ret);
	if ((r = next_word(p)) < 0)
		return r;
	return parse_of(p, name, ret);
}

static int
parse_not(struct parser *p, struct sigmacond **ret)
{
	struct sigmacond *c = NULL;
	int r;

	if (++p->depth > SIGMACOND_DEPTH_MAX)
		return complain(p, "the condition is nested too deeply");
	if (!is_next(p, "not")) {
		r = parse_operand(p, ret);
		p->depth--;
		return r;
	}
	if ((r = next_word(p)) < 0 || (r = parse_not(p, &c)) < 0)
		return r;
	p->depth--;
	return make(SIGMACOND_NOT, c, NULL, ret);
}

static int
parse_and(struct parser *p, struct sigmacond **ret)
{
	AUTO(sigmacond_free) struct sigmacond *c = NULL;
	struct sigmacond *more;
	int r;

	if ((r = parse_not(p, &c)) < 0)
		return r;
	while (is_next(p, "and")) {
		more = NULL;
		if ((r = next_word(p)) < 0 || (r = parse_not(p, &more)) < 0 ||
		    (r = make(SIGMACOND_AND, TAKE(c), more, &c)) < 0)
			return r;
	}
	*ret = TAKE(c);
	return 0;
}

static int
parse_or(struct parser *p, struct sigmacond **ret)
{
	AUTO(sigmacond_free) struct sigmacond *c = NULL;
	struct sigmacond *more;
	int r;

	if ((r = parse_and(p, &c)) < 0)
		return r;
	while (is_next(p, "or")) {
		more = NULL;
		if ((r = next_word(p)) < 0 || (r = parse_and(p, &more)) < 0 ||
		    (r = make(SIGMACOND_OR, TAKE(c), more, &c)) < 0)
			return r;
	}
	*ret = TAKE(c);
	return 0;
}

int
sigmacond_parse(const char *text, const struct strv *searches,
    struct sigmacond **ret, char why[SIGMACOND_TEXT_MAX])
{
	AUTO(sigmacond_free) struct sigmacond *c = NULL;
	struct parser p = { .at = text, .searches = searches, .why = why };
	int r;

	if (strlen(text) > TEXT_MAX)
		return complain(&p, "the condition is longer than 16 KiB");
	if ((r = next_word(&p)) < 0 || (r = parse_or(&p, &c)) < 0)
		return r;
	if (p.word[0] == '|')
		return complain(&p,
		    "'|' and what follows is the old aggregation: write a "
		    "correlation");
	if (p.word[0] != '\0')
		return complain(&p, "'%.60s' is not expected there", p.word);
	*ret = TAKE(c);
	return 0;
}

void
sigmacond_free(struct sigmacond *c)
{
	struct sigmacond *left;

	/* A long "a or b or c" leans to the left. */
	for (; c != NULL; c = left) {
		left = c->left;
		sigmacond_free(c->right);
		free(c->of);
		free(c);
	}
}

static bool
has_enough(const struct sigmacond *c, const bool *found, size_t n)
{
	size_t i, hits = 0;

	for (i = 0; i < n && hits < c->least; i++)
		hits += c->of[i] && found[i];
	return hits >= c->least;
}

bool
sigmacond_holds(const struct sigmacond *c, const bool *found)
{
	switch (c->op) {
	case SIGMACOND_SEARCH:
		return found[c->search];
	case SIGMACOND_NOT:
		return !sigmacond_holds(c->left, found);
	case SIGMACOND_AND:
		return sigmacond_holds(c->left, found) &&
		    sigmacond_holds(c->right, found);
	case SIGMACOND_OR:
		return sigmacond_holds(c->left, found) ||
		    sigmacond_holds(c->right, found);
	case SIGMACOND_OF:
		return has_enough(c, found, c->search);
	}
	return false;
}

bool
sigmacond_uses(const struct sigmacond *c, size_t search)
{
	if (c == NULL)
		return false;
	if (c->op == SIGMACOND_SEARCH)
		return c->search == search;
	if (c->op == SIGMACOND_OF)
		return search < c->search && c->of[search];
	return sigmacond_uses(c->left, search) ||
	    sigmacond_uses(c->right, search);
}
