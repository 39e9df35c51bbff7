/* SPDX-License-Identifier: ISC */
/* The certificate reader, binary and as sshd's %k, and what asks its result. */
#include <stdlib.h>

#include "fuzz.h"
#include "host.h"
#include "sshcert.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct refusal f;
	struct cert *c;
	char *value;

	if (cert_parse(p, len, &c) < 0)
		return 0;
	(void)cert_verify(c);
	if (!c->is_opaque &&
	    cert_option_value(&c->critical, "force-command", &value) == 0)
		free(value);
	refusal_init(&f, c, REASON_EXPIRED, NULL);
	refusal_clear(&f);
	cert_free(c);
	return 0;
}
