/* SPDX-License-Identifier: ISC */
/* Closing what a stranger has opened. */
#ifndef CS_ASIDE_H
#define CS_ASIDE_H

/*
 * Closes fd, and what was sent along with packets in it that nobody has read,
 * without waiting: a socket with SO_LINGER, or a file of a file system of the
 * user's own, makes whoever closes it last wait for as long as they like. That
 * is a process of its own here, which ends at once or alone.
 */
void close_aside(int fd);

#endif
