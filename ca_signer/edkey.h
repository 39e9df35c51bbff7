/* SPDX-License-Identifier: ISC */
/* Ed25519 keys in OpenSSH's file format (OpenSSH PROTOCOL.key). */
#ifndef CS_EDKEY_H
#define CS_EDKEY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire.h"

/* The secret lives in guarded memory (sodium_malloc). */
struct edkey;

void edkey_free(struct edkey *k);
/* A new key; NULL if out of memory. */
struct edkey *edkey_generate(void);
/*
 * From a private key file that nobody but its owner can read. 0; -errno;
 * -EPERM loose mode; -EBADMSG not such a file; -EACCES encrypted;
 * -EOPNOTSUPP not an Ed25519 key.
 */
int edkey_load(const char *path, struct edkey **ret);
/* The same from the file's text. */
int edkey_parse(const char *text, struct edkey **ret);
/* The public key blob in a private key's file, of any type, encrypted or not.
 * 0, -errno, -EBADMSG. */
int edkey_read_public(const char *path, struct writer *ret);
/* The file's text, unencrypted. Erase the writer: it holds the secret. */
int edkey_format_private(const struct edkey *k, const char *comment,
    struct writer *w);
/* The public blob: "ssh-ed25519", 32 bytes. */
void edkey_put_public(const struct edkey *k, struct writer *w);
/* The signature as SSH writes it (RFC 8709 6): type and 64 bytes. */
int edkey_put_signature(const struct edkey *k, const uint8_t *p, size_t len,
    struct writer *w);

#endif
