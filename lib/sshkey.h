/* SPDX-License-Identifier: ISC */
/* SSH public keys as blobs and as lines of text (RFC 4253 6.6, sshd(8)). */
#ifndef CS_SSHKEY_H
#define CS_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define SSHKEY_BLOB_MAX_BYTES  (128U * 1024U)
#define SSHKEY_FINGERPRINT_MAX 64

/* What OpenSSH 9.2 knows: the plain name, its certificate's name, and how many
 * wire strings follow the type in the plain blob. */
struct sshkey_type {
	const char *name;
	const char *cert_name;
	unsigned n_fields;
};

/* By either name; NULL if unknown. */
const struct sshkey_type *sshkey_type_find(const char *name);
bool sshkey_is_cert_type(const char *name);
/* The certificate's name of a plain type, also of one that is not known here:
 * NAME[@DOMAIN] gives NAME-cert-v01@DOMAIN, without a domain @openssh.com (the
 * rule of every name that OpenSSH gave). The caller frees; NULL: no memory. */
char *sshkey_cert_type_name(const char *plain);

struct sshkey {
	char *type; /* as the text says, equal to the blob's first string */
	uint8_t *blob;
	size_t len;
	char *comment; /* may be empty */
};

/* "type base64 [comment]". 0, -ENOMEM, or -EBADMSG: not base64, type and blob
 * differ, or a known type's fields do not fit. */
int sshkey_parse_line(const char *line, struct sshkey *ret);
void sshkey_clear(struct sshkey *k);
/* Fields of a known plain type, checked to the last byte: 0 or -EBADMSG. */
int sshkey_check_blob(const struct sshkey_type *type, const uint8_t *blob,
    size_t len);
/* "SHA256:..." as ssh-keygen -l prints it. */
void sshkey_fingerprint(const uint8_t *blob, size_t len,
    char ret[SSHKEY_FINGERPRINT_MAX]);
/* Standard base64 with padding; caller frees. -EBADMSG, -ENOMEM, -EMSGSIZE. */
int sshkey_base64_decode(const char *text, uint8_t **ret, size_t *ret_len);
char *sshkey_base64_encode(const uint8_t *p, size_t len);

/* A file of CA keys, one a line, '#' comments: TrustedUserCAKeys. */
struct sshkey_list {
	struct sshkey *v;
	size_t n;
};

/* -EINVAL with the line's number in *ret_line if a line is no key. */
int sshkey_list_parse(const char *text, struct sshkey_list *ret,
    size_t *ret_line);
bool sshkey_list_has(const struct sshkey_list *l, const uint8_t *blob,
    size_t len);
void sshkey_list_clear(struct sshkey_list *l);

#endif
