/* SPDX-License-Identifier: ISC */
/* The keys that are to be certified. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "input.h"
#include "subject.h"

int
subject_load(const char *path, struct sshkey *ret)
{
	AUTO(free) char *text = NULL;
	int r;

	if ((r = input_read(path, 2 * SSHKEY_BLOB_MAX_BYTES, &text)) < 0)
		return r;
	return sshkey_parse_line(text, ret);
}

/* Bits of an mpint's body (RFC 4251 5): a leading zero byte is a sign. */
static size_t
mpint_bits(const struct reader *n)
{
	size_t i = 0, bits;
	uint8_t top;

	while (i < n->left && n->p[i] == 0)
		i++;
	if (i == n->left)
		return 0;
	bits = (n->left - i) * 8;
	for (top = n->p[i]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static size_t
rsa_bits(const struct sshkey *k)
{
	struct reader r = { k->blob, k->len }, name, e, n;

	if (reader_string(&r, &name) < 0 || reader_string(&r, &e) < 0 ||
	    reader_string(&r, &n) < 0)
		return 0;
	return mpint_bits(&n);
}

const char *
subject_refusal(const struct sshkey *k)
{
	const struct sshkey_type *type = sshkey_type_find(k->type);

	if (sshkey_is_cert_type(k->type))
		return "it is a certificate already: give the plain public key";
	if (type == NULL)
		return "its type is not known here";
	if (strcmp(type->name, "ssh-dss") == 0)
		return "DSA keys are not safe: make an Ed25519 key";
	if (strcmp(type->name, "ssh-rsa") == 0 &&
	    rsa_bits(k) < SUBJECT_RSA_MIN_BITS)
		return "RSA keys below 2048 bits are not safe: make an Ed25519 "
		       "key";
	return NULL;
}

char *
subject_cert_path(const char *path)
{
	size_t n = strlen(path);
	char *ret = NULL;

	if (n > 4 && strcmp(path + n - 4, ".pub") == 0)
		n -= 4;
	if (asprintf(&ret, "%.*s-cert.pub", (int)n, path) < 0)
		return NULL;
	return ret;
}
