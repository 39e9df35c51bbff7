/* SPDX-License-Identifier: ISC */
/* A disk that neither takes what is written nor says no: the thread that waits
 * for it is left to it, and another one goes on. */
#ifndef CS_DISKWATCH_H
#define CS_DISKWATCH_H

/*
 * Starts the other thread, asleep. If a write has not come back for so many
 * milliseconds, or up to twice that, it calls go_on, which does not return; the
 * first thread never touches anything again. Before the sandbox; once a
 * process. 0 or -errno.
 */
int diskwatch_start(unsigned ms, void (*go_on)(void));
/* Around what may wait for the disk. */
void diskwatch_begin(void);
void diskwatch_end(void);

#endif
