/* SPDX-License-Identifier: ISC */
/* Signatures beside files, by a CA's policy key. */
#ifndef CS_SIGNFILE_H
#define CS_SIGNFILE_H

#include <stddef.h>

/* FILE.sig, replaced by rename. An exit code that has been explained, or -1. */
int signfile_write(const char *ca_dir, const char *path, const char *name_space,
    unsigned timeout_s);
/* The same over the file's text as it was read already. */
int signfile_write_text(const char *ca_dir, const char *path,
    const char *name_space, unsigned timeout_s, const char *text, size_t len);

#endif
