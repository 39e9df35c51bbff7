/* SPDX-License-Identifier: ISC */
/* The `countersign` of a rule file: alerts and tests. */
#ifndef CS_SIGMAALERTING_H
#define CS_SIGMAALERTING_H

#include "sigmarule.h"

/* Defaults where there is none. 0, -ENOMEM, or -EINVAL with line and reason. */
int sigmaalerting_read(struct sigma_alerting *a, const struct yamlnode *rule,
    struct conf_error *reterr);
void sigmaalerting_clear(struct sigma_alerting *a);

#endif
