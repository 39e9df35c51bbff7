/* SPDX-License-Identifier: ISC */
/* What a host is given is signed beside it (FILE.sig, PROTOCOL.sshsig). */
#ifndef CS_BUNDLE_H
#define CS_BUNDLE_H

#include <stddef.h>

#include "conf.h"
#include "sshkey.h"

#define BUNDLE_SIG_MAX_BYTES 65536U
#define KRL_NAMESPACE	     "krl@countersign"

/*
 * Is `sig` (the armoured text) a signature over the file's bytes, in this
 * namespace, by one of the keys? 0, -ENOMEM, or -EINVAL with *reterr in words.
 */
int bundle_verify(const void *file, size_t len, const char *sig,
    const char *name_space, const struct sshkey_list *keys,
    struct conf_error *reterr);

#endif
