/* SPDX-License-Identifier: ISC */
/* Addresses of Unix sockets, and a descriptor through one (unix(7)). */
#ifndef CS_UNIXSOCK_H
#define CS_UNIXSOCK_H

#include <sys/un.h>

/* 0, or -ENAMETOOLONG: a longer path would be cut in silence. */
int unixsock_address(const char *path, struct sockaddr_un *ret);
/* One packet: a number, and with it `passed` unless it is -1. 0 or -errno. */
int unixsock_send_fd(int fd, int number, int passed);
/* Waits at most ms for it; *ret_fd is the caller's, -1 for none. 0, -ETIMEDOUT,
 * -EPIPE if the other side is gone, or -errno. */
int unixsock_receive_fd(int fd, int ms, int *ret_number, int *ret_fd);

#endif
