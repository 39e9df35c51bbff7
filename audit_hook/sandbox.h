/* SPDX-License-Identifier: ISC */
/* What the recorder may still do, once it looks at a stranger's bytes. */
#ifndef CS_SANDBOX_H
#define CS_SANDBOX_H

/*
 * From here on: read, write and poll what is open, and ask a terminal's size
 * and modes. No files, sockets, processes, signals, memory to run; not
 * dumpable. Anything else ends the process. 0 or -errno.
 */
int sandbox_enter(void);

#endif
