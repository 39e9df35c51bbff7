/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -O words. */
#ifndef CS_CERTOPTION_H
#define CS_CERTOPTION_H

#include "certwriter.h"

/* What a user's certificate has without a word about it: as ssh-keygen, or
 * without user rc. 0 or -ENOMEM. */
int certoption_defaults(struct strv *ext, bool with_user_rc);
/* One -O of ssh-keygen(1). -EINVAL: unknown; -EEXIST: a second one; -ENOMEM. */
int certoption_add(struct cert_request *req, const char *word);
/* -O clear and -h: the extensions that ssh-keygen has words for go. */
void certoption_clear_flags(struct strv *ext);
/* "permit-pty" of "pty", "permit-pty" and "no-pty" (then *ret_no is true);
 * NULL if it is none of these. */
const char *certoption_flag(const char *word, bool *ret_no);

#endif
