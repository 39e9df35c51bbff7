/* SPDX-License-Identifier: ISC */
/* A list of what may stay, since nobody has a list of what must not. */
#include <errno.h>
#include <fnmatch.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "environment.h"

static bool
may_stay(const char *name)
{
	static const char *const harmless[] = { "LANG", "LANGUAGE", "LC_*",
		"PATH", "MAIL", "TZ", "KRB5CCNAME", "XDG_SESSION_*",
		"XDG_RUNTIME_DIR", "XDG_SEAT", "XDG_VTNR", "SSH_AUTH_INFO_0",
		"COUNTERSIGN_CONNECTION" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(harmless); i++)
		if (fnmatch(harmless[i], name, 0) == 0)
			return true;
	return false;
}

static int
take_one(pam_handle_t *pamh, const char *item, struct strv *ret)
{
	AUTO(free) char *name = strndup(item, strcspn(item, "="));
	int r;

	if (name == NULL)
		return -ENOMEM;
	if (may_stay(name))
		return 0;
	if ((r = strv_add(ret, item)) < 0)
		return r;
	/* "NAME" without '=' removes it (pam_putenv(3)). */
	return pam_putenv(pamh, name) == PAM_SUCCESS ? 0 : -ENOMEM;
}

int
environment_take(pam_handle_t *pamh, struct strv *ret)
{
	char **list = pam_getenvlist(pamh);
	size_t i;
	int r = 0;

	if (list == NULL)
		return -ENOMEM;
	for (i = 0; list[i] != NULL; i++) {
		if (r == 0)
			r = take_one(pamh, list[i], ret);
		free(list[i]);
	}
	free(list);
	return r;
}
