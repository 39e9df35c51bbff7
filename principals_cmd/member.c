/* SPDX-License-Identifier: ISC */
/* Who is in a group. */
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "member.h"

bool
is_member(const char *login, const char *group)
{
	const struct passwd *pw;
	const struct group *g;
	char **name;

	if (group[0] == '\0' || (pw = getpwnam(login)) == NULL ||
	    (g = getgrnam(group)) == NULL)
		return false;
	if (pw->pw_gid == g->gr_gid)
		return true;
	for (name = g->gr_mem; *name != NULL; name++)
		if (strcmp(*name, login) == 0)
			return true;
	return false;
}
