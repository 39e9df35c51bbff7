/* SPDX-License-Identifier: ISC */
/* SSH public keys as blobs and as lines of text. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "sshkey.h"

static const struct sshkey_type types[] = {
	{ "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", 1 },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256-cert-v01@openssh.com",
	    2 },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384-cert-v01@openssh.com",
	    2 },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
	    2 },
	{ "ssh-rsa", "ssh-rsa-cert-v01@openssh.com", 2 },
	{ "ssh-dss", "ssh-dss-cert-v01@openssh.com", 4 },
	{ "sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com",
	    2 },
	{ "sk-ecdsa-sha2-nistp256@openssh.com",
	    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3 },
};

const struct sshkey_type *
sshkey_type_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].name, name) == 0 ||
		    strcmp(types[i].cert_name, name) == 0)
			return &types[i];
	return NULL;
}

bool
sshkey_is_cert_type(const char *name)
{
	return strstr(name, "-cert-v") != NULL;
}

char *
sshkey_cert_type_name(const char *plain)
{
	const struct sshkey_type *known = sshkey_type_find(plain);
	size_t n = strcspn(plain, "@");
	char *ret = NULL;

	if (known != NULL)
		return strdup(known->cert_name);
	if (asprintf(&ret, "%.*s-cert-v01%s", (int)n, plain,
		plain[n] != '\0' ? plain + n : "@openssh.com") < 0)
		return NULL;
	return ret;
}

int
sshkey_check_blob(const struct sshkey_type *type, const uint8_t *blob,
    size_t len)
{
	struct reader r = { blob, len }, s;
	unsigned i;

	if (reader_string(&r, &s) < 0 || !reader_is(&s, type->name))
		return -EBADMSG;
	for (i = 0; i < type->n_fields; i++)
		if (reader_string(&r, &s) < 0 || s.left == 0)
			return -EBADMSG;
	return reader_end(&r);
}

/* The value of each character, or 64. */
static void
fill_digits(uint8_t digits[256])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789+/";
	uint8_t i;

	memset(digits, 64, 256);
	for (i = 0; i < 64; i++)
		digits[(uint8_t)alphabet[i]] = i;
}

/* n digits (2 to 4) at p as n - 1 bytes; bits that are left over must be 0. */
static int
decode_group(const uint8_t digits[256], const char *p, size_t n, uint8_t *out)
{
	uint32_t v = 0, bad = 0, d;
	size_t i;

	for (i = 0; i < 4; i++) {
		d = i < n ? digits[(uint8_t)p[i]] : 0;
		bad |= d;
		v = v << 6 | (d & 63);
	}
	if ((bad & 64) != 0 || (n < 4 && (v & (n == 3 ? 0xffU : 0xffffU)) != 0))
		return -EBADMSG;
	for (i = 0; i < n - 1; i++)
		out[i] = (uint8_t)(v >> (16 - 8 * i));
	return 0;
}

/* Not libsodium's, which takes the same time for whatever it decodes, and so five
 * times as long: a certificate is no secret, and a login waits for it. */
static int
decode(const char *text, size_t n, uint8_t *out, size_t *ret_len)
{
	uint8_t digits[256];
	size_t i, len = 0, tail;

	if (n % 4 != 0)
		return -EBADMSG;
	fill_digits(digits);
	for (i = 0; i < n; i += 4) {
		tail = i + 4 < n	 ? 4
		    : text[n - 1] != '=' ? 4
		    : text[n - 2] != '=' ? 3
					 : 2;
		if (decode_group(digits, text + i, tail, out + len) < 0)
			return -EBADMSG;
		len += tail - 1;
	}
	*ret_len = len;
	return 0;
}

int
sshkey_base64_decode(const char *text, uint8_t **ret, size_t *ret_len)
{
	AUTO(free) uint8_t *p = NULL;
	size_t n = strlen(text), len;

	if (n > SSHKEY_BLOB_MAX_BYTES * 4 / 3 + 4)
		return -EMSGSIZE;
	if ((p = malloc(n / 4 * 3 + 3)) == NULL)
		return -ENOMEM;
	if (decode(text, n, p, &len) < 0)
		return -EBADMSG;
	*ret = TAKE(p);
	*ret_len = len;
	return 0;
}

char *
sshkey_base64_encode(const uint8_t *p, size_t len)
{
	size_t n =
	    sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(n);

	if (text != NULL)
		sodium_bin2base64(text, n, p, len,
		    sodium_base64_VARIANT_ORIGINAL);
	return text;
}

void
sshkey_fingerprint(const uint8_t *blob, size_t len,
    char ret[SSHKEY_FINGERPRINT_MAX])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, blob, len);
	memcpy(ret, "SHA256:", sizeof("SHA256:"));
	sodium_bin2base64(ret + 7, SSHKEY_FINGERPRINT_MAX - 7, hash,
	    sizeof(hash), sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

void
sshkey_clear(struct sshkey *k)
{
	free(k->type);
	free(k->blob);
	free(k->comment);
	*k = (struct sshkey){ 0 };
}

/* The blank-separated word at *at, copied; moves *at behind it. */
static char *
take_word(const char **at)
{
	const char *start = *at + strspn(*at, " \t");
	size_t len = strcspn(start, " \t\r\n");

	*at = start + len;
	return strndup(start, len);
}

static int
check_type(const struct sshkey *k)
{
	struct reader r = { k->blob, k->len }, s;
	const struct sshkey_type *known = sshkey_type_find(k->type);

	if (reader_string(&r, &s) < 0 || !reader_is(&s, k->type))
		return -EBADMSG;
	if (known == NULL || strcmp(known->name, k->type) != 0)
		return 0;
	return sshkey_check_blob(known, k->blob, k->len);
}

int
sshkey_parse_line(const char *line, struct sshkey *ret)
{
	AUTO_CLEAR(sshkey_clear) struct sshkey k = { 0 };
	AUTO(free) char *base64 = NULL;
	int r;

	k.type = take_word(&line);
	base64 = take_word(&line);
	line += strspn(line, " \t");
	k.comment = strndup(line, strcspn(line, "\r\n"));
	if (k.type == NULL || base64 == NULL || k.comment == NULL)
		return -ENOMEM;
	if ((r = sshkey_base64_decode(base64, &k.blob, &k.len)) < 0)
		return r == -EMSGSIZE ? -EBADMSG : r;
	if ((r = check_type(&k)) < 0)
		return r;
	*ret = k;
	k = (struct sshkey){ 0 };
	return 0;
}

static int
list_add_line(struct sshkey_list *l, const char *line)
{
	struct sshkey *v, k = { 0 };
	int r;

	line += strspn(line, " \t\r");
	if (*line == '\0' || *line == '#')
		return 0;
	if ((r = sshkey_parse_line(line, &k)) < 0)
		return r;
	if ((v = reallocarray(l->v, l->n + 1, sizeof(*v))) == NULL) {
		sshkey_clear(&k);
		return -ENOMEM;
	}
	l->v = v;
	l->v[l->n++] = k;
	return 0;
}

int
sshkey_list_parse(const char *text, struct sshkey_list *ret, size_t *ret_line)
{
	AUTO_CLEAR(sshkey_list_clear) struct sshkey_list l = { 0 };
	AUTO(free) char *line = NULL;
	size_t n, len;
	int r;

	for (n = 1; *text != '\0'; n++) {
		len = strcspn(text, "\n");
		free(line);
		if ((line = strndup(text, len)) == NULL)
			return -ENOMEM;
		if ((r = list_add_line(&l, line)) < 0) {
			*ret_line = n;
			return r == -EBADMSG ? -EINVAL : r;
		}
		text += len + (text[len] == '\n');
	}
	*ret = l;
	l = (struct sshkey_list){ 0 };
	return 0;
}

bool
sshkey_list_has(const struct sshkey_list *l, const uint8_t *blob, size_t len)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->v[i].len == len && memcmp(l->v[i].blob, blob, len) == 0)
			return true;
	return false;
}

void
sshkey_list_clear(struct sshkey_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		sshkey_clear(&l->v[i]);
	free(l->v);
	*l = (struct sshkey_list){ 0 };
}
