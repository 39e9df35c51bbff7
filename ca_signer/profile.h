/* SPDX-License-Identifier: ISC */
/* Who may be issued what: a CA's profiles (countersign-profiles(5)). */
#ifndef CS_PROFILE_H
#define CS_PROFILE_H

#include <stdbool.h>

#include "certwriter.h"
#include "cidr.h"
#include "conf.h"
#include "labels.h"
#include "wanted.h"

#define PROFILE_MAX_BYTES (1024U * 1024U)
#define PROFILE_FILE	  "profiles.json"

/* A claim that has to be there, and what it may be. */
struct claim_rule {
	char *name;
	struct strv values;
};

/* Lists of patterns as in a policy: globs, or /expressions/. */
struct profile {
	char *name;
	uint32_t kind; /* enum cert_kind */
	struct strv users, roles, principals, hostnames, key_types, connectors;
	uint64_t default_ttl_s, max_ttl_s;
	struct strv extensions; /* that a certificate gets */
	struct strv allow_extensions; /* that may be asked for beside */
	struct cidr_list source_address;
	char *force_command;
	struct claim_rule *claims;
	size_t n_claims;
	bool verify_required, require_mfa, require_reason, renewable;
};

struct profiles {
	struct profile *v;
	size_t n;
};

/* 0, -ENOMEM, or -EINVAL with line and what is wrong. */
int profiles_parse(const char *text, size_t len, struct profiles *ret,
    struct conf_error *reterr);
/* DIR/profiles.json. */
int profiles_load(const char *dir, struct profiles *ret,
    struct conf_error *reterr);
void profiles_clear(struct profiles *p);
/* What `init` writes. */
extern const char profiles_default[];

/* The rule that refuses: a key of the profile's, and a sentence. */
struct profile_refusal {
	char profile[65];
	const char *rule;
	char why[CONF_TEXT_MAX];
};

/*
 * The request that the profile, or the first one that fits, makes of what is
 * wanted: everything but the serial. key_type: of the subject. 0 with the
 * profile in *ret_profile; -EACCES with the refusal, of the only profile or of
 * the one that came farthest; -EINVAL: an option that is none; -ENOMEM.
 */
int profiles_apply(const struct profiles *p, const struct wanted *w,
    const char *key_type, uint64_t now_s, struct cert_request *ret,
    const struct profile **ret_profile, struct profile_refusal *reterr);

#endif
