/* SPDX-License-Identifier: ISC */
/* Are the hooks in force for everybody, and is no side door open? Asked of
 * sshd itself, for each login that matters. */
#include <errno.h>
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
#include "proc.h"
#include "sshdconfig.h"
#include "sshdlistener.h"
#include "sshdmatch.h"

#define ANYBODY	    "anybody"
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
	{ FINDING_USE_PAM, "pamservicename", "sshd" },
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
		/* What this sshd does not know is as it always was. */
		if (value[0] == '\0' &&
		    strcmp(demands[i].keyword, "pamservicename") == 0)
			continue;
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

/* Names that no shell acts upon. A pattern may only be one of LC_*. */
static bool
is_harmless_variable(const char *name)
{
	static const char *const harmless[] = { "LANG", "LANGUAGE", "COLORTERM",
		"NO_COLOR", "TERM", "TZ", "GIT_PROTOCOL" };
	size_t i;

	if (strncmp(name, "LC_", 3) == 0)
		return true;
	for (i = 0; i < ARRAY_SIZE(harmless); i++)
		if (strcmp(harmless[i], name) == 0)
			return true;
	return false;
}

static void
check_accept_env(struct checkup *c, const struct sshdconfig *conf,
    const char *login)
{
	size_t n = strlen("acceptenv "), i;

	for (i = 0; i < conf->lines.n; i++)
		if (strncmp(conf->lines.v[i], "acceptenv ", n) == 0 &&
		    !is_harmless_variable(conf->lines.v[i] + n))
			finding_add(&c->findings, FINDING_ACCEPT_ENV,
			    "acceptenv of '%s' has '%s'", login,
			    conf->lines.v[i] + n);
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
	check_accept_env(c, &conf, login);
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

/* root, and the accounts that the policy names. What Match blocks say of others,
 * or by address, is read from the files (below). */
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
	/* Nobody in particular: what holds where no Match block does. */
	(void)strv_add(ret, ANYBODY);
	add_login(c, ret, "root");
	for (i = 0; p != NULL && i < p->n_roles; i++) {
		logins = &p->roles[i].allow.logins;
		for (j = 0; j < logins->n; j++)
			add_login(c, ret, logins->v[j]);
	}
}

/* Which of our demands a Match block sets otherwise; NULL: none. */
static const struct demand *
overridden(const struct sshdmatch_line *l)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(demands); i++)
		if (strcasecmp(demands[i].keyword, l->keyword) == 0 &&
		    strcasecmp(demands[i].value, l->value) != 0)
			return &demands[i];
	return NULL;
}

static bool
is_about_keys(const char *keyword)
{
	return strcasecmp(keyword, "trustedusercakeys") == 0 ||
	    strcasecmp(keyword, "revokedkeys") == 0 ||
	    strcasecmp(keyword, "setenv") == 0 ||
	    strcasecmp(keyword, "acceptenv") == 0 ||
	    strcasecmp(keyword, "loglevel") == 0;
}

/* The block for the worst day is meant, and asked about by itself. */
static bool
is_for_break_glass(const struct checkup *c, const char *criteria)
{
	size_t n = strlen("group ");

	return c->settings->break_glass_group[0] != '\0' &&
	    strncasecmp(criteria, "group ", n) == 0 &&
	    strcmp(criteria + n, c->settings->break_glass_group) == 0;
}

static void
check_match_line(const struct sshdmatch_line *l, void *data)
{
	struct checkup *c = data;

	if (is_for_break_glass(c, l->criteria) ||
	    (overridden(l) == NULL && !is_about_keys(l->keyword)))
		return;
	finding_add(&c->findings, FINDING_MATCH_OVERRIDES,
	    "%s:%zu: Match %s: %s %s", l->file, l->number, l->criteria,
	    l->keyword, l->value);
}

/* sshd writes its pid file anew at each start and reload. */
static void
check_reloaded(struct checkup *c, const struct timespec *newest)
{
	struct stat st;

	if (sshdconfig_pid() < 0)
		return;
	if (!sshdconfig_has_pid_file() || stat(SSHD_PID_FILE, &st) < 0) {
		finding_add(&c->findings, FINDING_SSHD_PID_FILE,
		    "sshd runs, but " SSHD_PID_FILE " is not of it");
		return;
	}
	if (st.st_mtim.tv_sec < newest->tv_sec ||
	    (st.st_mtim.tv_sec == newest->tv_sec &&
		st.st_mtim.tv_nsec < newest->tv_nsec))
		finding_add(&c->findings, FINDING_SSHD_NOT_RELOADED,
		    "sshd's configuration was changed after the running sshd "
		    "read it");
}

/* What the files say holds for the one that reads them. */
static void
check_listeners(struct checkup *c)
{
	AUTO(free)
	struct sshdlistener *l = calloc(SSHDLISTENERS_MAX, sizeof(*l));
	size_t n = l != NULL ? sshdlistener_find(l) : 0, i;

	for (i = 0; i < n; i++)
		if (sshdlistener_has_options(&l[i]))
			finding_add(&c->findings, FINDING_SSHD_OPTIONS, "'%s'",
			    l[i].title);
	for (i = 0; n > 1 && i < n; i++)
		finding_add(&c->findings, FINDING_SSHD_SEVERAL,
		    "process %d, '%s'", (int)l[i].pid, l[i].title);
}

static void
check_files_of_sshd(struct checkup *c)
{
	struct timespec newest;
	int r = sshdmatch_read(SSHD_CONFIG, check_match_line, c, &newest);

	if (r < 0)
		finding_add(&c->findings, FINDING_SSHD_CONFIG,
		    "cannot read " SSHD_CONFIG " and what it includes: %s",
		    strerror(-r));
	check_reloaded(c, &newest);
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
	check_files_of_sshd(c);
	check_listeners(c);
}
