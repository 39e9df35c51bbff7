/* SPDX-License-Identifier: ISC */
/* What PAM's environment may do to the shell that starts the wrapper. */
#ifndef CS_ENVIRONMENT_H
#define CS_ENVIRONMENT_H

#include <security/pam_modules.h>

#include "strv.h"

/*
 * Moves every variable that is not known to be harmless to a shell out of
 * PAM's environment into *ret, as NAME=VALUE: the wrapper gives them back when
 * the user's own program starts. (~/.pam_environment can set BASH_ENV,
 * LD_PRELOAD, or SHELLOPTS and PS4, and run before the wrapper.) 0 or -ENOMEM.
 */
int environment_take(pam_handle_t *pamh, struct strv *ret);

#endif
