/* SPDX-License-Identifier: ISC */
/* Accounts, programs, settings: are they there, and only root's? */
#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "checks.h"
#include "member.h"
#include "path.h"

#define LIBEXEC "/usr/libexec/countersign/"
#define WRAPPER LIBEXEC "session"

static void
check_accounts(struct checkup *c)
{
	static const char *const users[] = { "_countersign",
		"_countersign-fetch" };
	static const char *const groups[] = { "_countersign-session",
		"_countersign-log" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(users); i++)
		if (getpwnam(users[i]) == NULL)
			finding_add(&c->findings, FINDING_ACCOUNTS,
			    "there is no account '%s'", users[i]);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (getgrnam(groups[i]) == NULL)
			finding_add(&c->findings, FINDING_ACCOUNTS,
			    "there is no group '%s'", groups[i]);
	if (getpwnam("_countersign") != NULL &&
	    !is_member("_countersign", "_countersign-log"))
		finding_add(&c->findings, FINDING_ACCOUNTS,
		    "'_countersign' is not in the group '_countersign-log'");
}

/* Readable as a trusted file, or why not. */
static void
check_trusted(struct checkup *c, enum finding_id id, const char *path)
{
	AUTO(fclose) FILE *f = NULL;
	int r = path_open_trusted(path, 0, &f);

	if (r == -EPERM)
		finding_add(&c->findings, id,
		    "'%s', or a folder above it, can be written by others than "
		    "root",
		    path);
	else if (r < 0)
		finding_add(&c->findings, id, "'%s': %s", path, strerror(-r));
}

static void
check_programs(struct checkup *c)
{
	static const char *const programs[] = { "principals", "session",
		"keeper", "fetch", "install-policy", "sshd-events" };
	char path[128];
	glob_t found = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		snprintf(path, sizeof(path), LIBEXEC "%s", programs[i]);
		check_trusted(c, FINDING_PROGRAM_FILES, path);
	}
	/* As PAM looks for it. */
	if (glob("/usr/lib/*/security/pam_countersign.so", 0, NULL, &found) !=
		0 &&
	    glob("/usr/lib*/security/pam_countersign.so", 0, NULL, &found) != 0)
		finding_add(&c->findings, FINDING_PROGRAM_FILES,
		    "pam_countersign.so is not installed");
	for (i = 0; i < found.gl_pathc; i++)
		check_trusted(c, FINDING_PROGRAM_FILES, found.gl_pathv[i]);
	globfree(&found);
}

static void
check_wrapper(struct checkup *c)
{
	const struct group *g = getgrnam("_countersign-session");
	struct stat st;

	if (g == NULL || stat(WRAPPER, &st) < 0)
		return;
	if (st.st_gid != g->gr_gid || (st.st_mode & 07777) != 02711)
		finding_add(&c->findings, FINDING_WRAPPER_MODE,
		    "'" WRAPPER "' has mode %04o and group %u",
		    st.st_mode & 07777, st.st_gid);
}

void
check_files(struct checkup *c)
{
	check_accounts(c);
	check_programs(c);
	check_wrapper(c);
	check_trusted(c, FINDING_CONFIG_FILES, "/etc/ssh/sshd_config");
	check_trusted(c, FINDING_CONFIG_FILES, "/etc/pam.d/sshd");
	check_trusted(c, FINDING_CONFIG_FILES, c->settings->user_ca);
	/* Without a source nothing is verified by it. */
	if (c->settings->policy_sources.n > 0)
		check_trusted(c, FINDING_CONFIG_FILES, c->settings->policy_key);
}
