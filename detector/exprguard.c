/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "exprguard.h"

struct guarding {
	const char *p, *end;
	char run[EXPRGUARD_MAX], best[EXPRGUARD_MAX];
	size_t n, n_best;
	bool is_unsure;
};

static void
end_run(struct guarding *g)
{
	if (g->n > g->n_best) {
		memcpy(g->best, g->run, g->n);
		g->n_best = g->n;
	}
	g->n = 0;
}

static void
add(struct guarding *g, char c)
{
	if (g->n == EXPRGUARD_MAX)
		end_run(g);
	g->run[g->n++] = c;
}

/* The last one may be missing. */
static void
drop_last(struct guarding *g)
{
	if (g->n > 0)
		g->n--;
	end_run(g);
}

/* Behind "[", to behind its "]". */
static void
skip_class(struct guarding *g)
{
	if (g->p < g->end && *g->p == '^')
		g->p++;
	if (g->p < g->end && *g->p == ']')
		g->p++;
	for (; g->p < g->end && *g->p != ']'; g->p++) {
		/* [:alpha:] and the like have brackets of their own. */
		if (*g->p == '[')
			g->is_unsure = true;
		if (*g->p == '\\')
			g->p++;
	}
	if (g->p >= g->end)
		g->is_unsure = true;
	else
		g->p++;
}

/* Behind "(", to behind its ")". */
static void
skip_group(struct guarding *g)
{
	size_t depth = 1;

	while (depth > 0 && g->p < g->end && !g->is_unsure)
		switch (*g->p++) {
		case '(':
			depth++;
			break;
		case ')':
			depth--;
			break;
		case '[':
			skip_class(g);
			break;
		case '\\':
			g->p++;
			break;
		default:
			break;
		}
	if (depth > 0 || g->p > g->end)
		g->is_unsure = true;
}

static void
take_escape(struct guarding *g)
{
	if (g->p == g->end || *g->p == 'Q') {
		g->is_unsure = true;
	} else if (isalnum((unsigned char)*g->p)) {
		/* Its number or name may follow: none of them is taken. */
		end_run(g);
		g->is_unsure = strchr("bBdDsSwWAzZ", *g->p) == NULL;
		g->p++;
	} else
		add(g, *g->p++);
}

static void
take_next(struct guarding *g)
{
	char c = *g->p++;

	switch (c) {
	case '|':
	case ')':
		g->is_unsure = true;
		break;
	case '(':
		end_run(g);
		/* Options, and what looks around. */
		if (g->p < g->end && (*g->p == '?' || *g->p == '*'))
			g->is_unsure = true;
		skip_group(g);
		break;
	case '[':
		end_run(g);
		skip_class(g);
		break;
	case '\\':
		take_escape(g);
		break;
	case '?':
	case '*':
		drop_last(g);
		break;
	case '{':
		drop_last(g);
		while (g->p < g->end && strchr("0123456789,", *g->p) != NULL)
			g->p++;
		/* Another brace is a letter. */
		g->is_unsure = g->p == g->end || *g->p != '}';
		g->p++;
		break;
	case '+':
	case '.':
	case '^':
	case '$':
		end_run(g);
		break;
	default:
		add(g, c);
	}
}

size_t
exprguard(const char *text, size_t len, char ret[EXPRGUARD_MAX])
{
	struct guarding g = { .p = text, .end = text + len };

	while (g.p < g.end && !g.is_unsure)
		take_next(&g);
	end_run(&g);
	if (g.is_unsure)
		return 0;
	memcpy(ret, g.best, g.n_best);
	return g.n_best;
}
