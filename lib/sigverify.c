/* SPDX-License-Identifier: ISC */
/* Verifying SSH signatures: Ed25519 by libsodium, the others by libcrypto. */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <string.h>

#include "auto.h"
#include "sigverify.h"

#define RSA_MAX_BYTES 2048
#define DSA_PART      20

DEFINE_AUTO(BN_free, BIGNUM)
DEFINE_AUTO(EVP_PKEY_free, EVP_PKEY)
DEFINE_AUTO(EVP_PKEY_CTX_free, EVP_PKEY_CTX)
DEFINE_AUTO(EVP_MD_CTX_free, EVP_MD_CTX)
DEFINE_AUTO(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD)
DEFINE_AUTO(OSSL_PARAM_free, OSSL_PARAM)
DEFINE_AUTO(ECDSA_SIG_free, ECDSA_SIG)
DEFINE_AUTO(DSA_SIG_free, DSA_SIG)

/* A signature's parts, and what they are over. */
struct question {
	struct reader key; /* behind the type */
	struct reader type, body; /* of the signature */
	struct reader rest; /* behind the body: flags and counter of sk- */
	const uint8_t *data;
	size_t len;
	const EVP_MD *md;
	const char *curve, *name; /* libcrypto's and SSH's */
};

static BIGNUM *
read_number(struct reader *r)
{
	struct reader s;

	if (reader_string(r, &s) < 0 || s.left > RSA_MAX_BYTES)
		return NULL;
	return BN_bin2bn(s.p, (int)s.left, NULL);
}

static int
make_key(const char *type, OSSL_PARAM_BLD *build, EVP_PKEY **ret)
{
	AUTO(OSSL_PARAM_free)
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	AUTO(EVP_PKEY_CTX_free)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		return -ENOMEM;
	return EVP_PKEY_fromdata(ctx, ret, EVP_PKEY_PUBLIC_KEY, params) == 1
	    ? 0
	    : -EBADMSG;
}

static int
verify_by(EVP_PKEY *key, const struct question *q, const uint8_t *sig,
    size_t len)
{
	AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, q->md, NULL, key) != 1)
		return -ENOMEM;
	return EVP_DigestVerify(ctx, sig, len, q->data, q->len) == 1 ? 0
								     : -EBADMSG;
}

static int
verify_rsa(struct question *q)
{
	AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	AUTO(BN_free) BIGNUM *e = read_number(&q->key);
	AUTO(BN_free) BIGNUM *n = read_number(&q->key);
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	uint8_t padded[RSA_MAX_BYTES] = { 0 };
	size_t size;
	int r;

	if (e == NULL || n == NULL || reader_end(&q->key) < 0)
		return -EBADMSG;
	if (build == NULL ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return -ENOMEM;
	if ((r = make_key("RSA", build, &key)) < 0)
		return r;
	/* Some signers drop leading zeros. */
	size = (size_t)EVP_PKEY_get_size(key);
	if (q->body.left > size || size > sizeof(padded))
		return -EBADMSG;
	if (q->body.left > 0)
		memcpy(padded + size - q->body.left, q->body.p, q->body.left);
	return verify_by(key, q, padded, size);
}

static int
ec_key(struct question *q, EVP_PKEY **ret)
{
	AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	struct reader curve, point;

	if (reader_string(&q->key, &curve) < 0 || !reader_is(&curve, q->name) ||
	    reader_string(&q->key, &point) < 0)
		return -EBADMSG;
	if (build == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
		q->curve, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
		point.p, point.left) != 1)
		return -ENOMEM;
	return make_key("EC", build, ret);
}

static int
verify_ecdsa(struct question *q)
{
	AUTO(ECDSA_SIG_free) ECDSA_SIG *sig = ECDSA_SIG_new();
	AUTO(BN_free) BIGNUM *r = read_number(&q->body);
	AUTO(BN_free) BIGNUM *s = read_number(&q->body);
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	unsigned char *der = NULL;
	int e, len;

	if ((e = ec_key(q, &key)) < 0)
		return e;
	if (r == NULL || s == NULL || reader_end(&q->body) < 0 || sig == NULL)
		return sig == NULL ? -ENOMEM : -EBADMSG;
	if (ECDSA_SIG_set0(sig, r, s) != 1)
		return -ENOMEM;
	r = s = NULL;
	if ((len = i2d_ECDSA_SIG(sig, &der)) <= 0)
		return -ENOMEM;
	e = verify_by(key, q, der, (size_t)len);
	OPENSSL_free(der);
	return e;
}

static int
dsa_key(struct question *q, EVP_PKEY **ret)
{
	static const char *const names[] = { OSSL_PKEY_PARAM_FFC_P,
		OSSL_PKEY_PARAM_FFC_Q, OSSL_PKEY_PARAM_FFC_G,
		OSSL_PKEY_PARAM_PUB_KEY };
	AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *numbers[ARRAY_SIZE(names)] = { NULL };
	int r = build == NULL ? -ENOMEM : 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && r == 0; i++)
		if ((numbers[i] = read_number(&q->key)) == NULL)
			r = -EBADMSG;
		else if (OSSL_PARAM_BLD_push_BN(build, names[i], numbers[i]) !=
		    1)
			r = -ENOMEM;
	if (r == 0)
		r = make_key("DSA", build, ret);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		BN_free(numbers[i]);
	return r;
}

static int
verify_dsa(struct question *q)
{
	AUTO(DSA_SIG_free) DSA_SIG *sig = DSA_SIG_new();
	AUTO(BN_free) BIGNUM *r = NULL;
	AUTO(BN_free) BIGNUM *s = NULL;
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	unsigned char *der = NULL;
	int e, len;

	if (q->body.left != 2 * (size_t)DSA_PART)
		return -EBADMSG;
	if ((e = dsa_key(q, &key)) < 0)
		return e;
	r = BN_bin2bn(q->body.p, DSA_PART, NULL);
	s = BN_bin2bn(q->body.p + DSA_PART, DSA_PART, NULL);
	if (sig == NULL || r == NULL || s == NULL ||
	    DSA_SIG_set0(sig, r, s) != 1)
		return -ENOMEM;
	r = s = NULL;
	if ((len = i2d_DSA_SIG(sig, &der)) <= 0)
		return -ENOMEM;
	e = verify_by(key, q, der, (size_t)len);
	OPENSSL_free(der);
	return e;
}

static int
verify_ed25519(struct question *q)
{
	struct reader key;

	if (reader_string(&q->key, &key) < 0 ||
	    key.left != crypto_sign_PUBLICKEYBYTES ||
	    q->body.left != crypto_sign_BYTES)
		return -EBADMSG;
	return crypto_sign_verify_detached(q->body.p, q->data, q->len, key.p) ==
		0
	    ? 0
	    : -EBADMSG;
}

#define SK_DATA_BYTES (2 * crypto_hash_sha256_BYTES + 5)

/* What a token signs: hash of the application, flags, counter, hash of the
 * message. The application is the key's last field. */
static int
sk_data(struct question *q, uint8_t ret[SK_DATA_BYTES])
{
	struct reader at = q->key, s, application = { NULL, 0 };
	const uint8_t *p;

	while (at.left > 0) {
		if (reader_string(&at, &s) < 0)
			return -EBADMSG;
		application = s;
	}
	if (reader_bytes(&q->rest, 5, &p) < 0 || reader_end(&q->rest) < 0)
		return -EBADMSG;
	crypto_hash_sha256(ret, application.p, application.left);
	memcpy(ret + crypto_hash_sha256_BYTES, p, 5);
	crypto_hash_sha256(ret + crypto_hash_sha256_BYTES + 5, q->data, q->len);
	return 0;
}

static int
verify_sk(struct question *q, int (*verify)(struct question *))
{
	uint8_t data[SK_DATA_BYTES];
	struct question inner;
	int r;

	if ((r = sk_data(q, data)) < 0)
		return r;
	inner = *q;
	inner.data = data;
	inner.len = sizeof(data);
	return verify(&inner);
}

static int
verify_sk_ed25519(struct question *q)
{
	return verify_sk(q, verify_ed25519);
}

static int
verify_sk_ecdsa(struct question *q)
{
	return verify_sk(q, verify_ecdsa);
}

static const struct {
	const char *key, *signature;
	const EVP_MD *(*md)(void);
	const char *curve, *name;
	int (*verify)(struct question *);
} kinds[] = {
	{ "ssh-ed25519", "ssh-ed25519", NULL, NULL, NULL, verify_ed25519 },
	{ "ssh-rsa", "rsa-sha2-256", EVP_sha256, NULL, NULL, verify_rsa },
	{ "ssh-rsa", "rsa-sha2-512", EVP_sha512, NULL, NULL, verify_rsa },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", EVP_sha256, "P-256",
	    "nistp256", verify_ecdsa },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", EVP_sha384, "P-384",
	    "nistp384", verify_ecdsa },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", EVP_sha512, "P-521",
	    "nistp521", verify_ecdsa },
	{ "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com", NULL,
	    NULL, NULL, verify_sk_ed25519 },
	{ "sk-ecdsa-sha2-nistp256@openssh.com",
	    "sk-ecdsa-sha2-nistp256@openssh.com", EVP_sha256, "P-256",
	    "nistp256", verify_sk_ecdsa },
	{ "ssh-dss", "ssh-dss", EVP_sha1, NULL, NULL, verify_dsa },
};

int
sigverify(const struct reader *key, const struct reader *signature,
    const char *algorithm, const void *data, size_t len)
{
	struct question q = { .key = *key, .data = data, .len = len };
	struct reader at = *signature, key_type;
	size_t i;

	if (reader_string(&q.key, &key_type) < 0 ||
	    reader_string(&at, &q.type) < 0 || reader_string(&at, &q.body) < 0)
		return -EBADMSG;
	q.rest = at;
	if (algorithm != NULL && !reader_is(&q.type, algorithm))
		return -EBADMSG;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!reader_is(&key_type, kinds[i].key) ||
		    !reader_is(&q.type, kinds[i].signature))
			continue;
		if (strncmp(kinds[i].key, "sk-", 3) != 0 && q.rest.left > 0)
			return -EBADMSG;
		q.md = kinds[i].md != NULL ? kinds[i].md() : NULL;
		q.curve = kinds[i].curve;
		q.name = kinds[i].name;
		return kinds[i].verify(&q);
	}
	return -EOPNOTSUPP;
}
