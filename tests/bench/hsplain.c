/* SPDX-License-Identifier: ISC */
/*
 * hsplain LOGSOURCES FILE RULES...: what the detector is measured against: the
 * same patterns as one plain Hyperscan database over the same lines, whole, and
 * nothing else. Prints the seconds of it, and how often something was found.
 */
#include <fcntl.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "linefeed.h"
#include "ruleset.h"

struct plain {
	hs_database_t *database;
	hs_scratch_t *scratch;
	unsigned long long found, lines;
};

static int
on_match(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	((struct plain *)context)->found++;
	return 0;
}

static void
take(void *context, const char *line, size_t len)
{
	struct plain *p = context;

	p->lines++;
	if (hs_scan(p->database, line, (unsigned)len, 0, p->scratch, on_match,
		p) != HS_SUCCESS)
		exit(1);
}

/* In a line a whole text is a part of it, and there are no ends. */
static char *
as_part(const struct sigmapattern *p)
{
	const char *text = p->text;
	size_t i, n = p->len;
	char *out = malloc(p->len * 4 + 2), *end = out;

	if (out == NULL)
		exit(1);
	if (p->kind != SIGMAPATTERN_EXPRESSION) {
		if (p->kind == SIGMAPATTERN_LAST)
			end += sprintf(end, "/");
		for (i = 0; i < n; i++)
			end += sprintf(end, "\\x%02x", (unsigned char)text[i]);
		return out;
	}
	if (n >= 2 && memcmp(text, "\\A", 2) == 0) {
		text += 2;
		n -= 2;
	}
	if (n >= 2 && memcmp(text + n - 2, "\\z", 2) == 0)
		n -= 2;
	memcpy(out, text, n);
	out[n] = '\0';
	return out;
}

static void
compile(struct plain *p, const struct matcher *m)
{
	size_t i, n = matcher_count(m);
	char **texts = calloc(n, sizeof(char *));
	unsigned *flags = calloc(n, sizeof(*flags));
	unsigned *ids = calloc(n, sizeof(*ids));
	hs_compile_error_t *e = NULL;

	if (texts == NULL || flags == NULL || ids == NULL)
		exit(1);
	for (i = 0; i < n; i++) {
		const struct sigmapattern *pattern =
		    matcher_pattern(m, (uint32_t)i);

		texts[i] = as_part(pattern);
		flags[i] = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY |
		    (pattern->is_cased ? 0U : HS_FLAG_CASELESS) |
		    (pattern->is_single_line_dot ? 0U : HS_FLAG_DOTALL);
		ids[i] = (unsigned)i;
	}
	if (hs_compile_multi((const char *const *)texts, flags, ids,
		(unsigned)n, HS_MODE_BLOCK, NULL, &p->database,
		&e) != HS_SUCCESS ||
	    hs_alloc_scratch(p->database, &p->scratch) != HS_SUCCESS) {
		fprintf(stderr, "hsplain: %s\n",
		    e != NULL ? e->message : "no memory");
		exit(1);
	}
	fprintf(stderr, "%zu patterns\n", n);
}

int
main(int argc, char **argv)
{
	struct ruleset rules = { 0 };
	struct plain p = { 0 };
	struct linefeed feed;
	clock_t begin;
	int i, fd;

	if (argc < 4) {
		fprintf(stderr, "usage: hsplain LOGSOURCES FILE RULES...\n");
		return 2;
	}
	rules.logsources = argv[1];
	for (i = 3; i < argc; i++)
		if (strv_add(&rules.paths, argv[i]) < 0)
			return 1;
	if (ruleset_load(&rules) < 0 || linefeed_init(&feed) < 0 ||
	    (fd = open(argv[2], O_RDONLY | O_CLOEXEC)) < 0)
		return 1;
	compile(&p, engine_matcher(rules.engine));
	begin = clock();
	while (linefeed_read(&feed, fd, take, &p) > 0)
		;
	printf("%.6f seconds, %llu lines, found %llu\n",
	    (double)(clock() - begin) / CLOCKS_PER_SEC, p.lines, p.found);
	return 0;
}
