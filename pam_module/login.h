/* SPDX-License-Identifier: ISC */
/* The login whose PAM session is being opened: who, and whether at all. */
#ifndef CS_LOGIN_H
#define CS_LOGIN_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "addresses.h"
#include "authinfo.h"
#include "host.h"
#include "keepermsg.h"
#include "uuid.h"

struct login {
	struct host host;
	struct conf_error error; /* what could not be read */
	const char *name; /* the account; PAM's */
	uid_t uid;
	const char *shell; /* PAM's */
	struct authinfo auth;
	struct decision decision;
	/* What a member of the break-glass group would be refused for. */
	enum reason break_glass;
	struct uuid connection;
	struct addresses addresses;
	uint32_t audit_session_id;
};

/*
 * Who is this, and may they? REASON_NONE, or why not. A member of the
 * break-glass group is let in whatever else is wrong, and marked. The caller
 * clears, in any case.
 */
enum reason login_judge(pam_handle_t *pamh, struct login *l);
void login_clear(struct login *l);
/* The certificate's identity, or NULL. */
const char *login_user(const struct login *l);

#endif
