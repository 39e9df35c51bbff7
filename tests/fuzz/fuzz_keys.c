/* SPDX-License-Identifier: ISC */
/* Public key lines, private key files, signature files, and signatures: the
 * first byte says which. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "edkey.h"
#include "fuzz.h"
#include "sigverify.h"
#include "sshcert.h"
#include "sshkey.h"
#include "sshsig.h"
#include "subject.h"

static void
try_public(const char *text)
{
	struct sshkey k;

	if (sshkey_parse_line(text, &k) < 0)
		return;
	(void)subject_refusal(&k, 0);
	(void)subject_warning(&k);
	sshkey_clear(&k);
}

static void
try_private(const char *text)
{
	struct edkey *k;

	if (edkey_parse(text, &k) == 0)
		edkey_free(k);
}

static void
try_signature_file(const char *text)
{
	struct writer w = WRITER_INIT;
	struct sshsig s;

	if (sshsig_parse(text, &s) < 0)
		return;
	(void)sigverify(&s.key, &s.signature, NULL, "data", 4);
	if (sshsig_signed_data("x", SSHSIG_HASH, "data", 4, &w) < 0)
		abort();
	writer_clear(&w);
	sshsig_clear(&s);
}

static void
try_certificate(const uint8_t *p, size_t len)
{
	struct reader ca;
	struct cert *c;

	if (cert_parse(p, len, &c) < 0)
		return;
	if (!c->is_opaque) {
		ca = (struct reader){ c->ca, c->ca_len };
		(void)sigverify(&ca, &c->signature, NULL, c->blob,
		    c->signed_len);
	}
	cert_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *text;

	if (sodium_init() < 0)
		abort();
	if (len == 0)
		return 0;
	text = malloc(len);
	if (text == NULL)
		abort();
	memcpy(text, p + 1, len - 1);
	text[len - 1] = '\0';
	if (p[0] == 'p')
		try_public(text);
	else if (p[0] == 's')
		try_private(text);
	else if (p[0] == 'f')
		try_signature_file(text);
	else
		try_certificate(p + 1, len - 1);
	free(text);
	return 0;
}
