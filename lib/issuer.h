/* SPDX-License-Identifier: ISC */
/* Who may have certificates by a token of an identity provider (policy.json(5)):
 * checked here; hosts have no use for it. */
#ifndef CS_ISSUER_H
#define CS_ISSUER_H

#include "jsonread.h"

struct issuers {
	struct strv names;
	struct strv texts; /* each as JSON in one form, to compare */
	struct strv roles; /* that their grants name */
};

jsonread_reader issuers_read; /* struct issuers: a list, no name twice */
void issuers_clear(struct issuers *i);

#endif
