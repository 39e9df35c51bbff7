/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "detect.h"
#include "rulefile.h"

static const char usage[] =
    "usage: countersign-detect lint --syntax PATH...\n"
    "\n"
    "Says of each Sigma rule in these files, or in *.yml and *.yaml below these\n"
    "folders, what this program cannot read, with file, line and reason.\n"
    "Exit status: 0 all can be read, 1 some cannot, 2 usage, 3 cannot be opened.\n";

struct lint {
	size_t good, bad;
};

static void
take(void *context, struct sigma_rule *rule)
{
	struct lint *l = context;

	l->good++;
	sigmarule_free(rule);
}

static void
fail(void *context, const char *path, const struct conf_error *e)
{
	AUTO(free) char *text = conf_error_text(e, path);
	struct lint *l = context;

	l->bad++;
	fprintf(stderr, "%s\n", text != NULL ? text : path);
}

static int
read_options(int argc, char **argv)
{
	static const struct option longs[] = { { "syntax", no_argument, NULL,
						   's' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	bool has_syntax = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt != 's') {
			fputs(usage, opt == 'h' ? stdout : stderr);
			return opt == 'h' ? DETECT_DONE : DETECT_USAGE;
		}
		has_syntax = true;
	}
	if (has_syntax && optind < argc)
		return -1;
	fputs(usage, stderr);
	return DETECT_USAGE;
}

int
detect_lint(int argc, char **argv)
{
	struct lint l = { 0 };
	const struct rulefile_reader reader = { take, fail, &l };
	int i, r;

	if ((r = read_options(argc, argv)) >= 0)
		return r;
	for (i = optind; i < argc; i++)
		if ((r = rulefile_read(argv[i], &reader)) < 0) {
			fprintf(stderr,
			    "countersign-detect: cannot open '%s': %s\n",
			    argv[i], strerror(-r));
			return DETECT_IO;
		}
	printf("%zu rules can be read, %zu cannot\n", l.good, l.bad);
	return l.bad > 0 ? DETECT_FAILED : DETECT_DONE;
}
