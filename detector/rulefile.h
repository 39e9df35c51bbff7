/* SPDX-License-Identifier: ISC */
/* Rule files below paths. */
#ifndef CS_RULEFILE_H
#define CS_RULEFILE_H

#include "sigmarule.h"

struct rulefile_reader {
	/* A rule of a file, which the callee frees. */
	void (*take)(void *context, struct sigma_rule *rule);
	/* A document that says what `expand` stands for; NULL: they are passed
	 * over. As placeholders_add. */
	int (*placeholders)(void *context, const struct yamlnode *map,
	    struct conf_error *reterr);
	/* A file, or a rule of it, that cannot be read. */
	void (
	    *fail)(void *context, const char *path, const struct conf_error *e);
	void *context;
};

/* One file, or all *.yml and *.yaml below a folder, in the order of their
 * names. 0, or -errno if not even path can be opened or memory runs out. */
int rulefile_read(const char *path, const struct rulefile_reader *reader);

#endif
