/* SPDX-License-Identifier: ISC */
/* ssh-keygen's KRL specifications. */
#include <errno.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "krlspec.h"
#include "sshkey.h"

DEFINE_AUTO(cert_free, struct cert)

struct spec {
	const struct krlspec_ca *ca;
	struct krl_ca *part; /* of the CA that is given */
	struct krl *k;
	struct conf_error *err;
	size_t line;
};

static int
refuse(const struct spec *s, const char *why)
{
	return conf_error(s->err, s->line, "%s", why);
}

static struct krl_ca *
part_of(struct spec *s)
{
	if (s->part == NULL)
		s->part = s->ca->is_any
		    ? krl_ca(s->k, NULL, 0)
		    : krl_ca(s->k, s->ca->key.p, s->ca->key.left);
	return s->part;
}

/* strtoull(3) with base 0, but the whole text and no sign. */
static int
read_number(const char *text, const char **ret_end, uint64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	*ret_end = end;
	return errno == ERANGE ? -EINVAL : 0;
}

static int
add_serials(struct spec *s, const char *text)
{
	struct krl_ca *part;
	uint64_t lo, hi;
	const char *end;
	int r;

	if (!s->ca->is_given)
		return refuse(s,
		    "serials are a CA's: say which with -s, or -s none");
	if (read_number(text, &end, &lo) < 0)
		return refuse(s, "want serial: NUMBER[-NUMBER]");
	hi = lo;
	if (*end == '-' && (read_number(end + 1, &end, &hi) < 0 || hi <= lo))
		return refuse(s, "want serial: LOW-HIGH");
	if (*end != '\0')
		return refuse(s, "want serial: NUMBER[-NUMBER]");
	if ((part = part_of(s)) == NULL)
		return -ENOMEM;
	if ((r = krl_add_serials(part, lo, hi)) == -EINVAL)
		return refuse(s, "serial 0 means none and cannot be revoked");
	return r == -EMSGSIZE ? refuse(s, "too many serials") : r;
}

static int
add_id(struct spec *s, const char *text)
{
	struct krl_ca *part;

	if (!s->ca->is_given)
		return refuse(s,
		    "key ids are a CA's: say which with -s, or -s none");
	if ((part = part_of(s)) == NULL)
		return -ENOMEM;
	return strv_add(&part->ids, text);
}

static int
add_hash(struct spec *s, const char *text)
{
	uint8_t hash[KRL_SHA256_BYTES];
	size_t len;

	if (strncmp(text, "SHA256:", 7) != 0)
		return refuse(s, "want hash: SHA256:...");
	if (sodium_base642bin(hash, sizeof(hash), text + 7, strlen(text + 7),
		NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0 ||
	    len != sizeof(hash))
		return refuse(s, "this is no SHA256 hash in base64");
	return krl_add_blob(&s->k->sha256s, hash, len);
}

static int
add_sha1(struct spec *s, const uint8_t *blob, size_t len)
{
	uint8_t hash[KRL_SHA1_BYTES];

	if (EVP_Digest(blob, len, hash, NULL, EVP_sha1(), NULL) != 1)
		return refuse(s, "SHA-1 cannot be computed here");
	return krl_add_blob(&s->k->sha1s, hash, sizeof(hash));
}

static int
add_sha256(struct spec *s, const uint8_t *blob, size_t len)
{
	uint8_t hash[KRL_SHA256_BYTES];

	crypto_hash_sha256(hash, blob, len);
	return krl_add_blob(&s->k->sha256s, hash, sizeof(hash));
}

static int
add_key(struct spec *s, const uint8_t *blob, size_t len)
{
	return krl_add_blob(&s->k->keys, blob, len);
}

/* A certificate stands for its key, where the key itself is meant. */
static int
add_line(struct spec *s, const char *text,
    int (*add)(struct spec *, const uint8_t *, size_t))
{
	AUTO_CLEAR(sshkey_clear) struct sshkey key = { 0 };
	AUTO(cert_free) struct cert *c = NULL;
	int r;

	if ((r = sshkey_parse_line(text, &key)) == -ENOMEM)
		return r;
	if (r < 0 || sshkey_type_find(key.type) == NULL)
		return refuse(s, "this is no public key of a known type");
	if (!sshkey_is_cert_type(key.type))
		return (add != NULL ? add : add_key)(s, key.blob, key.len);
	if ((r = cert_parse(key.blob, key.len, &c)) == -ENOMEM)
		return r;
	if (r < 0)
		return refuse(s, "this is no certificate");
	return add != NULL ? add(s, c->key, c->key_len) : krl_add_cert(s->k, c);
}

static int
read_line(struct spec *s, char *text)
{
	static const struct {
		const char *prefix;
		int (*add)(struct spec *, const char *);
		int (*add_blob)(struct spec *, const uint8_t *, size_t);
	} kinds[] = { { "serial:", add_serials, NULL }, { "id:", add_id, NULL },
		{ "hash:", add_hash, NULL }, { "key:", NULL, add_key },
		{ "sha1:", NULL, add_sha1 }, { "sha256:", NULL, add_sha256 } };
	size_t i, n;

	text += strspn(text, " \t");
	text[strcspn(text, "#\n")] = '\0';
	for (n = strlen(text); n > 0 && strchr(" \t", text[n - 1]) != NULL; n--)
		text[n - 1] = '\0';
	if (*text == '\0')
		return 0;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		n = strlen(kinds[i].prefix);
		if (strncasecmp(text, kinds[i].prefix, n) != 0)
			continue;
		text += n + strspn(text + n, " \t");
		return kinds[i].add != NULL
		    ? kinds[i].add(s, text)
		    : add_line(s, text, kinds[i].add_blob);
	}
	return add_line(s, text, NULL);
}

int
krlspec_read(FILE *f, const struct krlspec_ca *ca, struct krl *k,
    struct conf_error *reterr)
{
	struct spec s = { .ca = ca, .k = k, .err = reterr };
	AUTO(free) char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int r;

	while ((n = getline(&line, &size, f)) > 0) {
		s.line++;
		if (strlen(line) != (size_t)n)
			return refuse(&s, "there is a NUL in it");
		if ((r = read_line(&s, line)) < 0)
			return r;
		/* The CA's part may have moved. */
		s.part = NULL;
	}
	return ferror(f) ? refuse(&s, "cannot be read to its end") : 0;
}
