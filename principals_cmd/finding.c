/* SPDX-License-Identifier: ISC */
/* What `countersign-node check` can find. */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"

#define SETUP "countersign-node setup"
#define HOOK(line) \
	line "   (in 00-countersign.conf, before any other line of it)"

const struct finding_kind finding_kinds[FINDING_COUNT] = {
	[FINDING_SETTINGS] = { "settings", FINDING_ERROR,
	    "without its settings the host decides nothing: nobody logs in",
	    "mend the line that is named; an empty /etc/countersign/node.conf "
	    "is enough" },
	[FINDING_ACCOUNTS] = { "accounts", FINDING_ERROR,
	    "our programs run as them, and their groups say who may write "
	    "events",
	    "systemd-sysusers   (without systemd: "
	    "/usr/share/countersign/prepare-host)" },
	[FINDING_PROGRAM_FILES] = { "program_files", FINDING_ERROR,
	    "whoever can replace a program that sshd or PAM runs is root",
	    "chown root:root FILE; chmod go-w FILE   (and so its folders)" },
	[FINDING_WRAPPER_MODE] = { "wrapper_mode", FINDING_ERROR,
	    "the keeper knows the wrapper by its group, and only a setgid "
	    "program is safe from its user",
	    "chown root:_countersign-session "
	    "/usr/libexec/countersign/session; chmod 2711 "
	    "/usr/libexec/countersign/session" },
	[FINDING_CONFIG_FILES] = { "config_files", FINDING_ERROR,
	    "whoever can write it decides who logs in",
	    "chown root FILE; chmod go-w FILE   (and so its folders)" },
	[FINDING_SSHD_CONFIG] = { "sshd_config", FINDING_ERROR,
	    "sshd does not start, or not reload, with it",
	    "sshd -t   (says the line)" },
	[FINDING_SSHD_NOT_RELOADED] = { "sshd_not_reloaded", FINDING_WARNING,
	    "sshd goes on with the configuration that it read when it started",
	    "systemctl reload ssh   (without systemd: kill -HUP $(cat "
	    "/run/sshd.pid))" },
	[FINDING_SSHD_PID_FILE] = { "sshd_pid_file", FINDING_NOTE,
	    "whether the running sshd has read its configuration cannot be "
	    "told",
	    "no PidFile line in sshd_config: /run/sshd.pid"
	    " is the default" },
	[FINDING_SSHD_OPTIONS] = { "sshd_options", FINDING_WARNING,
	    "what sshd was started with overrules its files, and is not asked "
	    "here",
	    "take the options out of the unit or of /etc/default/ssh, and put "
	    "them into a file of sshd_config.d" },
	[FINDING_SSHD_SEVERAL] = { "sshd_several", FINDING_WARNING,
	    "one sshd is asked and reloaded here: what another one lets in is "
	    "not known",
	    "one sshd with several Port or ListenAddress lines, or see to it "
	    "that the other reads the same files" },
	[FINDING_MATCH_OVERRIDES] = { "match_overrides", FINDING_WARNING,
	    "for whom the block is about, what Countersign needs is switched "
	    "off, and what they do is not on record",
	    "take the line out of the Match block, unless it is meant (an "
	    "account in a chroot, say)" },
	[FINDING_PRINCIPALS_HOOK] = { "principals_hook", FINDING_ERROR,
	    "the policy is not asked: sshd falls back to \"the login's name is "
	    "a principal\", or to nothing (before OpenSSH 9.4 an earlier "
	    "AuthorizedKeysCommand line does it, bz3574)",
	    HOOK("AuthorizedPrincipalsCommand "
		 "/usr/libexec/countersign/principals %u %k") },
	[FINDING_PRINCIPALS_USER] = { "principals_user", FINDING_ERROR,
	    "the helper should own nothing, and has to read the policy",
	    HOOK("AuthorizedPrincipalsCommandUser _countersign") },
	[FINDING_PRINCIPALS_FILE] = { "principals_file", FINDING_ERROR,
	    "a file of principals lets certificates in that the policy does "
	    "not know",
	    HOOK("AuthorizedPrincipalsFile none") },
	[FINDING_USER_CA] = { "user_ca", FINDING_ERROR,
	    "a CA that sshd trusts and we do not is a side door; the reverse "
	    "lets nobody in",
	    HOOK("TrustedUserCAKeys /etc/countersign/user_ca.pub") },
	[FINDING_REVOKED_KEYS] = { "revoked_keys", FINDING_ERROR,
	    "revoked certificates log in until they expire",
	    HOOK("RevokedKeys /var/lib/countersign/krl") },
	[FINDING_AUTHORIZED_KEYS] = { "authorized_keys", FINDING_ERROR,
	    "whoever can write a home directory logs in without a certificate",
	    HOOK("AuthorizedKeysFile none") },
	[FINDING_KEYS_COMMAND] = { "keys_command", FINDING_ERROR,
	    "it lets keys in that the policy does not know",
	    HOOK("AuthorizedKeysCommand none") },
	[FINDING_AUTH_METHODS] = { "authentication_methods", FINDING_ERROR,
	    "another way in than a certificate, or no way in at all",
	    HOOK("AuthenticationMethods publickey") },
	[FINDING_PASSWORDS] = { "passwords", FINDING_ERROR,
	    "a password is a way in past the policy",
	    HOOK("PasswordAuthentication no, KbdInteractiveAuthentication "
		 "no") },
	[FINDING_OTHER_LOGINS] = { "other_logins", FINDING_ERROR,
	    "another host's or realm's word is a way in past the policy",
	    HOOK("HostbasedAuthentication no, GSSAPIAuthentication no") },
	[FINDING_USE_PAM] = { "use_pam", FINDING_ERROR,
	    "without PAM no connection has an identity, a keeper or an end",
	    HOOK("UsePAM yes") },
	[FINDING_FORCE_COMMAND] = { "force_command", FINDING_ERROR,
	    "sessions run without the wrapper: nothing of them is on record",
	    HOOK("ForceCommand exec /usr/libexec/countersign/session   (and "
		 "in no Match block another)") },
	[FINDING_USER_RC] = { "user_rc", FINDING_ERROR,
	    "~/.ssh/rc runs outside the session", HOOK("PermitUserRC no") },
	[FINDING_USER_ENVIRONMENT] = { "user_environment", FINDING_ERROR,
	    "~/.ssh/environment can replace the shell's start files and "
	    "preload a library into the wrapper's shell",
	    HOOK("PermitUserEnvironment no") },
	[FINDING_SET_ENV] = { "set_env", FINDING_ERROR,
	    "the user's shell reads a file of the user's before the wrapper "
	    "runs: sshd takes the first SetEnv line only",
	    "add your own variables to the SetEnv line of 00-countersign.conf" },
	[FINDING_ACCEPT_ENV] = { "accept_env", FINDING_ERROR,
	    "the client can set variables that make the user's shell run "
	    "something before the wrapper (SHELLOPTS with PS4, BASH_ENV, ...)",
	    "AcceptEnv LANG LC_* COLORTERM NO_COLOR   and nothing wider" },
	[FINDING_SOCKET_FORWARDING] = { "socket_forwarding", FINDING_ERROR,
	    "a role's permitopen cannot close sockets, such as an agent's or "
	    "docker's",
	    HOOK("AllowStreamLocalForwarding no") },
	[FINDING_LOG_LEVEL] = { "log_level", FINDING_WARNING,
	    "sshd does not say which certificate it refused, so there is no "
	    "event of it",
	    HOOK("LogLevel VERBOSE") },
	[FINDING_LOG_FORWARDING] = { "log_forwarding", FINDING_WARNING,
	    "forwardings leave no trace in the log",
	    HOOK("LogVerbose serverloop.c:server_request_direct_tcpip():*") },
	[FINDING_GRACE_TIME] = { "grace_time", FINDING_WARNING,
	    "without an end, connections that never log in stay; with less "
	    "than 20 s, people with tokens do not get in",
	    "LoginGraceTime 120" },
	[FINDING_PAM_FIRST] = { "pam_first", FINDING_ERROR,
	    "a module that sets variables lets ~/.pam_environment say who "
	    "somebody is; without the line no session opens",
	    "'session required pam_countersign.so' right after pam_loginuid in "
	    "/etc/pam.d/sshd   (" SETUP ")" },
	[FINDING_PAM_LAST] = { "pam_last", FINDING_ERROR,
	    "variables that modules take from the user's files reach the "
	    "wrapper's shell; without the line no session opens",
	    "'session required pam_countersign.so environment' after the last "
	    "pam_env in /etc/pam.d/sshd   (" SETUP ")" },
	[FINDING_PAM_CONTROL] = { "pam_control", FINDING_ERROR,
	    "a module whose failure is ignored refuses nobody",
	    "'session required pam_countersign.so', as it is" },
	[FINDING_LOGIN_UID] = { "login_uid", FINDING_WARNING,
	    "without an audit session id, what sudo runs cannot be joined to "
	    "its connection",
	    "'session required pam_loginuid.so' before pam_countersign in "
	    "/etc/pam.d/sshd" },
	[FINDING_HELPER] = { "helper", FINDING_ERROR,
	    "this is what the helper meets at each login: nobody logs in",
	    "what the text says; the policy: root:_countersign, mode 0640" },
	[FINDING_POLICY_EXPIRED] = { "policy_expired", FINDING_ERROR,
	    "nobody logs in by an expired policy, or only during its grace",
	    "sign a new one; countersign-node refresh" },
	[FINDING_POLICY_EXPIRES_SOON] = { "policy_expires_soon",
	    FINDING_WARNING, "after that nobody logs in by it",
	    "sign a new one; countersign-node refresh" },
	[FINDING_POLICY_UNSIGNED] = { "policy_unsigned", FINDING_WARNING,
	    "whoever became root once may have changed it, and nobody can tell",
	    "countersign policy sign, then install-policy DIR or a "
	    "PolicySource" },
	[FINDING_POLICY_NOT_COMPILED] = { "policy_not_compiled",
	    FINDING_WARNING,
	    "each login reads the whole policy, which is slow if it is large",
	    "countersign-node refresh" },
	[FINDING_NO_SOURCE] = { "no_source", FINDING_NOTE,
	    "policy, locks and revocations reach this host by hand only",
	    "PolicySource https://...   in /etc/countersign/node.conf" },
	[FINDING_REFRESH] = { "refresh", FINDING_WARNING,
	    "new locks and revocations do not reach this host",
	    "countersign-node refresh   (says why); systemctl enable --now "
	    "countersign-refresh.timer" },
	[FINDING_KRL] = { "krl", FINDING_ERROR,
	    "sshd refuses everybody when it cannot read its RevokedKeys",
	    "install -m 644 /usr/share/countersign/krl.empty "
	    "/var/lib/countersign/krl   (and then the CA's)" },
	[FINDING_KRL_OLD] = { "krl_old", FINDING_WARNING,
	    "what was revoked since logs in",
	    "countersign krl --ca DIR -o krl, regularly; countersign-node "
	    "refresh" },
	[FINDING_KRL_UNSIGNED] = { "krl_unsigned", FINDING_WARNING,
	    "whoever became root once may have taken a revocation out, and "
	    "nobody can tell",
	    "countersign-node refresh, from a PolicySource with krl and "
	    "krl.sig" },
	[FINDING_LOCKS] = { "locks", FINDING_ERROR,
	    "a lock that cannot be read refuses everybody, and a file that is "
	    "not read locks nobody",
	    "countersign-node unlock NAME" },
	[FINDING_LOCKS_ELSEWHERE] = { "locks_elsewhere", FINDING_WARNING,
	    "a lock of this host that names another locks nobody",
	    "countersign-node unlock NAME; for the fleet, put it into the "
	    "policy" },
	[FINDING_KEEPER] = { "keeper", FINDING_ERROR,
	    "no keeper, no session: nobody gets further than PAM",
	    "systemctl enable --now countersign-keeper.socket   (without "
	    "systemd: /usr/libexec/countersign/keeper --listen &)" },
	[FINDING_SYSLOG] = { "syslog", FINDING_ERROR, "events are lost",
	    "systemctl restart rsyslog   (with "
	    "/etc/rsyslog.d/00-countersign.conf)" },
	[FINDING_RSYSLOG_TRUST] = { "rsyslog_trust", FINDING_WARNING,
	    "without it rsyslog does not know who wrote a line, and what sshd "
	    "itself refuses is no event",
	    "module(load=\"imuxsock\" SysSock.Annotate=\"on\" "
	    "SysSock.ParseTrusted=\"on\")   in /etc/rsyslog.conf" },
	[FINDING_CLOCK] = { "clock", FINDING_WARNING,
	    "certificates are short-lived: a clock that is minutes off refuses "
	    "good ones or lets expired ones in",
	    "run chrony, systemd-timesyncd or ntpd" },
	[FINDING_NO_BREAK_GLASS] = { "no_break_glass", FINDING_NOTE,
	    "when policy, keeper or disk fail, there is no way in but the "
	    "console",
	    "README.md, \"When everything is down\"" },
	[FINDING_BREAK_GLASS_GROUP] = { "break_glass_group", FINDING_WARNING,
	    "the way in for the worst day is not there",
	    "groupadd NAME; usermod -aG NAME LOGIN" },
	[FINDING_BREAK_GLASS_KEYS] = { "break_glass_keys", FINDING_WARNING,
	    "the way in for the worst day has no key, or one that others can "
	    "write",
	    "install -m 644 KEY.pub /etc/ssh/breakglass/LOGIN" },
	[FINDING_BREAK_GLASS_PIN] = { "break_glass_pin", FINDING_WARNING,
	    "a copied key opens this host from everywhere",
	    "from=\"192.0.2.7\" ssh-ed25519 AAAA...   in the key's file" },
	[FINDING_BREAK_GLASS_HOOKS] = { "break_glass_hooks", FINDING_WARNING,
	    "the way in for the worst day needs what may be broken then",
	    "at the end of /etc/ssh/sshd_config: Match Group NAME, "
	    "AuthorizedKeysFile /etc/ssh/breakglass/%u, RevokedKeys "
	    "/usr/share/countersign/krl.empty, ForceCommand none" },
	[FINDING_BREAK_GLASS_PASSWORDS] = { "break_glass_passwords",
	    FINDING_WARNING, "a guessed password opens this host",
	    "in the Match Group block: AuthenticationMethods publickey, "
	    "PasswordAuthentication no, KbdInteractiveAuthentication no" },
	[FINDING_SETUP_UNCONFIRMED] = { "setup_unconfirmed", FINDING_WARNING,
	    "what was set up is neither confirmed nor taken back",
	    "countersign-node setup --confirm, or countersign-node setup "
	    "--undo" },
};

const char *
finding_level_name(enum finding_level level)
{
	static const char *const names[] = { "note", "warning", "error" };

	return names[level];
}

static bool
is_there(const struct findings *f, enum finding_id id, const char *what)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->v[i].id == id && strcmp(f->v[i].what, what) == 0)
			return true;
	return false;
}

void
finding_add(struct findings *f, enum finding_id id, const char *fmt, ...)
{
	struct finding *more;
	va_list ap;
	char *what;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (n < 0)
		err(1, NULL);
	if (is_there(f, id, what)) {
		free(what);
		return;
	}
	more = reallocarray(f->v, f->n + 1, sizeof(*more));
	if (more == NULL)
		err(1, NULL);
	f->v = more;
	f->v[f->n++] = (struct finding){ id, what };
}

void
findings_clear(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->v[i].what);
	free(f->v);
	*f = (struct findings){ 0 };
}
