/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -O words. */
#ifndef CS_CERTOPTION_H
#define CS_CERTOPTION_H

#include "certwriter.h"

/* What a user's certificate has without a word about it: everything but user
 * rc, since hosts decide what is allowed. 0 or -ENOMEM. */
int certoption_defaults(struct strv *ext);
/* One -O of ssh-keygen(1). -EINVAL: unknown; -EEXIST: a second one; -ENOMEM. */
int certoption_add(struct cert_request *req, const char *word);

#endif
