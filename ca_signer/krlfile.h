/* SPDX-License-Identifier: ISC */
/* Revocation lists as files, as `krl` and `inspect` show them. */
#ifndef CS_KRLFILE_H
#define CS_KRLFILE_H

#include <stdio.h>

#include "krl.h"

/* 0, -errno, -EBADMSG. */
int krlfile_load(const char *path, struct krl **ret);
/* As `ssh-keygen -Ql` prints it. */
void krlfile_dump(const struct krl *k, FILE *f);

#endif
