/* SPDX-License-Identifier: ISC */
/* What the `expand` of rules stands for here: documents beside the rules with
 * `placeholders`, names and lists of values. */
#ifndef CS_PLACEHOLDERS_H
#define CS_PLACEHOLDERS_H

#include "sigmarule.h"

struct placeholders {
	struct strv names;
	struct strv *values; /* names.n of them */
};

/* Of a document's map. 0, -ENOMEM, or -EINVAL with line and reason. */
int placeholders_add(struct placeholders *p, const struct yamlnode *map,
    struct conf_error *reterr);
void placeholders_clear(struct placeholders *p);
/* Does it want any? */
bool placeholders_wanted(const struct sigma_rule *r);
/* Each value with %name% becomes as many as the name has. 0, -ENOMEM, or -EINVAL
 * with line and reason: a name that nothing defines, too many values. */
int placeholders_expand(struct sigma_rule *r, const struct placeholders *p,
    struct conf_error *reterr);

#endif
