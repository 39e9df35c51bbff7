/* SPDX-License-Identifier: ISC */
/* The auditor's terminal, on which a recording is shown: as it was afterwards,
 * whatever the recording switched on, and whatever ends this process. */
#ifndef CS_SCREEN_H
#define CS_SCREEN_H

#include <stdbool.h>

/* From here on SIGINT, SIGTERM, SIGHUP and SIGPIPE restore it before they end
 * the process. With `takes_keys` standard input, if it is a terminal, gives keys
 * one by one, unseen: returns whether it does. */
bool screen_begin(bool takes_keys);
void screen_end(void);

#endif
