/* SPDX-License-Identifier: ISC */
/* The folder that fetch fills and install-policy reads. */
#ifndef CS_SPOOL_H
#define CS_SPOOL_H

#include "release.h"

/* fetch's exit status when every source failed lately: nothing was asked. */
#define FETCH_NOT_DUE 4

/* DIR/bundle, with all the files, instead of the one that was there: at every
 * moment it is one or the other. 0 or -errno with *reterr. */
int spool_put(const char *dir, const struct release *r,
    struct conf_error *reterr);

#endif
