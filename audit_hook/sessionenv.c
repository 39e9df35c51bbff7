/* SPDX-License-Identifier: ISC */
/* The environment that the user's program shall see. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "keepermsg.h"
#include "sessionenv.h"

/* What 00-countersign.conf sets so that a shell reads nothing of the user's
 * before the wrapper runs, and what shells add while they start it. */
static const char *const guards[] = { "SHLVL", "BASH_ENV", "ENV", "LD_PRELOAD",
	"LD_LIBRARY_PATH", "LD_AUDIT", "BASH_FUNC_exec%%", "ZDOTDIR",
	"XDG_CONFIG_HOME", "XDG_DATA_HOME", "_", "OLDPWD",
	CONNECTION_VARIABLE };

int
sessionenv_restore(const struct strv *taken, bool is_forced)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(guards); i++)
		unsetenv(guards[i]);
	if (!is_forced)
		unsetenv("SSH_ORIGINAL_COMMAND");
	for (i = 0; i < taken->n; i++) {
		AUTO(free) char *name = strdup(taken->v[i]);
		char *eq;

		if (name == NULL)
			return -ENOMEM;
		if ((eq = strchr(name, '=')) == NULL)
			continue;
		*eq = '\0';
		/* What is set already came later than PAM's (SetEnv). */
		if (setenv(name, eq + 1, 0) < 0)
			return -errno;
	}
	return 0;
}
