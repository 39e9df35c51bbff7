/* SPDX-License-Identifier: ISC */
/* Signatures beside files (OpenSSH PROTOCOL.sshsig). */
#ifndef CS_SSHSIG_H
#define CS_SSHSIG_H

#include "wire.h"

#define SSHSIG_MAX_BYTES (64U * 1024U)
#define SSHSIG_HASH	 "sha512"

/* What a signature file says. The readers point into blob. */
struct sshsig {
	uint8_t *blob;
	struct reader key; /* the signer's public key blob */
	struct reader name_space, hash, signature;
};

/* From the armoured text. 0, -ENOMEM, -EBADMSG. */
int sshsig_parse(const char *text, struct sshsig *ret);
void sshsig_clear(struct sshsig *s);

/* What is really signed, for a message with the hash that `hash` names, sha256
 * or sha512 (-EOPNOTSUPP for others). */
int sshsig_signed_data(const char *name_space, const char *hash,
    const void *message, size_t len, struct writer *w);
/* The file's text: for a key's blob and its signature over the signed data. */
int sshsig_format(const struct reader *key, const char *name_space,
    const struct reader *signature, struct writer *w);

#endif
