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
	bool is_odd; /* set when a claim was asked for that is there, and is
		      * neither text nor a whole number */
};

/* Known names, text between that a login may have, and some value of the names
 * for which the result is a login name. */
bool template_is_valid(const char *text);
/*
 * The login that text[len] stands for, in buf. False: the entry is void (a
 * claim is missing or no string or whole number, the result is no login name).
 */
bool template_login(const char *text, size_t len,
    struct template_values *values, char buf[TEMPLATE_LOGIN_MAX + 1]);

#endif
