/* SPDX-License-Identifier: ISC */
/* profiles.json and a batch's line, with a NUL between them. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "profile.h"
#include "sshcert.h"

static void
ask(const struct profiles *p, const char *line, size_t len)
{
	struct wanted base = { .kind = CERT_USER }, w = { 0 };
	struct profile_refusal refusal = { 0 };
	const struct profile *used;
	struct cert_request req = { 0 };
	struct conf_error e = { 0 };
	char *key = NULL;

	if (wanted_from_json(line, len, &base, &w, &key, &e) < 0)
		return;
	if (wanted_check(&w, &e) == 0 &&
	    profiles_apply(p, &w, "ssh-ed25519", 1800000000, &req, &used,
		&refusal) == 0 &&
	    (req.key_id == NULL || req.valid_before <= req.valid_after))
		abort();
	cert_request_clear(&req);
	wanted_clear(&w);
	free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	const char *text = (const char *)p;
	size_t n = strnlen(text, len);
	struct profiles profiles = { 0 };
	struct conf_error e = { 0 };

	if (profiles_parse(text, n, &profiles, &e) == 0 && n < len)
		ask(&profiles, text + n + 1, len - n - 1);
	profiles_clear(&profiles);
	return 0;
}
