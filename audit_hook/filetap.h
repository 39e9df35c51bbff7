/* SPDX-License-Identifier: ISC */
/* The recorder's reader of what passes to and from a program that copies files,
 * if there is one: SFTP or scp. It tells the keeper. */
#ifndef CS_FILETAP_H
#define CS_FILETAP_H

#include <stddef.h>
#include <stdint.h>

#include "filecopy.h"
#include "recorderlink.h"

void filetap_init(enum file_tap kind, struct recorder_count *count);
/* It is, and has not given up. */
bool filetap_is_on(void);
/* Nothing more may pass: the session is to end. */
bool filetap_is_refused(void);
/* How many of these bytes may pass now. The others are to be given again after
 * the other side's next. */
size_t filetap_client(const void *p, size_t n);
size_t filetap_server(const void *p, size_t n);
/* The session only takes files: once the client is gone, what it says is nobody's
 * file. */
bool filetap_only_takes(void);
/* What was not done to its end is told. */
void filetap_end(void);

#endif
