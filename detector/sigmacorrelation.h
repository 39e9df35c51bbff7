/* SPDX-License-Identifier: ISC */
/* The `correlation` of a Sigma document (SigmaHQ/sigma-specification 2.1, "Sigma
 * Correlation Rules"), with two types of ours: first_seen and absence. */
#ifndef CS_SIGMACORRELATION_H
#define CS_SIGMACORRELATION_H

#include "sigmarule.h"

#define SIGMACORRELATION_RULES_MAX  16
#define SIGMACORRELATION_COUNT_MAX  1000000
#define SIGMACORRELATION_VALUES_MAX 100

/* 0, -ENOMEM, or -EINVAL with line and reason. */
int sigmacorrelation_read(struct sigma_correlation *c,
    const struct yamlnode *document, struct conf_error *reterr);
void sigmacorrelation_clear(struct sigma_correlation *c);

#endif
