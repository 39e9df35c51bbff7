/* SPDX-License-Identifier: ISC */
/* The `detection` of a Sigma rule: its searches and its condition. A filter's is
 * the same with `rules` beside them. */
#ifndef CS_SIGMADETECTION_H
#define CS_SIGMADETECTION_H

#include "sigmarule.h"

/* Fills names, searches, condition of this map; a key `beside` (NULL: none) is
 * no search. 0, -ENOMEM, or -EINVAL with line and reason. */
int sigmadetection_read(struct sigma_rule *r, const struct yamlnode *d,
    const char *beside, struct conf_error *reterr);
void sigmadetection_clear(struct sigma_rule *r);

#endif
