/* SPDX-License-Identifier: ISC */
/* Signatures beside files (OpenSSH PROTOCOL.sshsig). */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "sshkey.h"
#include "sshsig.h"

#define MAGIC	   "SSHSIG"
#define MAGIC_LEN  (sizeof(MAGIC) - 1)
#define VERSION	   1U
#define BEGIN	   "-----BEGIN SSH SIGNATURE-----\n"
#define END	   "\n-----END SSH SIGNATURE-----"
#define LINE_CHARS 70

void
sshsig_clear(struct sshsig *s)
{
	free(s->blob);
	*s = (struct sshsig){ 0 };
}

static int
parse_blob(size_t len, struct sshsig *s)
{
	struct reader r = { s->blob, len }, reserved;
	const uint8_t *magic;
	uint32_t version;

	if (reader_bytes(&r, MAGIC_LEN, &magic) < 0 ||
	    memcmp(magic, MAGIC, MAGIC_LEN) != 0 ||
	    reader_u32(&r, &version) < 0 || version != VERSION ||
	    reader_string(&r, &s->key) < 0 ||
	    reader_string(&r, &s->name_space) < 0 || s->name_space.left == 0 ||
	    reader_string(&r, &reserved) < 0 ||
	    reader_string(&r, &s->hash) < 0 ||
	    reader_string(&r, &s->signature) < 0)
		return -EBADMSG;
	return reader_end(&r);
}

int
sshsig_parse(const char *text, struct sshsig *ret)
{
	AUTO_CLEAR(sshsig_clear) struct sshsig s = { 0 };
	size_t max, len;
	const char *end;
	int r;

	if (strncmp(text, BEGIN, strlen(BEGIN)) != 0 ||
	    (end = strstr(text, END)) == NULL)
		return -EBADMSG;
	text += strlen(BEGIN);
	/* Nothing but an empty line may follow. */
	if (end < text ||
	    strspn(end + strlen(END), "\n") != strlen(end + strlen(END)))
		return -EBADMSG;
	max = (size_t)(end - text);
	if (max > 2 * SSHSIG_MAX_BYTES)
		return -EBADMSG;
	if ((s.blob = malloc(max + 1)) == NULL)
		return -ENOMEM;
	if (sodium_base642bin(s.blob, max + 1, text, max, "\n", &len, NULL,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		return -EBADMSG;
	if ((r = parse_blob(len, &s)) < 0)
		return r;
	*ret = s;
	s = (struct sshsig){ 0 };
	return 0;
}

int
sshsig_signed_data(const char *name_space, const char *hash,
    const void *message, size_t len, struct writer *w)
{
	uint8_t digest[crypto_hash_sha512_BYTES];
	size_t n = sizeof(digest);

	if (strcmp(hash, "sha512") == 0) {
		crypto_hash_sha512(digest, message, len);
	} else if (strcmp(hash, "sha256") == 0) {
		crypto_hash_sha256(digest, message, len);
		n = crypto_hash_sha256_BYTES;
	} else {
		return -EOPNOTSUPP;
	}
	writer_bytes(w, MAGIC, MAGIC_LEN);
	writer_cstring(w, name_space);
	writer_cstring(w, "");
	writer_cstring(w, hash);
	writer_string(w, digest, n);
	return writer_error(w);
}

int
sshsig_format(const struct reader *key, const char *name_space,
    const struct reader *signature, struct writer *w)
{
	AUTO_CLEAR(writer_clear) struct writer raw = WRITER_INIT;
	AUTO(free) char *base64 = NULL;
	size_t i, n, len;

	writer_bytes(&raw, MAGIC, MAGIC_LEN);
	writer_u32(&raw, VERSION);
	writer_string(&raw, key->p, key->left);
	writer_cstring(&raw, name_space);
	writer_cstring(&raw, "");
	writer_cstring(&raw, SSHSIG_HASH);
	writer_string(&raw, signature->p, signature->left);
	if (writer_error(&raw) < 0)
		return writer_error(&raw);
	if ((base64 = sshkey_base64_encode(raw.p, raw.len)) == NULL)
		return -ENOMEM;
	n = strlen(base64);
	writer_bytes(w, BEGIN, strlen(BEGIN));
	for (i = 0; i < n; i += len) {
		len = n - i < LINE_CHARS ? n - i : LINE_CHARS;
		writer_bytes(w, base64 + i, len);
		if (i + len < n)
			writer_u8(w, '\n');
	}
	writer_bytes(w, END "\n", strlen(END "\n"));
	return writer_error(w);
}
