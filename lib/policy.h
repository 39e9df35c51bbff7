/* SPDX-License-Identifier: ISC */
/* The policy: roles and what they give (policy.json(5)). */
#ifndef CS_POLICY_H
#define CS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cidr.h"
#include "conf.h"
#include "strv.h"

#define POLICY_MAX_BYTES (16U * 1024U * 1024U)
#define POLICY_MAX_ROLES 20000
#define POLICY_MAX_LIST	 1024

struct label_rule {
	char *key; /* "*": any host, also one without labels */
	struct strv values; /* patterns */
};

struct role_rules {
	struct strv logins; /* names, or templates {{user}}, {{user.local}} */
	struct label_rule *labels;
	size_t n_labels;
};

struct role_options {
	uint64_t max_session_ttl_s; /* 0: no limit of its own */
	bool pty;
	bool port_forwarding;
	bool agent_forwarding;
	bool x11_forwarding;
	struct strv permitopen; /* host:port */
	char *force_command; /* NULL: none */
	struct cidr_list source; /* empty: from anywhere */
};

struct role {
	char *name;
	struct role_rules allow, deny;
	struct role_options options;
};

struct policy {
	uint64_t version;
	uint64_t expires_s; /* 0: never */
	struct role *roles;
	size_t n_roles;
};

/* -EINVAL with *reterr (line only for JSON's own errors), or -ENOMEM. Unknown
 * and duplicate keys are errors, and so is an option that this version cannot
 * enforce. The caller frees. */
int policy_parse(const char *text, size_t len, struct policy **ret,
    struct conf_error *reterr);
/* From a file that only root or `trusted` could have written; also -errno. */
int policy_load(const char *path, uid_t trusted, struct policy **ret,
    struct conf_error *reterr);
void policy_free(struct policy *p);
/* NULL if there is none. */
const struct role *policy_role(const struct policy *p, const char *name);

/* Can it stand in quotes in an authorized_keys line and mean itself? sshd cuts
 * a line at any '#' and knows no escape but \". */
bool policy_is_line_safe(const char *text);

#endif
