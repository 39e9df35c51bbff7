/* SPDX-License-Identifier: ISC */
/* Reading OpenSSH certificates (PROTOCOL.certkeys). */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "sshcert.h"
#include "sshkey.h"

DEFINE_AUTO(cert_free, struct cert)

static void
options_clear(struct cert_options *o)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		free(o->v[i].name);
		free(o->v[i].data);
	}
	free(o->v);
	*o = (struct cert_options){ 0 };
}

void
cert_free(struct cert *c)
{
	if (c == NULL)
		return;
	free(c->blob);
	free(c->type);
	free(c->key);
	free(c->key_id);
	strv_clear(&c->principals);
	options_clear(&c->critical);
	options_clear(&c->extensions);
	free(c->ca);
	free(c);
}

static int
copy_bytes(const struct reader *r, uint8_t **ret, size_t *ret_len)
{
	/* One more, so that an empty string is not a NULL. */
	if ((*ret = malloc(r->left + 1)) == NULL)
		return -ENOMEM;
	if (r->left > 0)
		memcpy(*ret, r->p, r->left);
	*ret_len = r->left;
	return 0;
}

/* The subject's public key: its fields as they stand, under the plain name. */
static int
read_key(struct reader *r, const struct sshkey_type *type, struct cert *c)
{
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	struct reader whole, s;
	unsigned i;
	int e;

	writer_cstring(&w, type->name);
	for (i = 0; i < type->n_fields; i++) {
		if (reader_string(r, &s) < 0 || s.left == 0)
			return -EBADMSG;
		writer_string(&w, s.p, s.left);
	}
	if ((e = writer_error(&w)) < 0)
		return e;
	whole = (struct reader){ w.p, w.len };
	return copy_bytes(&whole, &c->key, &c->key_len);
}

static int
read_principals(struct reader *r, struct strv *ret)
{
	struct reader list;
	char *item;
	int e;

	if (reader_string(r, &list) < 0)
		return -EBADMSG;
	while (list.left > 0) {
		if (ret->n >= CERT_MAX_PRINCIPALS)
			return -EBADMSG;
		if ((e = reader_cstring(&list, &item)) < 0 ||
		    (e = strv_add_take(ret, item)) < 0)
			return e;
	}
	return 0;
}

static int
read_option(struct reader *list, struct cert_options *o)
{
	struct cert_option *v, *opt;
	struct reader data;
	int e;

	if (o->n >= CERT_MAX_OPTIONS)
		return -EBADMSG;
	if ((v = reallocarray(o->v, o->n + 1, sizeof(*v))) == NULL)
		return -ENOMEM;
	o->v = v;
	opt = &o->v[o->n++];
	*opt = (struct cert_option){ 0 };
	if ((e = reader_cstring(list, &opt->name)) < 0)
		return e;
	if (reader_string(list, &data) < 0)
		return -EBADMSG;
	/* "lexically ordered by name", each once */
	if (o->n > 1 && strcmp(v[o->n - 2].name, opt->name) >= 0)
		return -EBADMSG;
	return copy_bytes(&data, &opt->data, &opt->len);
}

static int
read_options(struct reader *r, struct cert_options *o)
{
	struct reader list;
	int e;

	if (reader_string(r, &list) < 0)
		return -EBADMSG;
	while (list.left > 0)
		if ((e = read_option(&list, o)) < 0)
			return e;
	return 0;
}

static int
read_ca(struct reader *r, struct cert *c)
{
	struct reader ca, whole;
	char *type = NULL;
	bool is_cert;
	int e;

	if (reader_string(r, &ca) < 0)
		return -EBADMSG;
	whole = ca;
	if ((e = reader_cstring(&ca, &type)) < 0)
		return e;
	is_cert = sshkey_is_cert_type(type);
	free(type);
	if (is_cert)
		return -EBADMSG;
	return copy_bytes(&whole, &c->ca, &c->ca_len);
}

static int
read_body(struct reader *r, const struct sshkey_type *type, struct cert *c)
{
	struct reader nonce, reserved;
	int e;

	if (reader_string(r, &nonce) < 0)
		return -EBADMSG;
	if ((e = read_key(r, type, c)) < 0)
		return e;
	if (reader_u64(r, &c->serial) < 0 || reader_u32(r, &c->kind) < 0)
		return -EBADMSG;
	if (c->kind != CERT_USER && c->kind != CERT_HOST)
		return -EBADMSG;
	if ((e = reader_cstring(r, &c->key_id)) < 0 ||
	    (e = read_principals(r, &c->principals)) < 0)
		return e;
	if (reader_u64(r, &c->valid_after) < 0 ||
	    reader_u64(r, &c->valid_before) < 0)
		return -EBADMSG;
	if ((e = read_options(r, &c->critical)) < 0 ||
	    (e = read_options(r, &c->extensions)) < 0)
		return e;
	if (reader_string(r, &reserved) < 0)
		return -EBADMSG;
	if ((e = read_ca(r, c)) < 0)
		return e;
	c->signed_len = (size_t)(r->p - c->blob);
	if (reader_string(r, &c->signature) < 0)
		return -EBADMSG;
	return reader_end(r);
}

int
cert_parse(const uint8_t *blob, size_t len, struct cert **ret)
{
	AUTO(cert_free) struct cert *c = calloc(1, sizeof(*c));
	struct reader r = { blob, len };
	const struct sshkey_type *type;
	int e;

	if (c == NULL)
		return -ENOMEM;
	if (len > CERT_MAX_BYTES)
		return -EBADMSG;
	if ((e = copy_bytes(&r, &c->blob, &c->len)) < 0)
		return e;
	r = (struct reader){ c->blob, c->len };
	if ((e = reader_cstring(&r, &c->type)) < 0)
		return e;
	if (!sshkey_is_cert_type(c->type))
		return -EBADMSG;
	if ((type = sshkey_type_find(c->type)) == NULL)
		c->is_opaque = true;
	else if ((e = read_body(&r, type, c)) < 0)
		return e;
	*ret = TAKE(c);
	return 0;
}

int
cert_parse_base64(const char *text, struct cert **ret)
{
	AUTO(free) uint8_t *blob = NULL;
	size_t len;
	int e;

	if ((e = sshkey_base64_decode(text, &blob, &len)) < 0)
		return e;
	return cert_parse(blob, len, ret);
}

int
cert_verify(const struct cert *c)
{
	struct reader ca = { c->ca, c->ca_len }, sig = c->signature;
	struct reader type, key, value;

	if (c->is_opaque || reader_string(&ca, &type) < 0 ||
	    !reader_is(&type, "ssh-ed25519"))
		return -EOPNOTSUPP;
	if (reader_string(&ca, &key) < 0 || reader_end(&ca) < 0 ||
	    key.left != crypto_sign_PUBLICKEYBYTES)
		return -EBADMSG;
	if (reader_string(&sig, &type) < 0 ||
	    !reader_is(&type, "ssh-ed25519") ||
	    reader_string(&sig, &value) < 0 || reader_end(&sig) < 0 ||
	    value.left != crypto_sign_BYTES)
		return -EBADMSG;
	if (crypto_sign_verify_detached(value.p, c->blob, c->signed_len,
		key.p) != 0)
		return -EBADMSG;
	return 0;
}

const struct cert_option *
cert_option_find(const struct cert_options *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (strcmp(o->v[i].name, name) == 0)
			return &o->v[i];
	return NULL;
}

int
cert_option_value(const struct cert_options *o, const char *name, char **ret)
{
	const struct cert_option *opt = cert_option_find(o, name);
	AUTO(free) char *value = NULL;
	struct reader r;
	int e;

	if (opt == NULL)
		return -ENOENT;
	r = (struct reader){ opt->data, opt->len };
	if ((e = reader_cstring(&r, &value)) < 0)
		return e;
	if (reader_end(&r) < 0)
		return -EBADMSG;
	*ret = TAKE(value);
	return 0;
}
