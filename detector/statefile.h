/* SPDX-License-Identifier: ISC */
/* Position and knowledge in one file, which is replaced as a whole: after a
 * restart both are of the same moment. */
#ifndef CS_STATEFILE_H
#define CS_STATEFILE_H

#include "follow.h"
#include "stream.h"

/* 0 or -errno. */
int statefile_save(const char *path, struct stream *s, const struct follow *f);
/* 0, -ENOENT, or -EBADMSG: it is of another version, or damaged; then all begins
 * anew where the files begin. */
int statefile_load(const char *path, struct stream *s, struct follow *f);

#endif
