/* SPDX-License-Identifier: ISC */
/* What a decision needs from this host's disk. */
#ifndef CS_TRUSTEDCAS_H
#define CS_TRUSTEDCAS_H

#include "conf.h"
#include "sshkey.h"

#define TRUSTEDCAS_MAX_BYTES (256U * 1024U)

/* The CA keys in a file that only root or `trusted` could have written. 0, or
 * -errno with *reterr. */
int trustedcas_load(const char *path, uid_t trusted, struct sshkey_list *ret,
    struct conf_error *reterr);

#endif
