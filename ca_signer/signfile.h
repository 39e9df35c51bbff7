/* SPDX-License-Identifier: ISC */
/* Signatures beside files, by a CA's policy key. */
#ifndef CS_SIGNFILE_H
#define CS_SIGNFILE_H

/* FILE.sig, replaced by rename. An exit code that has been explained, or -1. */
int signfile_write(const char *ca_dir, const char *path, const char *name_space,
    unsigned timeout_s);

#endif
