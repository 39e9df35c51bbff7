/* SPDX-License-Identifier: ISC */
/* What somebody asks a CA for: from the command line, or from a batch's line. */
#ifndef CS_WANTED_H
#define CS_WANTED_H

#include <jansson.h>
#include <stdint.h>

#include "conf.h"
#include "strv.h"

#define WANTED_CLAIMS_MAX_BYTES 4096U
#define WANTED_FACT_MAX_BYTES	255U

/* What an identity provider, a CI system or a person says beside the request;
 * each may be NULL. It goes into the ledger, the event and the certificate. */
struct facts {
	char *connector_id; /* who vouches: the sign-on or token issuer */
	char *mfa; /* the second factor that was used */
	char *claims; /* a JSON object, compact, keys sorted, ASCII */
	char *request_id;
	char *reason;
	char *client_ip;
};

struct wanted {
	uint32_t kind; /* enum cert_kind */
	char *id; /* who; of a host its first name */
	struct strv roles;
	struct strv principals; /* beside the roles'; of a host its names */
	struct strv options; /* ssh-keygen's -O words */
	char *profile; /* NULL: the first that allows it */
	uint64_t ttl_s; /* 0: the profile's default */
	struct facts facts;
};

void wanted_clear(struct wanted *w);
/* Into a zeroed one, to be cleared on failure as well. 0 or -ENOMEM. */
int wanted_copy(const struct wanted *from, struct wanted *to);
/* An object's text in its one form. -EINVAL with why: no object, too long. */
int wanted_set_claims(struct wanted *w, const char *text, struct conf_error *e);
/* Names that can be principals, a certificate's limits, facts that fit. 0, or
 * -EINVAL with what is wrong in e. */
int wanted_check(const struct wanted *w, struct conf_error *e);

/* A batch's line: {"key": "ssh-ed25519 AAAA...", "user": ..., "roles": [...],
 * ...} over the defaults in `base`. *ret_key is the key's line. Both are the
 * caller's. 0, -ENOMEM, -EINVAL with e. */
int wanted_from_json(const char *text, size_t len, const struct wanted *base,
    struct wanted *ret, char **ret_key, struct conf_error *e);

#endif
