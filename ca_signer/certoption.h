/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -O words. */
#ifndef CS_CERTOPTION_H
#define CS_CERTOPTION_H

#include "certwriter.h"

/* What a user's certificate has of ssh-keygen without a word about it. 0 or
 * -ENOMEM. */
int certoption_defaults(struct strv *ext);
/* One -O of ssh-keygen(1). -EINVAL: unknown; -EEXIST: a second one; -ENOMEM. */
int certoption_add(struct cert_request *req, const char *word);
/* "permit-pty" of "permit-pty" and of "no-pty" (then *ret_no is true); NULL if
 * it is none of these. */
const char *certoption_flag(const char *word, bool *ret_no);

#endif
