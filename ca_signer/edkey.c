/* SPDX-License-Identifier: ISC */
/* Ed25519 keys in OpenSSH's file format: written and read unencrypted. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "edkey.h"
#include "path.h"

#define MAGIC		  "openssh-key-v1"
#define BEGIN		  "-----BEGIN OPENSSH PRIVATE KEY-----"
#define END		  "-----END OPENSSH PRIVATE KEY-----"
#define KEYFILE_MAX_BYTES (64U * 1024U)
#define LINE_CHARS	  70
#define BLOCK_BYTES	  8

struct edkey {
	uint8_t secret[crypto_sign_SECRETKEYBYTES]; /* seed, then public */
};

DEFINE_AUTO(edkey_free, struct edkey)

void
edkey_free(struct edkey *k)
{
	sodium_free(k);
}

static const uint8_t *
public_of(const struct edkey *k)
{
	return k->secret + crypto_sign_SEEDBYTES;
}

struct edkey *
edkey_generate(void)
{
	struct edkey *k = sodium_malloc(sizeof(*k));
	uint8_t public[crypto_sign_PUBLICKEYBYTES];

	if (k != NULL && crypto_sign_keypair(public, k->secret) != 0) {
		edkey_free(k);
		return NULL;
	}
	return k;
}

void
edkey_put_public(const struct edkey *k, struct writer *w)
{
	writer_cstring(w, "ssh-ed25519");
	writer_string(w, public_of(k), crypto_sign_PUBLICKEYBYTES);
}

int
edkey_put_signature(const struct edkey *k, const uint8_t *p, size_t len,
    struct writer *w)
{
	uint8_t sig[crypto_sign_BYTES];

	if (crypto_sign_detached(sig, NULL, p, len, k->secret) != 0)
		return -EIO;
	writer_cstring(w, "ssh-ed25519");
	writer_string(w, sig, sizeof(sig));
	return writer_error(w);
}

static void
put_private_section(const struct edkey *k, const char *comment,
    struct writer *w)
{
	uint32_t check = randombytes_random();
	size_t mark = writer_string_begin(w), start = w->len;
	uint8_t pad;

	writer_u32(w, check);
	writer_u32(w, check);
	edkey_put_public(k, w);
	writer_string(w, k->secret, sizeof(k->secret));
	writer_cstring(w, comment);
	for (pad = 1; (w->len - start) % BLOCK_BYTES != 0; pad++)
		writer_u8(w, pad);
	writer_string_end(w, mark);
}

static void
put_armoured(struct writer *w, const char *base64)
{
	size_t n = strlen(base64), i, len;

	writer_bytes(w, BEGIN "\n", sizeof(BEGIN));
	for (i = 0; i < n; i += len) {
		len = n - i < LINE_CHARS ? n - i : LINE_CHARS;
		writer_bytes(w, base64 + i, len);
		writer_u8(w, '\n');
	}
	writer_bytes(w, END "\n", sizeof(END));
}

int
edkey_format_private(const struct edkey *k, const char *comment,
    struct writer *w)
{
	AUTO_CLEAR(writer_clear) struct writer raw = WRITER_INIT;
	size_t mark, n;
	char *base64;

	writer_bytes(&raw, MAGIC, sizeof(MAGIC));
	writer_cstring(&raw, "none");
	writer_cstring(&raw, "none");
	writer_cstring(&raw, "");
	writer_u32(&raw, 1);
	mark = writer_string_begin(&raw);
	edkey_put_public(k, &raw);
	writer_string_end(&raw, mark);
	put_private_section(k, comment, &raw);
	if (writer_error(&raw) < 0)
		return writer_error(&raw);
	n = sodium_base64_ENCODED_LEN(raw.len, sodium_base64_VARIANT_ORIGINAL);
	if ((base64 = sodium_malloc(n)) == NULL)
		return -ENOMEM;
	sodium_bin2base64(base64, n, raw.p, raw.len,
	    sodium_base64_VARIANT_ORIGINAL);
	put_armoured(w, base64);
	sodium_free(base64);
	return writer_error(w);
}

/* Opens a file that its owner alone can read. */
static int
open_private(const char *path, FILE **ret)
{
	AUTO(close) int fd = -1;
	struct stat st;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if ((st.st_mode & 077) != 0 ||
	    (st.st_uid != geteuid() && st.st_uid != 0))
		return -EPERM;
	if ((*ret = fdopen(fd, "re")) == NULL)
		return -errno;
	fd = -1;
	/* No copy of the secret in stdio's buffer. */
	setvbuf(*ret, NULL, _IONBF, 0);
	return 0;
}

static int
read_armoured(const char *text, struct writer *w)
{
	const char *start = strstr(text, BEGIN "\n"), *end;
	size_t len;
	int r = 0;
	uint8_t *p;

	if (start != text || (end = strstr(text, "\n" END)) == NULL)
		return -EBADMSG;
	start += sizeof(BEGIN);
	len = (size_t)(end - start);
	if ((p = sodium_malloc(len + 1)) == NULL)
		return -ENOMEM;
	if (sodium_base642bin(p, len, start, len, "\r\n", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		r = -EBADMSG;
	else
		writer_bytes(w, p, len);
	sodium_free(p);
	return r < 0 ? r : writer_error(w);
}

static int
read_header(struct reader *r, struct reader *ret_public,
    struct reader *ret_private)
{
	struct reader cipher, kdf, kdf_options;
	const uint8_t *magic;
	uint32_t n_keys;

	if (reader_bytes(r, sizeof(MAGIC), &magic) < 0 ||
	    memcmp(magic, MAGIC, sizeof(MAGIC)) != 0 ||
	    reader_string(r, &cipher) < 0 || reader_string(r, &kdf) < 0 ||
	    reader_string(r, &kdf_options) < 0 || reader_u32(r, &n_keys) < 0 ||
	    n_keys != 1 || reader_string(r, ret_public) < 0)
		return -EBADMSG;
	if (!reader_is(&cipher, "none"))
		return -EACCES;
	if (reader_string(r, ret_private) < 0)
		return -EBADMSG;
	return reader_end(r);
}

static bool
is_padding(const struct reader *r)
{
	size_t i;

	for (i = 0; i < r->left; i++)
		if (r->p[i] != i + 1)
			return false;
	return r->left < BLOCK_BYTES;
}

static int
read_private(struct reader *r, struct edkey *k)
{
	struct reader type, public, secret, comment;
	uint32_t a, b;

	if (reader_u32(r, &a) < 0 || reader_u32(r, &b) < 0 || a != b ||
	    reader_string(r, &type) < 0)
		return -EBADMSG;
	if (!reader_is(&type, "ssh-ed25519"))
		return -EOPNOTSUPP;
	if (reader_string(r, &public) < 0 || reader_string(r, &secret) < 0 ||
	    reader_string(r, &comment) < 0 || !is_padding(r) ||
	    secret.left != sizeof(k->secret) ||
	    public.left != crypto_sign_PUBLICKEYBYTES)
		return -EBADMSG;
	memcpy(k->secret, secret.p, sizeof(k->secret));
	/* A file whose halves disagree would give signatures that betray the
	 * secret (RFC 8032 5.1.6 hashes the public key). */
	crypto_sign_seed_keypair((uint8_t[crypto_sign_PUBLICKEYBYTES]){ 0 },
	    k->secret, secret.p);
	if (sodium_memcmp(k->secret, secret.p, sizeof(k->secret)) != 0 ||
	    memcmp(public_of(k), public.p, public.left) != 0)
		return -EBADMSG;
	return 0;
}

int
edkey_parse(const char *text, struct edkey **ret)
{
	AUTO_CLEAR(writer_clear) struct writer raw = WRITER_INIT;
	AUTO(edkey_free) struct edkey *k = sodium_malloc(sizeof(*k));
	struct reader r, public, private;
	int e;

	if (k == NULL)
		return -ENOMEM;
	if ((e = read_armoured(text, &raw)) < 0)
		return e;
	r = (struct reader){ raw.p, raw.len };
	if ((e = read_header(&r, &public, &private)) < 0 ||
	    (e = read_private(&private, k)) < 0)
		return e;
	*ret = TAKE(k);
	return 0;
}

/* In guarded memory; the caller frees with sodium_free. */
static int
read_text(const char *path, char **ret)
{
	AUTO(fclose) FILE *f = NULL;
	char *text;
	size_t n;
	int r;

	if ((r = open_private(path, &f)) < 0)
		return r;
	if ((text = sodium_malloc(KEYFILE_MAX_BYTES + 1)) == NULL)
		return -ENOMEM;
	n = fread(text, 1, KEYFILE_MAX_BYTES, f);
	text[n] = '\0';
	if (ferror(f)) {
		sodium_free(text);
		return -EIO;
	}
	*ret = text;
	return 0;
}

int
edkey_load(const char *path, struct edkey **ret)
{
	char *text;
	int r;

	if ((r = read_text(path, &text)) < 0)
		return r;
	r = edkey_parse(text, ret);
	sodium_free(text);
	return r;
}

int
edkey_read_public(const char *path, struct writer *ret)
{
	AUTO_CLEAR(writer_clear) struct writer raw = WRITER_INIT;
	struct reader r, public, private;
	char *text;
	int e;

	if ((e = read_text(path, &text)) < 0)
		return e;
	e = read_armoured(text, &raw);
	sodium_free(text);
	if (e < 0)
		return e;
	r = (struct reader){ raw.p, raw.len };
	if ((e = read_header(&r, &public, &private)) < 0 && e != -EACCES)
		return e;
	writer_bytes(ret, public.p, public.left);
	return writer_error(ret);
}
