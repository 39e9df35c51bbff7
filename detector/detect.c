/* SPDX-License-Identifier: ISC */
/* countersign-detect(1): rules over the events. */
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "detect.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
	{ "lint", detect_lint, "are these rules such as this can read" },
};

static void
print_usage(FILE *f)
{
	size_t i;

	fputs("usage: countersign-detect VERB [OPTION]... (countersign-detect "
	      "VERB --help)\n",
	    f);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %-8s %s\n", verbs[i].name, verbs[i].what);
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		print_usage(stderr);
		return DETECT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return DETECT_DONE;
	}
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	fprintf(stderr, "countersign-detect: there is no verb '%s'\n", argv[1]);
	print_usage(stderr);
	return DETECT_USAGE;
}
