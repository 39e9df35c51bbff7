/* SPDX-License-Identifier: ISC */
/* Making an OpenSSH certificate. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certwriter.h"

#define NONCE_BYTES 32

DEFINE_AUTO(cert_free, struct cert)

static int
by_name(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t nx = strcspn(x, "="), ny = strcspn(y, "=");
	int c = memcmp(x, y, nx < ny ? nx : ny);

	return c != 0 ? c : (nx > ny) - (nx < ny);
}

/* Sorted by name as the format demands. A flag's data is empty; a value is a
 * string inside the string. */
static void
put_options(struct writer *w, const struct strv *options)
{
	char *sorted[CERT_MAX_OPTIONS];
	size_t outer = writer_string_begin(w), inner, i, n = options->n;
	const char *eq;

	if (n > CERT_MAX_OPTIONS) {
		w->error = -EMSGSIZE;
		return;
	}
	for (i = 0; i < n; i++)
		sorted[i] = options->v[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (i = 0; i < n; i++) {
		eq = strchr(sorted[i], '=');
		writer_string(w, sorted[i], strcspn(sorted[i], "="));
		inner = writer_string_begin(w);
		if (eq != NULL)
			writer_cstring(w, eq + 1);
		writer_string_end(w, inner);
	}
	writer_string_end(w, outer);
}

static void
put_principals(struct writer *w, const struct strv *principals)
{
	size_t mark = writer_string_begin(w), i;

	for (i = 0; i < principals->n; i++)
		writer_cstring(w, principals->v[i]);
	writer_string_end(w, mark);
}

/* The subject's fields stand between nonce and serial, without their name. */
static int
put_subject(struct writer *w, const struct sshkey *subject)
{
	AUTO(free) char *cert_name = sshkey_cert_type_name(subject->type);
	struct reader r = { subject->blob, subject->len }, name;
	uint8_t nonce[NONCE_BYTES];

	if (cert_name == NULL)
		return -ENOMEM;
	if (sshkey_is_cert_type(subject->type) || reader_string(&r, &name) < 0)
		return -EINVAL;
	randombytes_buf(nonce, sizeof(nonce));
	writer_cstring(w, cert_name);
	writer_string(w, nonce, sizeof(nonce));
	writer_bytes(w, r.p, r.left);
	return 0;
}

int
certwriter_body(const struct cert_request *req, const struct sshkey *subject,
    const struct reader *ca, struct writer *w)
{
	int r;

	if ((r = put_subject(w, subject)) < 0)
		return r;
	writer_u64(w, req->serial);
	writer_u32(w, req->kind);
	writer_cstring(w, req->key_id);
	put_principals(w, &req->principals);
	writer_u64(w, req->valid_after);
	writer_u64(w, req->valid_before);
	put_options(w, &req->critical);
	put_options(w, &req->extensions);
	writer_cstring(w, "");
	writer_string(w, ca->p, ca->left);
	return writer_error(w);
}

int
certwriter_check(const struct cert_request *req, const uint8_t *blob,
    size_t len)
{
	AUTO(cert_free) struct cert *c = NULL;
	int r;

	if ((r = cert_parse(blob, len, &c)) < 0)
		return r;
	if (c->is_opaque)
		return 0;
	if (c->serial != req->serial || c->kind != req->kind ||
	    strcmp(c->key_id, req->key_id) != 0 ||
	    c->principals.n != req->principals.n ||
	    c->valid_after != req->valid_after ||
	    c->valid_before != req->valid_before ||
	    c->critical.n != req->critical.n ||
	    c->extensions.n != req->extensions.n)
		return -EBADMSG;
	return 0;
}

char *
certwriter_format(const uint8_t *blob, size_t len, const char *comment)
{
	AUTO(free) char *base64 = sshkey_base64_encode(blob, len);
	struct reader r = { blob, len }, type;
	char *line = NULL;

	if (base64 == NULL || reader_string(&r, &type) < 0)
		return NULL;
	if (asprintf(&line, "%.*s %s%s%s\n", (int)type.left,
		(const char *)type.p, base64, comment[0] != '\0' ? " " : "",
		comment) < 0)
		return NULL;
	return line;
}

void
cert_request_clear(struct cert_request *req)
{
	free(req->key_id);
	strv_clear(&req->principals);
	strv_clear(&req->critical);
	strv_clear(&req->extensions);
	*req = (struct cert_request){ 0 };
}
