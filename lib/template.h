/* SPDX-License-Identifier: ISC */
/* Logins that depend on who it is: {{user}}, {{user.local}}, {{claims.NAME}}.
 */
#ifndef CS_TEMPLATE_H
#define CS_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define TEMPLATE_LOGIN_MAX 128

/* What stands for the names. claims: an object, or NULL for none. */
struct template_values {
	const char *user; /* the certificate's key id */
	json_t *claims;
};

/* Known names, text between that a login may have, and some value of the names
 * for which the result is a login name. */
bool template_is_valid(const char *text);
/* Does it need a claim? */
bool template_has_claims(const char *text, size_t len);
/*
 * The login that text[len] stands for, in buf. False: the entry is void (a
 * claim is missing or no string or whole number, the result is no login name).
 */
bool template_login(const char *text, size_t len,
    const struct template_values *values, char buf[TEMPLATE_LOGIN_MAX + 1]);

#endif
