/* SPDX-License-Identifier: ISC */
/* -V strings, -O words and KRL specifications: the first byte says which. */
#include <stdlib.h>
#include <string.h>

#include "certoption.h"
#include "fuzz.h"
#include "krlspec.h"
#include "validity.h"

static void
try_option(const char *text)
{
	struct cert_request req = { 0 };

	if (certoption_defaults(&req.extensions) < 0)
		abort();
	(void)certoption_add(&req, text);
	(void)certoption_add(&req, text);
	cert_request_clear(&req);
}

static void
try_specification(char *text, size_t len)
{
	struct krlspec_ca ca = { .is_given = true, .is_any = true };
	struct conf_error e = { 0 };
	struct krl *k = krl_new();
	FILE *f;

	if (k == NULL || (f = fmemopen(text, len, "r")) == NULL)
		abort();
	(void)krlspec_read(f, &ca, k, &e);
	fclose(f);
	if (krl_normalize(k) < 0)
		abort();
	krl_free(k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	uint64_t after, before, ttl;
	char *text;

	if (len < 2)
		return 0;
	text = malloc(len);
	if (text == NULL)
		abort();
	memcpy(text, p + 1, len - 1);
	text[len - 1] = '\0';
	if (p[0] == 'V') {
		if (validity_parse(text, 1800000000, &after, &before) == 0 &&
		    before <= after)
			abort();
		(void)validity_parse_ttl(text, &ttl);
	} else if (p[0] == 'O') {
		try_option(text);
	} else {
		try_specification(text, len - 1);
	}
	free(text);
	return 0;
}
