/* SPDX-License-Identifier: ISC */
/* Issuing certificates: what `sign` and `host` have in common. */
#ifndef CS_ISSUE_H
#define CS_ISSUE_H

#include <stdbool.h>

#include "certwriter.h"

struct issue {
	const char *ca_dir; /* serial and ledger; NULL: neither */
	const char *ca_key; /* a private key; NULL: the one in ca_dir */
	bool quiet, json;
	struct cert_request req; /* the same for every key, but the serial */
	struct strv roles; /* for the ledger */
};

/* Certifies each public key file, "-" for stdin to stdout; stops at the first
 * that fails, which it has said. Returns the exit code. */
int issue_keys(struct issue *o, char **keys, size_t n);
void issue_clear(struct issue *o);

#endif
