/* SPDX-License-Identifier: ISC */
/* What a CA's ledger says is revoked. */
#ifndef CS_REVOKED_H
#define CS_REVOKED_H

#include <stdbool.h>
#include <stdint.h>

#include "krl.h"
#include "ledger.h"
#include "sshkey.h"
#include "strv.h"

/* All of a person's certificates that were there when it was said. */
struct revoked_user {
	char *user; /* as JSON text, which is how the ledger has it */
	uint64_t up_to; /* serial */
};

struct revoked {
	struct krl *serials; /* of any CA, since no two share one */
	struct revoked_user *users;
	size_t n_users;
	struct strv ids; /* key ids, for ever */
	struct strv fingerprints; /* "SHA256:..." of keys, for ever */
	uint64_t read_to; /* the ledger's bytes that are in here */
};

/* Reads the ledger's revocations from where it stopped the last time; r is zero
 * the first time. is_mine: as ledger_view_open. 0, -errno, -EBADMSG: a line that
 * cannot be understood. */
int revoked_update(struct revoked *r, const char *dir, bool is_mine);
void revoked_clear(struct revoked *r);
/* Would a new certificate be revoked at once? In words, or NULL. */
const char *revoked_why_not(const struct revoked *r, const char *id,
    const char *fingerprint);
/* Is this certificate, of which l is the ledger's line, revoked by its serial
 * or its user? */
bool revoked_has_cert(const struct revoked *r, const struct ledger_line *l,
    uint64_t serial);

#endif
