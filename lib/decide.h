/* SPDX-License-Identifier: ISC */
/* May this certificate be this login on this host now, and with which limits?
 * A pure function: the same inputs give the same answer, everywhere. */
#ifndef CS_DECIDE_H
#define CS_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "hostpolicy.h"
#include "sshcert.h"
#include "sshkey.h"

#define ROLE_PRINCIPAL_PREFIX "role:"

enum verdict {
	DENY,
	ALLOW
};

enum reason {
	REASON_NONE,
	REASON_INTERNAL,
	REASON_BAD_CERTIFICATE,
	REASON_UNKNOWN_KEY_TYPE,
	REASON_NOT_A_USER_CERTIFICATE,
	REASON_CA_NOT_TRUSTED,
	REASON_BAD_LOGIN,
	REASON_BAD_USER,
	REASON_NOT_YET_VALID,
	REASON_EXPIRED,
	REASON_NEVER_EXPIRES,
	REASON_NO_PRINCIPALS,
	REASON_CRITICAL_OPTION,
	REASON_NO_ROLE,
	REASON_POLICY_UNREADABLE,
	REASON_POLICY_EXPIRED,
	REASON_LOCKS_UNREADABLE,
	REASON_LOCKED,
	REASON_UNKNOWN_ROLE, /* these three: how near a role came */
	REASON_LABEL_MISMATCH,
	REASON_LOGIN_NOT_ALLOWED,
	REASON_DENIED_BY_RULE,
	REASON_MFA_REQUIRED,
	REASON_NOT_ENFORCED,
	REASON_SESSION_TTL,
	REASON_COMMAND_CONFLICT,
	REASON_SOURCE_CONFLICT,
	REASON_SETTINGS_UNREADABLE,
	REASON_NO_CERTIFICATE,
	REASON_KEEPER,
	REASON_MAX_CONNECTIONS,
	REASON_NOT_TRACED,
	REASON_BYPASSABLE_SHELL,
	REASON_REVOKED,
	REASON_SOURCE_NOT_ALLOWED,
	REASON_NO_SUCH_USER,
	REASON_TIMEOUT,
	REASON_REFUSED_BY_SSHD,
	REASON_COUNT
};

/* "login_not_allowed", and the sentence for people. */
const char *reason_name(enum reason r);
const char *reason_text(enum reason r);

struct decide_question {
	const struct cert *cert;
	const char *login;
	const struct sshkey_list *trusted_cas;
	const struct hostpolicy *policy; /* compiled for this host */
	const struct hostpolicy *local_locks; /* this host's own; may be NULL */
	uint64_t now_s;
	uint64_t grace_s; /* how long an expired policy is still good */
};

/* What the fitting roles give together (policy.json(5)); force_command is also
 * the certificate's. */
struct access {
	struct role_options options;
	uint64_t expires_s; /* of the session's right: never after the cert */
};

struct decision {
	enum verdict verdict; /* DENY unless all went well */
	enum reason reason;
	char *detail; /* more than the reason's words: which lock, role or
		       * option; or NULL */
	char *role; /* the role that decided; or NULL */
	struct strv roles; /* all that fit */
	struct access access;
	bool is_stale; /* by a policy that has expired, in its grace */
};

/* Never fails: what cannot be decided is DENY with its reason. The caller
 * clears. */
void decide(const struct decide_question *q, struct decision *ret);
/* Only whether a lock names the certificate, which may have expired since it was
 * let in: REASON_LOCKED with the detail, REASON_NONE, or why that cannot be
 * known. */
void decide_locks(const struct decide_question *q, struct decision *ret);
void decision_clear(struct decision *d);
/* The certificate's principals that are roles, without their prefix. */
int decide_roles_of(const struct cert *c, struct strv *ret);
/* The line for AuthorizedPrincipalsCommand, without a newline; the caller
 * frees. NULL if out of memory. */
char *decision_line(const struct decision *d);

#endif
