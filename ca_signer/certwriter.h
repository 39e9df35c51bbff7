/* SPDX-License-Identifier: ISC */
/* Making an OpenSSH certificate (PROTOCOL.certkeys). */
#ifndef CS_CERTWRITER_H
#define CS_CERTWRITER_H

#include "sshcert.h"
#include "sshkey.h"

/* What the certificate shall say. Strings are owned. */
struct cert_request {
	uint32_t kind; /* enum cert_kind */
	uint64_t serial;
	char *key_id;
	struct strv principals;
	uint64_t valid_after, valid_before; /* seconds */
	struct strv critical; /* "name" or "name=value" */
	struct strv extensions;
};

/* Everything of the certificate but its signature, which is over these bytes.
 * `subject` is a plain public key; one of a type that is not known here is
 * copied as it is. ca: the signer's public key blob. -EINVAL for a subject that
 * cannot be certified. */
int certwriter_body(const struct cert_request *req,
    const struct sshkey *subject, const struct reader *ca, struct writer *w);
/* Reads a finished certificate back: does it say what was asked for? Of an
 * unknown type nothing can be asked. 0, -ENOMEM, -EBADMSG. */
int certwriter_check(const struct cert_request *req, const uint8_t *blob,
    size_t len);
/* "type base64 comment\n"; the caller frees. NULL if out of memory. */
char *certwriter_format(const uint8_t *blob, size_t len, const char *comment);
void cert_request_clear(struct cert_request *req);

#endif
