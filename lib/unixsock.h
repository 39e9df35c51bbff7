/* SPDX-License-Identifier: ISC */
/* Addresses of Unix sockets. */
#ifndef CS_UNIXSOCK_H
#define CS_UNIXSOCK_H

#include <sys/un.h>

/* 0, or -ENAMETOOLONG: a longer path would be cut in silence. */
int unixsock_address(const char *path, struct sockaddr_un *ret);

#endif
