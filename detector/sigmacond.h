/* SPDX-License-Identifier: ISC */
/* A Sigma rule's condition (SigmaHQ/sigma-specification 2.1, "Condition"): a
 * boolean program over what its searches found. */
#ifndef CS_SIGMACOND_H
#define CS_SIGMACOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strv.h"

#define SIGMACOND_DEPTH_MAX 64
#define SIGMACOND_TEXT_MAX  128

enum sigmacond_op {
	SIGMACOND_SEARCH, /* the search number `search` */
	SIGMACOND_NOT, /* of `left` */
	SIGMACOND_AND,
	SIGMACOND_OR,
	SIGMACOND_OF /* at least `least` of those whose bit is set */
};

struct sigmacond {
	enum sigmacond_op op;
	size_t search;
	struct sigmacond *left, *right;
	size_t least;
	bool *of; /* by number of the search */
};

/*
 * Reads text over the searches of these names. `1 of x_*`, `all of them` and
 * the like take those that there are; an underscore at its beginning keeps a
 * search out of `them`. 0 with *ret, which the caller frees; -ENOMEM; -EINVAL
 * with what is wrong in why.
 */
int sigmacond_parse(const char *text, const struct strv *searches,
    struct sigmacond **ret, char why[SIGMACOND_TEXT_MAX]);
void sigmacond_free(struct sigmacond *c);
/* Of what the searches found, by number. */
bool sigmacond_holds(const struct sigmacond *c, const bool *found);
/* Does it ask for this search? */
bool sigmacond_uses(const struct sigmacond *c, size_t search);

#endif
