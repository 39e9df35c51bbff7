/* SPDX-License-Identifier: ISC */
/* Processes of a connection, or of one session, that go on. */
#ifndef CS_SURVIVORS_H
#define CS_SURVIVORS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How many processes are of this audit session; 0 where there is none
 * (UINT32_MAX). Wrappers do not count, they end with their program, nor does
 * sshd's monitor, which is about to. session_gid is the wrapper's group. */
size_t survivors_count(uint32_t audit_session_id, pid_t monitor,
    gid_t session_gid);
/* Ends them: SIGHUP and SIGTERM, after a second SIGKILL, again for those that
 * were started meanwhile. Returns how many were told. Waits for that second. */
size_t survivors_end(uint32_t audit_session_id, pid_t monitor,
    gid_t session_gid);
/* SIGKILL to what a wrapper has started and what has not left its session or,
 * with a terminal, the program's (setsid(2)); not to the wrapper. */
void survivors_kill_session(pid_t wrapper);

#endif
