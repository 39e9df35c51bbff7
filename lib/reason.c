/* SPDX-License-Identifier: ISC */
/* Why somebody was refused: one table, for events and for people. */
#include "auto.h"
#include "decide.h"

static const struct {
	const char *name;
	const char *text;
} reasons[REASON_COUNT] = {
	[REASON_NONE] = { "none", "allowed" },
	[REASON_INTERNAL] = { "internal", "something failed on this host" },
	[REASON_BAD_CERTIFICATE] = { "bad_certificate",
	    "the certificate cannot be read" },
	[REASON_UNKNOWN_KEY_TYPE] = { "unknown_key_type",
	    "the certificate is of a type that is not known here" },
	[REASON_NOT_A_USER_CERTIFICATE] = { "not_a_user_certificate",
	    "the certificate is not a user certificate" },
	[REASON_CA_NOT_TRUSTED] = { "ca_not_trusted",
	    "the certificate's CA is not trusted on this host" },
	[REASON_BAD_LOGIN] = { "bad_login",
	    "the login name has characters that no account may have" },
	[REASON_BAD_USER] = { "bad_user", "the certificate names nobody" },
	[REASON_NOT_YET_VALID] = { "not_yet_valid",
	    "the certificate is not valid yet: compare the clocks" },
	[REASON_EXPIRED] = { "expired", "the certificate has expired" },
	[REASON_NEVER_EXPIRES] = { "never_expires",
	    "the certificate has no end" },
	[REASON_NO_PRINCIPALS] = { "no_principals",
	    "the certificate has no principals" },
	[REASON_CRITICAL_OPTION] = { "critical_option",
	    "the certificate has a critical option that is not known here" },
	[REASON_NO_ROLE] = { "no_role", "the certificate holds no role" },
	[REASON_POLICY_UNREADABLE] = { "policy_unreadable",
	    "this host's policy cannot be read" },
	[REASON_POLICY_EXPIRED] = { "policy_expired",
	    "this host's policy has expired" },
	[REASON_LOCKS_UNREADABLE] = { "locks_unreadable",
	    "this host's own locks cannot be read" },
	[REASON_LOCKED] = { "locked", "locked" },
	[REASON_UNKNOWN_ROLE] = { "unknown_role",
	    "this host's policy does not know the certificate's roles" },
	[REASON_DENIED_BY_RULE] = { "denied_by_rule",
	    "a deny rule of a role that the certificate holds" },
	[REASON_LABEL_MISMATCH] = { "label_mismatch",
	    "no role of the certificate is for this host" },
	[REASON_LOGIN_NOT_ALLOWED] = { "login_not_allowed",
	    "the roles for this host do not allow this login" },
	[REASON_MFA_REQUIRED] = { "mfa_required",
	    "the role wants a certificate that was issued with a second "
	    "factor" },
	[REASON_NOT_ENFORCED] = { "not_enforced",
	    "the role demands what this host cannot do" },
	[REASON_SESSION_TTL] = { "session_ttl",
	    "the certificate is older than the role accepts" },
	[REASON_COMMAND_CONFLICT] = { "command_conflict",
	    "two different commands are forced" },
	[REASON_SOURCE_CONFLICT] = { "source_conflict",
	    "the roles' source addresses have nothing in common" },
	[REASON_SETTINGS_UNREADABLE] = { "settings_unreadable",
	    "this host's settings cannot be read" },
	[REASON_NO_CERTIFICATE] = { "no_certificate",
	    "the login was not by a certificate" },
	[REASON_KEEPER] = { "keeper",
	    "the connection's keeper did not answer" },
	[REASON_MAX_CONNECTIONS] = { "max_connections",
	    "the role allows no more connections at a time" },
	[REASON_NOT_TRACED] = { "not_traced",
	    "the role demands tracing, and trace does not answer on this "
	    "host" },
	[REASON_BYPASSABLE_SHELL] = { "bypassable_shell",
	    "the role demands recording, and the account's shell can be made "
	    "to run something before that begins" },
	[REASON_REVOKED] = { "revoked", "the certificate is revoked" },
	[REASON_SOURCE_NOT_ALLOWED] = { "source_not_allowed",
	    "not allowed from this address" },
	[REASON_NO_SUCH_USER] = { "no_such_user",
	    "there is no such account on this host" },
	[REASON_TIMEOUT] = { "timeout",
	    "the decision failed or took too long" },
	[REASON_REFUSED_BY_SSHD] = { "refused_by_sshd",
	    "sshd refused the certificate; its log says why" },
};

const char *
reason_name(enum reason r)
{
	return reasons[r < REASON_COUNT ? r : REASON_INTERNAL].name;
}

const char *
reason_text(enum reason r)
{
	return reasons[r < REASON_COUNT ? r : REASON_INTERNAL].text;
}
