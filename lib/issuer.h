/* SPDX-License-Identifier: ISC */
/* Who may have certificates by a token of an identity provider (policy.json(5)):
 * checked here; hosts have no use for it. */
#ifndef CS_ISSUER_H
#define CS_ISSUER_H

#include "jsonread.h"

/* A list; nothing is kept of it but the roles that its grants name. */
jsonread_reader issuers_check; /* struct strv: the roles */

#endif
