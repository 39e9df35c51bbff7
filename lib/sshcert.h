/* SPDX-License-Identifier: ISC */
/* OpenSSH certificates, read and written (OpenSSH PROTOCOL.certkeys). */
#ifndef CS_SSHCERT_H
#define CS_SSHCERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strv.h"
#include "wire.h"

#define CERT_MAX_BYTES	    (96U * 1024U)
#define CERT_MAX_PRINCIPALS 256
#define CERT_MAX_OPTIONS    256
#define CERT_FOREVER	    UINT64_MAX

enum cert_kind {
	CERT_USER = 1,
	CERT_HOST = 2
};

struct cert_option {
	char *name;
	uint8_t *data; /* the wire string's body; for a flag, empty */
	size_t len;
};

struct cert_options {
	struct cert_option *v;
	size_t n;
};

struct cert {
	uint8_t *blob; /* the whole certificate */
	size_t len;
	char *type; /* ssh-ed25519-cert-v01@openssh.com */
	bool is_opaque; /* a type unknown here: only blob and type are set */
	uint8_t *key; /* the subject's plain public key blob */
	size_t key_len;
	uint64_t serial;
	uint32_t kind; /* enum cert_kind */
	char *key_id;
	struct strv principals;
	uint64_t valid_after; /* seconds; the first second that is valid */
	uint64_t valid_before; /* the first second that is not */
	struct cert_options critical, extensions;
	uint8_t *ca; /* the signer's public key blob */
	size_t ca_len;
	size_t signed_len; /* how much of blob the signature covers */
	struct reader signature; /* into blob */
};

/*
 * 0, -ENOMEM, or -EBADMSG for anything that is not exactly one certificate:
 * truncated, over a limit, trailing bytes, options unsorted or twice, a
 * signing key that is itself a certificate. The signature is not verified.
 */
int cert_parse(const uint8_t *blob, size_t len, struct cert **ret);
/* From base64, as sshd's %k. The same errors, and -EMSGSIZE. */
int cert_parse_base64(const char *text, struct cert **ret);
void cert_free(struct cert *c);

/* Is the signature the CA's? 0; -EBADMSG no; -EOPNOTSUPP: not an Ed25519 CA,
 * sshd has to be asked. */
int cert_verify(const struct cert *c);

const struct cert_option *cert_option_find(const struct cert_options *o,
    const char *name);
/* The value of an option that holds one string: a copy that the caller frees.
 * -ENOENT, -EBADMSG, -ENOMEM. */
int cert_option_value(const struct cert_options *o, const char *name,
    char **ret);

#endif
