/* SPDX-License-Identifier: ISC */
/* What sshd shows a person who logs in, and under a ForceCommand does not. */
#ifndef CS_GREETING_H
#define CS_GREETING_H

#include "keepermsg.h"

/* For a login shell, unless ~/.hushlogin says no: pam_motd's files, and on a
 * terminal the last login. */
void greeting_print(const struct keeper_go *go, const char *command);

#endif
