/* SPDX-License-Identifier: ISC */
/* Who is logging in. The decision is the one of `principals`, made again. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "login.h"
#include "proc.h"

#define DEFAULT_SHELL "/bin/sh"

static enum reason
find_account(pam_handle_t *pamh, struct login *l)
{
	const struct passwd *pw;

	if (pam_get_user(pamh, &l->name, NULL) != PAM_SUCCESS)
		return REASON_INTERNAL;
	if ((pw = pam_modutil_getpwnam(pamh, l->name)) == NULL)
		return REASON_NO_SUCH_USER;
	l->uid = pw->pw_uid;
	l->shell = pw->pw_shell != NULL && pw->pw_shell[0] != '\0'
	    ? pw->pw_shell
	    : DEFAULT_SHELL;
	return REASON_NONE;
}

/* SSH_AUTH_INFO_0 also names certificates that a user's own cert-authority
 * line let in, under any name: deciding asks for a CA of this host. */
static enum reason
judge_certificate(pam_handle_t *pamh, struct login *l)
{
	const char *info = pam_getenv(pamh, "SSH_AUTH_INFO_0");

	if (info == NULL)
		return REASON_NO_CERTIFICATE;
	if (authinfo_parse(info, &l->auth) < 0)
		return REASON_BAD_CERTIFICATE;
	if (l->auth.cert == NULL)
		return REASON_NO_CERTIFICATE;
	/* sshd has verified it: this is for text that sshd did not write. */
	if (cert_verify(l->auth.cert) == -EBADMSG)
		return REASON_BAD_CERTIFICATE;
	host_decide(&l->host, l->auth.cert, l->name, &l->decision);
	if (l->decision.detail != NULL)
		conf_error(&l->error, 0, "%s", l->decision.detail);
	return l->decision.reason;
}

static bool
is_in_break_glass_group(pam_handle_t *pamh, const struct login *l)
{
	const char *group;

	if (l->host.settings == NULL)
		return false;
	group = l->host.settings->break_glass_group;
	return group[0] != '\0' &&
	    pam_modutil_user_in_group_nam_nam(pamh, l->name, group) == 1;
}

/* SSH_AUTH_INFO_0 is believed, and ~/.pam_environment could set it: no module
 * that sets variables may have run before this one. */
static bool
environment_is_sshds(pam_handle_t *pamh, struct conf_error *reterr)
{
	static const char *const sshds[] = { "SSH_AUTH_INFO_0",
		"SSH_CONNECTION", "KRB5CCNAME" };
	char **list = pam_getenvlist(pamh);
	bool is_sshds = list != NULL;
	size_t i, j, n;

	for (i = 0; list != NULL && list[i] != NULL; i++) {
		n = strcspn(list[i], "=");
		for (j = 0; j < ARRAY_SIZE(sshds); j++)
			if (strlen(sshds[j]) == n &&
			    strncmp(list[i], sshds[j], n) == 0)
				break;
		if (j == ARRAY_SIZE(sshds)) {
			conf_error(reterr, 0,
			    "pam_countersign has to stand before every module "
			    "that sets variables, and '%.*s' is set",
			    n < 64 ? (int)n : 64, list[i]);
			is_sshds = false;
		}
		free(list[i]);
	}
	free(list);
	return is_sshds;
}

static enum reason
judge(pam_handle_t *pamh, struct login *l)
{
	enum reason loaded = host_load(&l->host, 0, &l->error), r;

	if (!environment_is_sshds(pamh, &l->error))
		loaded = REASON_INTERNAL;

	if ((r = find_account(pamh, l)) != REASON_NONE)
		return r;
	if (uuid_of_connection(getpid(), &l->connection) < 0 ||
	    proc_audit_session(getpid(), &l->audit_session_id) < 0)
		return REASON_INTERNAL;
	addresses_find(&l->addresses);
	return loaded != REASON_NONE ? loaded : judge_certificate(pamh, l);
}

enum reason
login_judge(pam_handle_t *pamh, struct login *l)
{
	enum reason r;

	*l = (struct login){ .audit_session_id = UINT32_MAX,
		.addresses = { .fd = -1 } };
	r = judge(pamh, l);
	if (r == REASON_NONE || l->name == NULL ||
	    !is_in_break_glass_group(pamh, l))
		return r;
	l->break_glass = r;
	/* ForceCommand has made sshd forget the certificate's own. */
	if (l->auth.cert != NULL && !l->auth.cert->is_opaque &&
	    l->decision.access.options.force_command == NULL)
		(void)cert_option_value(&l->auth.cert->critical,
		    "force-command", &l->decision.access.options.force_command);
	return REASON_NONE;
}

const char *
login_user(const struct login *l)
{
	return host_trusts(&l->host, l->auth.cert) ? l->auth.cert->key_id
						   : NULL;
}

void
login_clear(struct login *l)
{
	decision_clear(&l->decision);
	authinfo_clear(&l->auth);
	host_clear(&l->host);
	*l = (struct login){ 0 };
}
