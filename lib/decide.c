/* SPDX-License-Identifier: ISC */
/* The decision: deny is asked first and wins; nothing is allowed by default. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "judge.h"
#include "parse.h"

#define CLAIMS_EXTENSION "claims@countersign"
#define MFA_EXTENSION	 "mfa@countersign"

int
decide_roles_of(const struct cert *c, struct strv *ret)
{
	size_t n = strlen(ROLE_PRINCIPAL_PREFIX), i;
	int r;

	for (i = 0; i < c->principals.n; i++) {
		const char *p = c->principals.v[i];

		if (strncmp(p, ROLE_PRINCIPAL_PREFIX, n) != 0 ||
		    !is_simple_name(p + n))
			continue;
		if ((r = strv_add_once(ret, p + n)) < 0)
			return r;
	}
	return 0;
}

static bool
has_unknown_critical_option(const struct cert *c)
{
	static const char *const known[] = { "force-command", "source-address",
		"verify-required" };
	size_t i, j;

	for (i = 0; i < c->critical.n; i++) {
		for (j = 0; j < ARRAY_SIZE(known); j++)
			if (strcmp(c->critical.v[i].name, known[j]) == 0)
				break;
		if (j == ARRAY_SIZE(known))
			return true;
	}
	return false;
}

static bool
policy_has_expired(const struct decide_question *q, bool *ret_is_stale)
{
	uint64_t end = q->policy->expires_s;

	if (end == 0 || q->now_s < end)
		return false;
	*ret_is_stale = q->now_s - end < q->grace_s;
	return !*ret_is_stale;
}

/* What can be said without looking into the policy. */
static enum reason
check_certificate(const struct decide_question *q, bool *ret_is_stale)
{
	const struct cert *c = q->cert;

	if (c->is_opaque)
		return REASON_UNKNOWN_KEY_TYPE;
	if (c->kind != CERT_USER)
		return REASON_NOT_A_USER_CERTIFICATE;
	if (!sshkey_list_has(q->trusted_cas, c->ca, c->ca_len))
		return REASON_CA_NOT_TRUSTED;
	if (!is_login_name(q->login))
		return REASON_BAD_LOGIN;
	if (c->key_id[0] == '\0')
		return REASON_BAD_USER;
	if (q->now_s < c->valid_after)
		return REASON_NOT_YET_VALID;
	if (q->now_s >= c->valid_before)
		return REASON_EXPIRED;
	if (c->valid_before == CERT_FOREVER)
		return REASON_NEVER_EXPIRES;
	if (c->principals.n == 0)
		return REASON_NO_PRINCIPALS;
	if (has_unknown_critical_option(c))
		return REASON_CRITICAL_OPTION;
	if (policy_has_expired(q, ret_is_stale))
		return REASON_POLICY_EXPIRED;
	return REASON_NONE;
}

enum reason
judge_damaged(int r)
{
	return r == -EBADMSG ? REASON_POLICY_UNREADABLE : REASON_INTERNAL;
}

void
judge_say(struct decision *d, const char *fmt, ...)
{
	va_list ap;

	free(d->detail);
	va_start(ap, fmt);
	if (vasprintf(&d->detail, fmt, ap) < 0)
		d->detail = NULL;
	va_end(ap);
}

/* The certificate's claims. Some that cannot be read are not none: a deny may
 * hang on them. */
static enum reason
read_claims(struct judge *j)
{
	AUTO(free) char *text = NULL;
	int r =
	    cert_option_value(&j->q->cert->extensions, CLAIMS_EXTENSION, &text);

	if (r == -ENOENT)
		return REASON_NONE;
	if (r == -ENOMEM)
		return REASON_INTERNAL;
	if (r == 0)
		j->values.claims =
		    json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(j->values.claims)) {
		judge_say(j->d, "the certificate's claims cannot be read");
		return REASON_BAD_CERTIFICATE;
	}
	return REASON_NONE;
}

static bool
login_fits(struct judge *j, const struct reader *entry)
{
	const char *text = (const char *)entry->p;
	char login[TEMPLATE_LOGIN_MAX + 1];

	if (memchr(text, '{', entry->left) == NULL)
		return reader_is(entry, j->q->login);
	return template_login(text, entry->left, &j->values, login) &&
	    strcmp(login, j->q->login) == 0;
}

/* 1 yes, 0 no, -EBADMSG. */
static int
logins_have(struct judge *j, struct reader logins)
{
	struct reader entry;

	while (logins.left > 0) {
		if (reader_string(&logins, &entry) < 0)
			return -EBADMSG;
		if (login_fits(j, &entry))
			return 1;
	}
	return 0;
}

/* A claim that is a list, say, may or may not be this login: denied. */
static int
denies_login(struct judge *j, struct reader logins)
{
	int r;

	j->values.is_odd = false;
	r = logins_have(j, logins);
	return r == 0 && j->values.is_odd ? 1 : r;
}

static enum reason
ask_deny(struct judge *j, const char *name, const struct host_role *role)
{
	int r = role->is_denied ? 1 : denies_login(j, role->deny_logins);

	if (r < 0)
		return judge_damaged(r);
	if (r == 0)
		return REASON_NONE;
	judge_say(j->d, "role '%s' denies this %s", name,
	    role->is_denied ? "host" : "login");
	free(j->d->role);
	j->d->role = strdup(name);
	return REASON_DENIED_BY_RULE;
}

static enum reason
merge_role(struct judge *j, const char *name, struct reader options)
{
	struct access *a = &j->d->access;
	struct role_options o;
	int r;

	role_options_identity(&o);
	if ((r = role_options_parse(&options, &o)) == 0 &&
	    (r = reader_end(&options)) == 0)
		r = role_options_merge(&a->options, &o);
	role_options_clear(&o);
	if (r == -EEXIST)
		judge_say(j->d, "role '%s' forces another command", name);
	return r == 0	   ? REASON_NONE
	    : r == -EEXIST ? REASON_COMMAND_CONFLICT
			   : judge_damaged(r);
}

/* How near a role came to fitting, for the reason. */
static enum reason
nearer(enum reason a, enum reason b)
{
	return a > b ? a : b;
}

static enum reason
ask_allow(struct judge *j, const char *name, const struct host_role *role)
{
	struct decision *d = j->d;
	int r;

	if (!role->is_for_host)
		return REASON_LABEL_MISMATCH;
	if ((r = logins_have(j, role->allow_logins)) < 0)
		return judge_damaged(r);
	if (r == 0)
		return REASON_LOGIN_NOT_ALLOWED;
	if (d->roles.n == 0 && (d->role = strdup(name)) == NULL)
		return REASON_INTERNAL;
	if (strv_add(&d->roles, name) < 0)
		return REASON_INTERNAL;
	return merge_role(j, name, role->options);
}

static bool
is_nearness(enum reason r)
{
	return r == REASON_UNKNOWN_ROLE || r == REASON_LABEL_MISMATCH ||
	    r == REASON_LOGIN_NOT_ALLOWED;
}

/* What the policy has of each role that is held. */
struct known_role {
	const char *name;
	struct host_role role;
};

/* *ret_n of them; the caller frees. */
static enum reason
find_roles(const struct judge *j, struct known_role **ret, size_t *ret_n)
{
	struct known_role *known = calloc(j->held.n + 1, sizeof(*known));
	size_t n = 0, i;
	int r;

	if ((*ret = known) == NULL)
		return REASON_INTERNAL;
	for (i = 0; i < j->held.n; i++) {
		r = hostpolicy_role(j->q->policy, j->held.v[i], &known[n].role);
		if (r < 0 && r != -ENOENT)
			return judge_damaged(r);
		if (r == 0)
			known[n++].name = j->held.v[i];
	}
	*ret_n = n;
	return REASON_NONE;
}

/* A deny of any role wins: it is asked of all before anything is allowed. */
static enum reason
ask_roles(struct judge *j)
{
	AUTO(free) struct known_role *known = NULL;
	enum reason best = REASON_UNKNOWN_ROLE, r;
	size_t n = 0, i;

	if ((r = find_roles(j, &known, &n)) != REASON_NONE)
		return r;
	for (i = 0; i < n; i++)
		if ((r = ask_deny(j, known[i].name, &known[i].role)) !=
		    REASON_NONE)
			return r;
	for (i = 0; i < n; i++) {
		r = ask_allow(j, known[i].name, &known[i].role);
		if (r != REASON_NONE && !is_nearness(r))
			return r;
		best = nearer(best, r);
	}
	return j->d->roles.n > 0 ? REASON_NONE : best;
}

static enum reason
merge_certificate(struct judge *j)
{
	struct role_options own;
	enum reason reason = REASON_NONE;
	int r;

	role_options_identity(&own);
	r = cert_option_value(&j->q->cert->critical, "force-command",
	    &own.force_command);
	if (r == -ENOENT)
		return REASON_NONE;
	/* An empty one would mean "run nothing of mine": refuse the riddle. */
	if (r == -EBADMSG || (r == 0 && own.force_command[0] == '\0'))
		reason = REASON_BAD_CERTIFICATE;
	else if (r < 0 ||
	    (r = role_options_merge(&j->d->access.options, &own)) < 0)
		reason =
		    r == -EEXIST ? REASON_COMMAND_CONFLICT : REASON_INTERNAL;
	if (r == -EEXIST)
		judge_say(j->d,
		    "the certificate forces another command than the "
		    "role");
	role_options_clear(&own);
	return reason;
}

/* A key that asks for PIN or finger at each login (which sshd checks), or a
 * signer that says which factor it has seen. */
static bool
has_second_factor(const struct cert *c)
{
	AUTO(free) char *mfa = NULL;

	return cert_option_find(&c->critical, "verify-required") != NULL ||
	    (cert_option_value(&c->extensions, MFA_EXTENSION, &mfa) == 0 &&
		mfa[0] != '\0');
}

static enum reason
check_access(struct judge *j)
{
	const struct role_options *o = &j->d->access.options;
	uint64_t end;

	if (o->max_session_ttl_s != 0) {
		end = j->q->cert->valid_after + o->max_session_ttl_s;
		if (end >= o->max_session_ttl_s && end < j->d->access.expires_s)
			j->d->access.expires_s = end;
	}
	if (o->has_source && o->source.n == 0)
		return REASON_SOURCE_CONFLICT;
	if (o->require_mfa && !has_second_factor(j->q->cert))
		return REASON_MFA_REQUIRED;
	return j->q->now_s >= j->d->access.expires_s ? REASON_SESSION_TTL
						     : REASON_NONE;
}

static enum reason
ask_all_locks(struct judge *j)
{
	enum reason r = judge_locks(j, j->q->policy);

	if (r == REASON_NONE && j->q->local_locks != NULL)
		r = judge_locks(j, j->q->local_locks);
	return r;
}

static enum reason
judge(struct judge *j)
{
	enum reason r;

	if (decide_roles_of(j->q->cert, &j->held) < 0)
		return REASON_INTERNAL;
	if ((r = read_claims(j)) != REASON_NONE)
		return r;
	if ((r = ask_all_locks(j)) != REASON_NONE)
		return r;
	if (j->held.n == 0)
		return REASON_NO_ROLE;
	if ((r = ask_roles(j)) != REASON_NONE)
		return r;
	if ((r = merge_certificate(j)) != REASON_NONE)
		return r;
	return check_access(j);
}

void
decide_locks(const struct decide_question *q, struct decision *ret)
{
	struct judge j = { .q = q, .d = ret };

	*ret = (struct decision){ .verdict = DENY };
	role_options_identity(&ret->access.options);
	ret->reason = decide_roles_of(q->cert, &j.held) < 0 ? REASON_INTERNAL
							    : ask_all_locks(&j);
	strv_clear(&j.held);
}

void
decide(const struct decide_question *q, struct decision *ret)
{
	struct judge j = { .q = q, .d = ret };

	*ret = (struct decision){ .verdict = DENY };
	role_options_identity(&ret->access.options);
	if ((ret->reason = check_certificate(q, &ret->is_stale)) ==
	    REASON_NONE) {
		ret->access.expires_s = q->cert->valid_before;
		j.values.user = q->cert->key_id;
		ret->reason = judge(&j);
	}
	if (ret->reason == REASON_NONE)
		ret->verdict = ALLOW;
	strv_clear(&j.held);
	json_decref(j.values.claims);
}

void
decision_clear(struct decision *d)
{
	free(d->detail);
	free(d->role);
	strv_clear(&d->roles);
	role_options_clear(&d->access.options);
	*d = (struct decision){ .verdict = DENY };
}
