/* SPDX-License-Identifier: ISC */
/* countersign policy fmt. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "policyfmt.h"
#include "show.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign policy fmt [-w | --check] FILE...\n"
    "\n"
    "Prints the policy in its one layout.\n"
    "\n"
    "  -w, --write   replace the file instead\n"
    "  --check       print the names of files that are laid out otherwise;\n"
    "                exit status 1 if there is one\n"
    "  --help        this text\n";

enum fmt_mode {
	FMT_PRINT,
	FMT_WRITE,
	FMT_CHECK
};

/* An exit code that has been explained, or -1; *ret_differs is for --check. */
static int
format_file(const char *path, enum fmt_mode mode, bool *ret_differs)
{
	AUTO_CLEAR(policyfile_clear) struct policyfile p = { 0 };
	AUTO(free) char *text = NULL;
	int r;

	if ((r = policyfile_load(path, &p)) >= 0)
		return r;
	if ((text = policyfmt(&p)) == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if (mode == FMT_PRINT) {
		fputs(text, stdout);
		return -1;
	}
	if (strcmp(text, p.text) == 0)
		return -1;
	if (mode == FMT_WRITE)
		return policyfile_replace(path, text);
	*ret_differs = true;
	show_text(stdout, path, strlen(path));
	fputc('\n', stdout);
	return -1;
}

int
cmd_policy_fmt(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "write", no_argument, NULL, 'w' },
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	enum fmt_mode mode = FMT_PRINT;
	bool differs = false;
	int c, i, r;

	while ((c = getopt_long(argc, argv, "wh", longs, NULL)) != -1) {
		if (c == 'w') {
			mode = FMT_WRITE;
		} else if (c == 'c') {
			mode = FMT_CHECK;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	for (i = optind; i < argc; i++)
		if ((r = format_file(argv[i], mode, &differs)) >= 0)
			return r;
	return differs ? EXIT_REFUSED : EXIT_DONE;
}
