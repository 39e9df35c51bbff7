/* SPDX-License-Identifier: ISC */
/* The user's program: started as sshd would have, waited for, imitated. */
#ifndef CS_SESSIONRUN_H
#define CS_SESSIONRUN_H

#include "keepermsg.h"

/*
 * Runs the shell, the command or the subsystem, and waits for it, passing on
 * what a session's leader is sent. 0 with *ret filled, or -errno if it could
 * not be started.
 */
int sessionrun(const struct keeper_go *go, const char *command,
    struct keeper_exit *ret);
/* Ends this process the way the program ended. */
_Noreturn void sessionrun_end_like(const struct keeper_exit *x);

#endif
