/* SPDX-License-Identifier: ISC */
/* countersign-node(8): this host's doctor, its setup, its refresh. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "node.h"
#include "report.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
	{ "check", node_check,
	    "is everything in force? what is wrong, and "
	    "what mends it" },
	{ "setup", node_setup,
	    "put it in force, and take it back unless "
	    "confirmed" },
	{ "remove", node_remove, "take it out again" },
	{ "refresh", node_refresh, "bring policy and KRL up to date" },
	{ "lock", node_lock, "lock somebody out of this host, now" },
	{ "unlock", node_unlock, "end such a lock" },
};

static void
print_usage(FILE *f)
{
	size_t i;

	fputs("usage: countersign-node VERB [OPTION]... (countersign-node VERB "
	      "--help)\n",
	    f);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].what);
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		print_usage(stderr);
		return NODE_USAGE;
	}
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return NODE_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("countersign-node " CS_VERSION);
		return NODE_DONE;
	}
	report_failure("no such verb: '%s' (see countersign-node --help)",
	    argv[1]);
	return NODE_USAGE;
}
