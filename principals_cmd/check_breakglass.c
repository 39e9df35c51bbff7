/* SPDX-License-Identifier: ISC */
/* The way in for the worst day: tried as far as it can be without its key. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "checks.h"
#include "member.h"
#include "path.h"
#include "sshdconfig.h"

#define KEYS_MAX_BYTES 65536U

/* "%u" and "%h" of sshd_config(5)'s tokens; others are not for a file that has
 * to be there on the worst day. The caller frees; NULL: no path. */
static char *
expand(const char *pattern, const struct passwd *pw)
{
	AUTO(free) char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	for (; *pattern != '\0' && *pattern != ' '; pattern++) {
		if (*pattern != '%')
			fputc(*pattern, f);
		else if (*++pattern == 'u')
			fputs(pw->pw_name, f);
		else if (*pattern == 'h')
			fputs(pw->pw_dir, f);
		else if (*pattern == '\0')
			break;
	}
	if (fclose(f) != 0 || text[0] != '/')
		return NULL;
	return TAKE(text);
}

/* "from=" among the options, which stand before the key's type, and not of
 * everywhere. */
static bool
is_pinned(const char *line)
{
	static const char *const types[] = { "ssh-", "ecdsa-", "sk-" };
	const char *from = strcasestr(line, "from=\""), *type;
	size_t i;

	if (from == NULL || strncmp(from + 6, "*\"", 2) == 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (strncmp(line, types[i], strlen(types[i])) == 0)
			return false;
	type = strpbrk(from + 6, "\"");
	return type != NULL && type > from + 6;
}

static void
check_pins(struct checkup *c, const char *path, char *text)
{
	size_t keys = 0;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			continue;
		keys++;
		if (!is_pinned(line))
			finding_add(&c->findings, FINDING_BREAK_GLASS_PIN,
			    "'%s' has a key without from=", path);
	}
	if (keys == 0)
		finding_add(&c->findings, FINDING_BREAK_GLASS_KEYS,
		    "'%s' has no key", path);
}

static void
check_keys(struct checkup *c, const char *pattern, const struct passwd *pw)
{
	AUTO(free) char *path = expand(pattern, pw), *text = NULL;
	const char *more = strchr(pattern, ' ');
	size_t len;
	int r;

	/* Each of them lets somebody in. */
	if (more != NULL)
		check_keys(c, more + 1, pw);
	if (path == NULL) {
		finding_add(&c->findings, FINDING_BREAK_GLASS_HOOKS,
		    "authorizedkeysfile of '%s' is '%s'", pw->pw_name, pattern);
		return;
	}
	r = path_read_trusted(path, 0, KEYS_MAX_BYTES, &text, &len);
	if (r < 0) {
		finding_add(&c->findings, FINDING_BREAK_GLASS_KEYS, "'%s': %s",
		    path,
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
		return;
	}
	check_pins(c, path, text);
}

static void
check_passwords(struct checkup *c, const struct sshdconfig *conf,
    const char *login)
{
	static const char *const keywords[] = { "passwordauthentication",
		"kbdinteractiveauthentication", "hostbasedauthentication",
		"gssapiauthentication" };
	size_t i;

	/* They are not asked where only keys are methods at all. */
	if (strcmp(sshdconfig_get(conf, "authenticationmethods"),
		"publickey") == 0)
		return;
	for (i = 0; i < ARRAY_SIZE(keywords); i++)
		if (strcmp(sshdconfig_get(conf, keywords[i]), "yes") == 0)
			finding_add(&c->findings, FINDING_BREAK_GLASS_PASSWORDS,
			    "%s of '%s' is 'yes'", keywords[i], login);
}

static void
check_member(struct checkup *c, const char *login)
{
	AUTO_CLEAR(sshdconfig_clear) struct sshdconfig conf = { 0 };
	AUTO(free) char *error = NULL;
	const struct passwd *pw;
	const char *command, *krl;

	if ((pw = getpwnam(login)) == NULL) {
		finding_add(&c->findings, FINDING_BREAK_GLASS_GROUP,
		    "there is no account '%s'", login);
		return;
	}
	/* That sshd does not answer has been said. */
	if (sshdconfig_ask(login, &conf, &error) < 0)
		return;
	command = sshdconfig_get(&conf, "forcecommand");
	krl = sshdconfig_get(&conf, "revokedkeys");
	if (strcmp(command, "none") != 0 && command[0] != '\0')
		finding_add(&c->findings, FINDING_BREAK_GLASS_HOOKS,
		    "forcecommand of '%s' is '%s'", login, command);
	if (strcmp(krl, c->settings->krl) == 0)
		finding_add(&c->findings, FINDING_BREAK_GLASS_HOOKS,
		    "revokedkeys of '%s' is '%s', which may be missing then",
		    login, krl);
	check_passwords(c, &conf, login);
	check_keys(c, sshdconfig_get(&conf, "authorizedkeysfile"), pw);
}

/* By name, and those whose own group it is. */
static void
find_members(const struct group *g, struct strv *ret)
{
	gid_t gid = g->gr_gid;
	const struct passwd *pw;
	size_t i;

	for (i = 0; g->gr_mem[i] != NULL; i++)
		(void)strv_add_once(ret, g->gr_mem[i]);
	setpwent();
	while ((pw = getpwent()) != NULL)
		if (pw->pw_gid == gid)
			(void)strv_add_once(ret, pw->pw_name);
	endpwent();
}

void
check_break_glass(struct checkup *c)
{
	const char *name = c->settings->break_glass_group;
	AUTO_CLEAR(strv_clear) struct strv members = { 0 };
	const struct group *g;
	size_t i;

	if (name[0] == '\0') {
		finding_add(&c->findings, FINDING_NO_BREAK_GLASS,
		    "there is no BreakGlassGroup");
		return;
	}
	if ((g = getgrnam(name)) == NULL) {
		finding_add(&c->findings, FINDING_BREAK_GLASS_GROUP,
		    "there is no group '%s'", name);
		return;
	}
	find_members(g, &members);
	if (members.n == 0)
		finding_add(&c->findings, FINDING_BREAK_GLASS_GROUP,
		    "nobody is in the group '%s'", name);
	for (i = 0; i < members.n; i++)
		check_member(c, members.v[i]);
}
