/* SPDX-License-Identifier: ISC */
/* The environment that the user's program shall see. */
#ifndef CS_SESSIONENV_H
#define CS_SESSIONENV_H

#include <stdbool.h>

#include "strv.h"

/*
 * Makes environ what sshd would have given: without the variables that our
 * SetEnv line and the forcing shell put there, with those that the PAM module
 * took out. SSH_ORIGINAL_COMMAND stays only for a forced command. 0 or -ENOMEM.
 */
int sessionenv_restore(const struct strv *taken, bool is_forced);

#endif
