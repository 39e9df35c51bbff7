/* SPDX-License-Identifier: ISC */
/* Why an answer is what it is: each role and each lock, rule by rule. */
#ifndef CS_POLICYWHY_H
#define CS_POLICYWHY_H

#include "question.h"

/* Lines of text, one for each role that is held and each lock that concerns the
 * certificate. 0 or -ENOMEM. */
int policywhy(const struct policy *p, const struct question *q,
    const struct answer *a, struct strv *ret);

#endif
