/* SPDX-License-Identifier: ISC */
/* Unix sockets that are listened on. */
#ifndef CS_LISTENER_H
#define CS_LISTENER_H

#include <sys/types.h>

/* A SOCK_SEQPACKET socket at path with this mode; one that a dead process left
 * there is replaced, one that answers is -EADDRINUSE. Returns it or -errno. */
int listener_open(const char *path, mode_t mode);

#endif
