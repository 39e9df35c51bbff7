/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "verb.h"

static int
print_usage(FILE *f, const struct verb *verbs, size_t n, const char *program)
{
	size_t i;

	fprintf(f, "usage: %s VERB [OPTION]... (%s VERB --help)\n", program,
	    program);
	for (i = 0; i < n; i++)
		fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].what);
	return f == stdout ? VERB_DONE : VERB_USAGE;
}

/* What could not be written is not done. */
static int
finish(int r, const char *program)
{
	/* Why, nobody knows any more if it was earlier. */
	const char *why = fflush(stdout) == 0 ? "" : strerror(errno);

	if (!ferror(stdout) && *why == '\0')
		return r;
	fprintf(stderr, "%s: the output cannot be written%s%s\n", program,
	    *why != '\0' ? ": " : "", why);
	return r != VERB_DONE ? r : VERB_FAILED;
}

int
verb_run(const struct verb *verbs, size_t n, const char *program,
    const char *version, int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return print_usage(stderr, verbs, n, program);
	for (i = 0; i < n; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return finish(verbs[i].run(argc - 1, argv + 1),
			    program);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_usage(stdout, verbs, n, program);
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", program, version);
		return VERB_DONE;
	}
	fprintf(stderr, "%s: no such verb: '%s' (see %s --help)\n", program,
	    argv[1], program);
	return VERB_USAGE;
}
