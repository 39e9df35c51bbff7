/* SPDX-License-Identifier: ISC */
/* The questions to a key revocation list. */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "krlquery.h"

const char *
krl_why_revoked_key(const struct krl *k, const uint8_t *blob, size_t len)
{
	uint8_t sha256[KRL_SHA256_BYTES], sha1[KRL_SHA1_BYTES];

	if (krl_blobs_have(&k->keys, blob, len))
		return "key";
	crypto_hash_sha256(sha256, blob, len);
	if (krl_blobs_have(&k->sha256s, sha256, sizeof(sha256)))
		return "sha256";
	if (k->sha1s.n == 0)
		return NULL;
	if (EVP_Digest(blob, len, sha1, NULL, EVP_sha1(), NULL) != 1)
		return "sha1 (cannot be computed)";
	return krl_blobs_have(&k->sha1s, sha1, sizeof(sha1)) ? "sha1" : NULL;
}

static int
text_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *
why_by_ca(const struct krl_ca *ca, const struct cert *c)
{
	char *id = c->key_id;

	if (ca == NULL)
		return NULL;
	if (ca->ids.n > 0 &&
	    bsearch(&id, ca->ids.v, ca->ids.n, sizeof(*ca->ids.v),
		text_compare) != NULL)
		return "id";
	return c->serial != 0 && krl_has_serial(ca, c->serial) ? "serial"
							       : NULL;
}

const char *
krl_why_revoked_cert(const struct krl *k, const struct cert *c)
{
	const char *why;

	if ((why = krl_why_revoked_key(k, c->key, c->key_len)) != NULL)
		return why;
	if ((why = why_by_ca(krl_find_ca(k, c->ca, c->ca_len), c)) != NULL ||
	    (why = why_by_ca(krl_find_ca(k, NULL, 0), c)) != NULL)
		return why;
	return krl_why_revoked_key(k, c->ca, c->ca_len) != NULL ? "CA" : NULL;
}
