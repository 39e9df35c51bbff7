/* SPDX-License-Identifier: ISC */
/* Are the hooks in force for everybody, and is no side door open? Asked of
 * sshd itself, for each login that matters. */
#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "checks.h"
#include "host.h"
#include "inforce.h"
#include "member.h"
#include "parse.h"
#include "path.h"
#include "sshdconfig.h"

#define DROP_IN	    "/usr/share/countersign/sshd/00-countersign.conf"
#define USERS_MAX   64
#define GRACE_MIN_S 20

DEFINE_AUTO(policy_free, struct policy)

/* A keyword that has to have this value, in whatever case. */
struct demand {
	enum finding_id id;
	const char *keyword, *value;
};

static const struct demand demands[] = {
	{ FINDING_PRINCIPALS_HOOK, "authorizedprincipalscommand",
	    "/usr/libexec/countersign/principals %u %k" },
	{ FINDING_PRINCIPALS_USER, "authorizedprincipalscommanduser",
	    "_countersign" },
	{ FINDING_PRINCIPALS_FILE, "authorizedprincipalsfile", "none" },
	{ FINDING_AUTHORIZED_KEYS, "authorizedkeysfile", "none" },
	{ FINDING_KEYS_COMMAND, "authorizedkeyscommand", "none" },
	{ FINDING_AUTH_METHODS, "authenticationmethods", "publickey" },
	{ FINDING_PASSWORDS, "passwordauthentication", "no" },
	{ FINDING_PASSWORDS, "kbdinteractiveauthentication", "no" },
	{ FINDING_OTHER_LOGINS, "hostbasedauthentication", "no" },
	{ FINDING_OTHER_LOGINS, "gssapiauthentication", "no" },
	{ FINDING_USE_PAM, "usepam", "yes" },
	{ FINDING_FORCE_COMMAND, "forcecommand",
	    "exec /usr/libexec/countersign/session" },
	{ FINDING_USER_RC, "permituserrc", "no" },
	{ FINDING_USER_ENVIRONMENT, "permituserenvironment", "no" },
	{ FINDING_SOCKET_FORWARDING, "allowstreamlocalforwarding", "no" },
};

static void
check_demands(struct checkup *c, const struct sshdconfig *conf,
    const char *login)
{
	const char *value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(demands); i++) {
		value = sshdconfig_get(conf, demands[i].keyword);
		/* What this sshd was built without is not open. */
		if (value[0] == '\0' && strcmp(demands[i].value, "no") == 0)
			continue;
		if (value[0] == '\0' && strcmp(demands[i].value, "none") == 0)
			continue;
		if (strcasecmp(value, demands[i].value) != 0)
			finding_add(&c->findings, demands[i].id,
			    "%s of '%s' is '%s'", demands[i].keyword, login,
			    value[0] != '\0' ? value : "not set");
	}
}

static void
check_paths(struct checkup *c, const struct sshdconfig *conf, const char *login)
{
	const char *ca = sshdconfig_get(conf, "trustedusercakeys");
	const char *krl = sshdconfig_get(conf, "revokedkeys");

	if (strcmp(ca, c->settings->user_ca) != 0)
		finding_add(&c->findings, FINDING_USER_CA,
		    "trustedusercakeys of '%s' is '%s', and ours '%s'", login,
		    ca, c->settings->user_ca);
	if (strcmp(krl, c->settings->krl) != 0)
		finding_add(&c->findings, FINDING_REVOKED_KEYS,
		    "revokedkeys of '%s' is '%s', and ours '%s'", login, krl,
		    c->settings->krl);
}

/* The variables that our drop-in sets, whatever else is set beside them. */
static void
check_set_env(struct checkup *c, const struct sshdconfig *conf,
    const char *login)
{
	static const char *const needed[] = { "SHLVL=1", "BASH_ENV=", "ENV=",
		"LD_PRELOAD=", "LD_LIBRARY_PATH=", "LD_AUDIT=",
		"BASH_FUNC_exec%%=", "ZDOTDIR=/usr/share/countersign/shell",
		"XDG_CONFIG_HOME=/usr/share/countersign/shell",
		"XDG_DATA_HOME=/usr/share/countersign/shell" };
	size_t i, j, n = strlen("setenv ");
	bool is_set;

	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		is_set = false;
		for (j = 0; j < conf->lines.n; j++)
			if (strncmp(conf->lines.v[j], "setenv ", n) == 0 &&
			    strcmp(conf->lines.v[j] + n, needed[i]) == 0)
				is_set = true;
		if (!is_set)
			finding_add(&c->findings, FINDING_SET_ENV,
			    "SetEnv of '%s' lacks %s", login, needed[i]);
	}
}

static void
check_log(struct checkup *c, const struct sshdconfig *conf, const char *login)
{
	const char *level = sshdconfig_get(conf, "loglevel");
	const char *verbose = sshdconfig_get(conf, "logverbose");

	if (strcmp(level, "VERBOSE") != 0 && strncmp(level, "DEBUG", 5) != 0)
		finding_add(&c->findings, FINDING_LOG_LEVEL,
		    "loglevel of '%s' is '%s'", login, level);
	if (strncmp(level, "DEBUG", 5) != 0 &&
	    strstr(verbose, "server_request_direct_tcpip") == NULL)
		finding_add(&c->findings, FINDING_LOG_FORWARDING,
		    "logverbose of '%s' is '%s'", login, verbose);
}

static void
check_grace_time(struct checkup *c, const struct sshdconfig *conf)
{
	const char *text = sshdconfig_get(conf, "logingracetime");
	uint64_t seconds;

	if (parse_uint(text, 0, UINT32_MAX, &seconds) == 0 &&
	    seconds < GRACE_MIN_S)
		finding_add(&c->findings, FINDING_GRACE_TIME,
		    "LoginGraceTime is %s s", text);
}

/* False if sshd has no answer at all: then the next login has none either. */
static bool
check_login(struct checkup *c, const char *login)
{
	AUTO_CLEAR(sshdconfig_clear) struct sshdconfig conf = { 0 };
	AUTO(free) char *error = NULL;
	int r = sshdconfig_ask(login, &conf, &error);

	if (r < 0) {
		finding_add(&c->findings, FINDING_SSHD_CONFIG, "sshd -T: %s",
		    error != NULL ? error : strerror(-r));
		return false;
	}
	check_demands(c, &conf, login);
	check_paths(c, &conf, login);
	check_set_env(c, &conf, login);
	check_log(c, &conf, login);
	check_grace_time(c, &conf);
	return true;
}

static void
add_login(struct checkup *c, struct strv *to, const char *login)
{
	/* Break-glass accounts are what the hooks are off for. */
	if (to->n < USERS_MAX && getpwnam(login) != NULL &&
	    !is_member(login, c->settings->break_glass_group))
		(void)strv_add_once(to, login);
}

/* root, and the accounts that the policy names. A Match block that is about
 * somebody else is about nobody who could log in. */
static void
find_logins(struct checkup *c, struct strv *ret)
{
	AUTO(policy_free) struct policy *p = inforce_policy(c->settings, 0);
	const struct strv *logins;
	size_t i, j;

	for (i = 0; i < c->users.n; i++)
		(void)strv_add_once(ret, c->users.v[i]);
	if (ret->n > 0)
		return;
	add_login(c, ret, "root");
	for (i = 0; p != NULL && i < p->n_roles; i++) {
		logins = &p->roles[i].allow.logins;
		for (j = 0; j < logins->n; j++)
			add_login(c, ret, logins->v[j]);
	}
}

static time_t
newest_config(void)
{
	glob_t found = { 0 };
	struct stat st;
	time_t newest = 0;
	size_t i;

	if (stat("/etc/ssh/sshd_config", &st) == 0)
		newest = st.st_mtime;
	if (glob("/etc/ssh/sshd_config.d/*.conf", 0, NULL, &found) == 0) {
		for (i = 0; i < found.gl_pathc; i++)
			if (stat(found.gl_pathv[i], &st) == 0 &&
			    st.st_mtime > newest)
				newest = st.st_mtime;
	}
	globfree(&found);
	return newest;
}

/* sshd writes its pid file anew at each start and reload. */
static void
check_reloaded(struct checkup *c)
{
	struct stat st;

	if (sshdconfig_pid() >= 0 && stat(SSHD_PID_FILE, &st) == 0 &&
	    st.st_mtime < newest_config())
		finding_add(&c->findings, FINDING_SSHD_NOT_RELOADED,
		    "sshd's configuration is newer than the running sshd");
}

void
check_sshd(struct checkup *c)
{
	AUTO_CLEAR(strv_clear) struct strv logins = { 0 };
	size_t i;

	find_logins(c, &logins);
	for (i = 0; i < logins.n; i++)
		if (!check_login(c, logins.v[i]))
			return;
	check_reloaded(c);
}
