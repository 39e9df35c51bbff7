/* SPDX-License-Identifier: ISC */
/* Files that the user names, or "-". */
#ifndef CS_INPUT_H
#define CS_INPUT_H

#include <stddef.h>

/* The whole text of the file, or of stdin for "-"; the caller frees. 0, -errno,
 * -EFBIG, or -EBADMSG if it holds a NUL. */
int input_read(const char *path, size_t max_bytes, char **ret);

#endif
