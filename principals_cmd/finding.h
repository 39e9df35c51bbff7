/* SPDX-License-Identifier: ISC */
/* What `countersign-node check` can find: each says why it matters and what
 * mends it. */
#ifndef CS_FINDING_H
#define CS_FINDING_H

#include <stdbool.h>
#include <stddef.h>

enum finding_id {
	FINDING_SETTINGS,
	FINDING_ACCOUNTS,
	FINDING_PROGRAM_FILES,
	FINDING_WRAPPER_MODE,
	FINDING_CONFIG_FILES,
	FINDING_SSHD_CONFIG,
	FINDING_SSHD_NOT_RELOADED,
	FINDING_SSHD_PID_FILE,
	FINDING_SSHD_OPTIONS,
	FINDING_SSHD_SEVERAL,
	FINDING_MATCH_OVERRIDES,
	FINDING_PRINCIPALS_HOOK,
	FINDING_PRINCIPALS_USER,
	FINDING_PRINCIPALS_FILE,
	FINDING_USER_CA,
	FINDING_REVOKED_KEYS,
	FINDING_AUTHORIZED_KEYS,
	FINDING_KEYS_COMMAND,
	FINDING_AUTH_METHODS,
	FINDING_PASSWORDS,
	FINDING_OTHER_LOGINS,
	FINDING_USE_PAM,
	FINDING_FORCE_COMMAND,
	FINDING_USER_RC,
	FINDING_USER_ENVIRONMENT,
	FINDING_SET_ENV,
	FINDING_ACCEPT_ENV,
	FINDING_SOCKET_FORWARDING,
	FINDING_LOG_LEVEL,
	FINDING_LOG_FORWARDING,
	FINDING_GRACE_TIME,
	FINDING_PAM_FIRST,
	FINDING_PAM_LAST,
	FINDING_PAM_CONTROL,
	FINDING_LOGIN_UID,
	FINDING_HELPER,
	FINDING_POLICY_EXPIRED,
	FINDING_POLICY_EXPIRES_SOON,
	FINDING_POLICY_UNSIGNED,
	FINDING_POLICY_NOT_COMPILED,
	FINDING_NO_SOURCE,
	FINDING_REFRESH,
	FINDING_KRL,
	FINDING_KRL_OLD,
	FINDING_KRL_UNSIGNED,
	FINDING_LOCKS,
	FINDING_LOCKS_ELSEWHERE,
	FINDING_KEEPER,
	FINDING_SYSLOG,
	FINDING_RSYSLOG_TRUST,
	FINDING_CLOCK,
	FINDING_NO_BREAK_GLASS,
	FINDING_BREAK_GLASS_GROUP,
	FINDING_BREAK_GLASS_KEYS,
	FINDING_BREAK_GLASS_PIN,
	FINDING_BREAK_GLASS_HOOKS,
	FINDING_BREAK_GLASS_PASSWORDS,
	FINDING_SETUP_UNCONFIRMED,
	FINDING_COUNT
};

enum finding_level {
	FINDING_NOTE,
	FINDING_WARNING,
	FINDING_ERROR
};

struct finding_kind {
	const char *name;
	enum finding_level level;
	const char *why;
	const char *mend;
};
extern const struct finding_kind finding_kinds[FINDING_COUNT];
const char *finding_level_name(enum finding_level level);

struct finding {
	enum finding_id id;
	char *what;
};

struct findings {
	struct finding *v;
	size_t n;
};

/* Out of memory ends the program: a doctor who forgets is none. The same words
 * are added once. */
void finding_add(struct findings *f, enum finding_id id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void findings_clear(struct findings *f);

#endif
