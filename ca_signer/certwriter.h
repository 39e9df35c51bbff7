/* SPDX-License-Identifier: ISC */
/* Making an OpenSSH certificate (PROTOCOL.certkeys). */
#ifndef CS_CERTWRITER_H
#define CS_CERTWRITER_H

#include "edkey.h"
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

/* Signs `subject` (a plain public key of a known type) and reads the result
 * back: its signature is verified and its fields are compared before anybody
 * sees it. -EINVAL for a subject that cannot be certified. */
int certwriter_sign(const struct cert_request *req,
    const struct sshkey *subject, const struct edkey *ca, struct cert **ret);
/* "type base64 comment\n"; the caller frees. NULL if out of memory. */
char *certwriter_format(const struct cert *c, const char *comment);
void cert_request_clear(struct cert_request *req);

#endif
