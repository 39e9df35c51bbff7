/* SPDX-License-Identifier: ISC */
/* The keys that are to be certified. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "edkey.h"
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

/* The public half in a private key's file is not encrypted. */
static int
load_from_private(const char *path, struct sshkey *ret)
{
	AUTO_CLEAR(writer_clear) struct writer blob = WRITER_INIT;
	AUTO_CLEAR(sshkey_clear) struct sshkey k = { 0 };
	struct reader r;
	int e;

	if ((e = edkey_read_public(path, &blob)) < 0)
		return e;
	r = (struct reader){ blob.p, blob.len };
	if (reader_cstring(&r, &k.type) < 0)
		return -EBADMSG;
	k.blob = TAKE(blob.p);
	k.len = blob.len;
	if ((k.comment = strdup("")) == NULL)
		return -ENOMEM;
	*ret = k;
	k = (struct sshkey){ 0 };
	return 0;
}

int
subject_load_near(const char *path, struct sshkey *ret)
{
	AUTO(free) char *beside = NULL;
	int r = subject_load(path, ret);

	if (r == 0 || strcmp(path, "-") == 0)
		return r;
	if (asprintf(&beside, "%s.pub", path) < 0)
		return -ENOMEM;
	if (subject_load(beside, ret) == 0 || load_from_private(path, ret) == 0)
		return 0;
	return r;
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
subject_refusal(const struct sshkey *k, unsigned allow)
{
	const struct sshkey_type *type = sshkey_type_find(k->type);
	size_t min = (allow & SUBJECT_ALLOW_WEAK) != 0
	    ? SUBJECT_RSA_OPENSSH_BITS
	    : SUBJECT_RSA_MIN_BITS;

	if (sshkey_is_cert_type(k->type))
		return "it is a certificate already: give the plain public key";
	if (type == NULL && (allow & SUBJECT_ALLOW_UNKNOWN) == 0)
		return "its type is not known here; --allow-unknown-type "
		       "certifies it unread";
	if (type == NULL)
		return NULL;
	if (strcmp(type->name, "ssh-dss") == 0 &&
	    (allow & SUBJECT_ALLOW_WEAK) == 0)
		return "DSA keys are not safe: make an Ed25519 key";
	if (strcmp(type->name, "ssh-rsa") == 0 && rsa_bits(k) < min)
		return min == SUBJECT_RSA_MIN_BITS
		    ? "RSA keys below 2048 bits are not safe: make an Ed25519 "
		      "key"
		    : "RSA keys below 1024 bits are refused by OpenSSH";
	return NULL;
}

const char *
subject_warning(const struct sshkey *k)
{
	if (strcmp(k->type, "ssh-dss") == 0)
		return "DSA keys are not safe, and OpenSSH is about to drop "
		       "them";
	if (strcmp(k->type, "ssh-rsa") == 0 &&
	    rsa_bits(k) < SUBJECT_RSA_MIN_BITS)
		return "RSA keys below 2048 bits are not safe";
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
