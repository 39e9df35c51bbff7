/* SPDX-License-Identifier: ISC */
/* From what a person names to a recording. */
#ifndef CS_AUDITFIND_H
#define CS_AUDITFIND_H

#include <stddef.h>

#include "castreader.h"

/* The recording of a session, or that very file. Complains; 0 or the exit
 * status. */
int auditfind_path(const char *what, const char *events, char *buf,
    size_t size);
/* The same, opened. NULL with the exit status in *ret_status. */
struct castreader *auditfind_open(const char *what, const char *events,
    int *ret_status);
/* RecordingDirectory in buf. 0 or the exit status. */
int auditfind_folder(char *buf, size_t size);

#endif
