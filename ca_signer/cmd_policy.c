/* SPDX-License-Identifier: ISC */
/* countersign policy: who may be whom, where, as a file with tests. */
#include <string.h>

#include "auto.h"
#include "show.h"
#include "verbs.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
	{ "check", cmd_policy_check, "find mistakes, with line and column" },
	{ "fmt", cmd_policy_fmt, "bring it into its one layout" },
	{ "diff", cmd_policy_diff, "who gains and who loses what" },
	{ "test", cmd_policy_test, "answer a file of questions" },
	{ "explain", cmd_policy_explain, "may they, and why (not)?" },
	{ "lock", cmd_policy_lock, "add the locks that detectors request" },
	{ "sign", cmd_policy_sign, "sign it by the CA's policy key" },
	{ "verify", cmd_policy_verify, "is it signed by this key?" },
};

static void
print_usage(FILE *f)
{
	size_t i;

	fputs("usage: countersign policy VERB [OPTION]... FILE... "
	      "(countersign policy VERB --help)\n",
	    f);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %-14s %s\n", verbs[i].name, verbs[i].what);
}

int
cmd_policy(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	return show_error(EXIT_USAGE,
	    "no such verb of policy: '%s' (see countersign policy --help)",
	    argv[1]);
}
