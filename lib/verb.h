/* SPDX-License-Identifier: ISC */
/* A program of verbs: its usage, and the one that was asked for. */
#ifndef CS_VERB_H
#define CS_VERB_H

#include <stddef.h>

#define VERB_DONE   0
#define VERB_USAGE  2
#define VERB_FAILED 3 /* the verb's output cannot be written */

struct verb {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the verb */
	const char *what; /* a line of the usage */
};

/* What the verb returns; VERB_DONE after --help or --version, VERB_USAGE for
 * what is none, with the reason on standard error. */
int verb_run(const struct verb *verbs, size_t n, const char *program,
    const char *version, int argc, char **argv);

#endif
