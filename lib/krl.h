/* SPDX-License-Identifier: ISC */
/* Key revocation lists, as sets and as bytes (OpenSSH PROTOCOL.krl). */
#ifndef CS_KRL_H
#define CS_KRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sshcert.h"
#include "strv.h"

#define KRL_MAX_BYTES	     (128U * 1024U * 1024U) /* what sshd reads at most */
#define KRL_MAX_RANGES	     (16U * 1024U * 1024U)
#define KRL_MAX_CAS	     1024U
#define KRL_BITMAP_MAX_BYTES 2048U /* OpenSSH's largest number */
#define KRL_SHA1_BYTES	     20U
#define KRL_SHA256_BYTES     32U

enum krl_section {
	KRL_CERTIFICATES = 1,
	KRL_EXPLICIT_KEY = 2,
	KRL_FINGERPRINT_SHA1 = 3,
	KRL_SIGNATURE = 4,
	KRL_FINGERPRINT_SHA256 = 5,
	KRL_SERIAL_LIST = 0x20,
	KRL_SERIAL_RANGE = 0x21,
	KRL_SERIAL_BITMAP = 0x22,
	KRL_KEY_ID = 0x23,
	KRL_CERT_EXTENSION = 0x39,
	KRL_EXTENSION = 255
};

#define KRL_MAGIC   "SSHKRL\n"
#define KRL_VERSION 1U

/* Serials lo to hi; `n` of them have to be in a list of single ones (a range
 * may also cover serials that do not matter): 1: lo; 2: lo and hi; else more. */
struct krl_range {
	uint64_t lo, hi;
	uint64_t n;
};

struct krl_blob {
	uint8_t *p;
	size_t len;
};

struct krl_blobs {
	struct krl_blob *v;
	size_t n, cap;
};

struct krl_ca {
	struct krl_blob key; /* a public key blob; empty: any CA */
	struct krl_range *serials;
	size_t n, cap;
	struct strv ids;
};

struct krl {
	uint64_t version, generated; /* generated: seconds */
	char *comment;
	struct krl_ca *cas;
	size_t n_cas;
	struct krl_blobs keys, sha1s, sha256s;
	bool has_signature; /* in itself, which sshd from 9.4 refuses */
};

struct krl *krl_new(void);
void krl_free(struct krl *k);
/* The CA's part, made if it is missing; NULL if out of memory. Borrowed until
 * the next call. key_len 0: any CA. */
struct krl_ca *krl_ca(struct krl *k, const uint8_t *key, size_t key_len);
/* lo 0 is -EINVAL: serial 0 is "no serial". All: 0, -ENOMEM, -EMSGSIZE. */
int krl_add_serials(struct krl_ca *ca, uint64_t lo, uint64_t hi);
int krl_add_range(struct krl_ca *ca, const struct krl_range *range);
int krl_add_blob(struct krl_blobs *b, const uint8_t *p, size_t len);
/* What `ssh-keygen -k` makes of a key without a prefix: a certificate by its
 * serial, or without one by its id; a plain key as it is. */
int krl_add_cert(struct krl *k, const struct cert *c);
/* Sorted, each once, neighbours joined: before asking and writing. -ENOMEM. */
int krl_normalize(struct krl *k);

/* 0, -ENOMEM, or -EBADMSG for anything that is not exactly one KRL. The result
 * is normalized. An embedded signature is skipped, not verified. */
int krl_parse(const uint8_t *p, size_t len, struct krl **ret);

/* Of a normalized KRL: is it in there? The CA's part, or NULL; key_len 0: the
 * part for any CA. */
bool krl_blobs_have(const struct krl_blobs *b, const uint8_t *p, size_t len);
bool krl_has_serial(const struct krl_ca *ca, uint64_t serial);
const struct krl_ca *krl_find_ca(const struct krl *k, const uint8_t *key,
    size_t key_len);

#endif
