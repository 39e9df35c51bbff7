/* SPDX-License-Identifier: ISC */
/* Has somebody else a session's pipes? */
#ifndef CS_HOLDERS_H
#define CS_HOLDERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "keepermsg.h"

/*
 * Whether a process of this account other than the wrapper and its sshd has the
 * session's end of any of the three open: one could have taken them from the shell that was to start the wrapper
 * (/proc/PID/fd), and what is written there would pass by the recorder. A
 * descriptor that is on its way in a socket is not seen.
 */
bool others_hold(const int channel[KEEPERMSG_MAX_FDS], uid_t uid, pid_t wrapper,
    pid_t sshd);

#endif
