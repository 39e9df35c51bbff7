/* SPDX-License-Identifier: ISC */
/* The questions to a key revocation list, answered as sshd answers them. */
#ifndef CS_KRLQUERY_H
#define CS_KRLQUERY_H

#include "krl.h"

/* Why it is revoked, in a word ("serial", "id", "key", "sha1", "sha256", "CA"),
 * or NULL. The KRL has to be normalized, as krl_parse leaves it. */
const char *krl_why_revoked_key(const struct krl *k, const uint8_t *blob,
    size_t len);
const char *krl_why_revoked_cert(const struct krl *k, const struct cert *c);

#endif
