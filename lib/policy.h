/* SPDX-License-Identifier: ISC */
/* The policy as people write it: roles, locks, issuers (policy.json(5)). */
#ifndef CS_POLICY_H
#define CS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf.h"
#include "issuer.h"
#include "labelrule.h"
#include "lock.h"
#include "roleoption.h"
#include "strv.h"

#define POLICY_MAX_BYTES (16U * 1024U * 1024U)
#define POLICY_MAX_ROLES 20000
#define POLICY_NAMESPACE "policy@countersign" /* of its SSHSIG */

struct role_rules {
	struct strv logins; /* names, or templates (template.h) */
	struct label_rules labels;
};

struct role {
	char *name;
	struct role_rules allow, deny;
	struct role_options options;
};

struct policy {
	uint64_t version;
	uint64_t expires_s; /* 0: never */
	struct role *roles; /* by name */
	size_t n_roles;
	struct locks locks;
	struct issuers issuers;
};

/* -EINVAL with *reterr, or -ENOMEM. Unknown and duplicate keys are errors. The
 * caller frees. */
int policy_parse(const char *text, size_t len, struct policy **ret,
    struct conf_error *reterr);
/* From a file that only root or `trusted` could have written; also -errno. */
int policy_load(const char *path, uid_t trusted, struct policy **ret,
    struct conf_error *reterr);
void policy_free(struct policy *p);
/* NULL if there is none. */
const struct role *policy_role(const struct policy *p, const char *name);

#endif
