/* SPDX-License-Identifier: ISC */
/* who(1), w(1), mesg(1): the session's own terminal in sshd's place. */
#ifndef CS_UTMP_H
#define CS_UTMP_H

#include <sys/types.h>

/* Best effort: a host without the file has no such list. The paths are of
 * terminals ("/dev/pts/3"); remote is "192.0.2.1:50222". */
void utmp_move(const char *outer_path, const char *path, pid_t leader,
    const char *login, const char *remote);
void utmp_end(const char *path);

#endif
