/* SPDX-License-Identifier: ISC */
/* The decision: deny is asked first and wins; nothing is allowed by default. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "decide.h"
#include "parse.h"
#include "pattern.h"

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

/* What can be said without a policy. */
static enum reason
check_certificate(const struct decide_question *q)
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
	if (q->policy->expires_s != 0 && q->now_s >= q->policy->expires_s)
		return REASON_POLICY_EXPIRED;
	return REASON_NONE;
}

/* "{{user.local}}": the key id before its '@'. A result that is no valid login
 * makes the entry void. */
static bool
login_fits(const char *entry, const char *user, const char *login)
{
	size_t n;

	if (strcmp(entry, "{{user}}") == 0)
		n = strlen(user);
	else if (strcmp(entry, "{{user.local}}") == 0)
		n = strcspn(user, "@");
	else
		return strcmp(entry, login) == 0;
	return n > 0 && strlen(login) == n && strncmp(user, login, n) == 0;
}

static bool
logins_have(const struct role_rules *rules, const struct decide_question *q)
{
	size_t i;

	for (i = 0; i < rules->logins.n; i++)
		if (login_fits(rules->logins.v[i], q->cert->key_id, q->login))
			return true;
	return false;
}

static bool
label_fits(const struct label_rule *rule, const struct labels *labels)
{
	const char *value;
	size_t i;

	if (strcmp(rule->key, "*") == 0)
		return true;
	if ((value = labels_get(labels, rule->key)) == NULL)
		return false;
	for (i = 0; i < rule->values.n; i++)
		if (pattern_match(rule->values.v[i], value))
			return true;
	return false;
}

/* Every key has to fit; a role without labels is for no host. */
static bool
labels_all_fit(const struct role_rules *rules, const struct labels *labels)
{
	size_t i;

	for (i = 0; i < rules->n_labels; i++)
		if (!label_fits(&rules->labels[i], labels))
			return false;
	return rules->n_labels > 0;
}

static bool
is_denied(const struct role *role, const struct decide_question *q)
{
	size_t i;

	if (logins_have(&role->deny, q))
		return true;
	for (i = 0; i < role->deny.n_labels; i++)
		if (label_fits(&role->deny.labels[i], q->labels))
			return true;
	return false;
}

static int
merge_source(struct access *a, const struct role_options *o)
{
	struct cidr_list both = { 0 };
	size_t i;
	int r;

	if (o->source.n == 0)
		return 0;
	if (!a->has_source) {
		a->has_source = true;
		for (i = 0; i < o->source.n; i++)
			if ((r = cidr_list_add(&a->source, &o->source.v[i])) <
			    0)
				return r;
		return 0;
	}
	if ((r = cidr_list_intersect(&a->source, &o->source, &both)) < 0)
		return r;
	cidr_list_clear(&a->source);
	a->source = both;
	return 0;
}

/* -EEXIST: another command is forced already. */
static int
merge_command(struct access *a, const char *command)
{
	if (command == NULL)
		return 0;
	if (a->command != NULL)
		return strcmp(a->command, command) == 0 ? 0 : -EEXIST;
	return (a->command = strdup(command)) == NULL ? -ENOMEM : 0;
}

static int
merge_role(struct access *a, const struct role_options *o,
    const struct cert *cert)
{
	uint64_t end;
	size_t i;
	int r;

	a->pty |= o->pty;
	a->port_forwarding |= o->port_forwarding;
	a->agent_forwarding |= o->agent_forwarding;
	a->x11_forwarding |= o->x11_forwarding;
	for (i = 0; i < o->permitopen.n; i++)
		if ((r = strv_add_once(&a->permitopen, o->permitopen.v[i])) < 0)
			return r;
	if (o->max_session_ttl_s != 0) {
		end = cert->valid_after + o->max_session_ttl_s;
		if (end >= cert->valid_after && end < a->expires_s)
			a->expires_s = end;
	}
	if ((r = merge_source(a, o)) < 0)
		return r;
	return merge_command(a, o->force_command);
}

static enum reason
merge_failed(int r)
{
	return r == -EEXIST ? REASON_COMMAND_CONFLICT : REASON_INTERNAL;
}

/* How near a role came to fitting, for the reason. */
static enum reason
nearer(enum reason a, enum reason b)
{
	return a > b ? a : b;
}

static enum reason
collect_role(const struct role *role, const struct decide_question *q,
    struct decision *d)
{
	int r;

	if (!logins_have(&role->allow, q))
		return REASON_LOGIN_NOT_ALLOWED;
	if (!labels_all_fit(&role->allow, q->labels))
		return REASON_LABEL_MISMATCH;
	if (d->roles.n == 0)
		d->role = role->name;
	if ((r = strv_add(&d->roles, role->name)) < 0 ||
	    (r = merge_role(&d->access, &role->options, q->cert)) < 0)
		return merge_failed(r);
	return REASON_NONE;
}

static enum reason
collect_roles(const struct decide_question *q, const struct strv *held,
    struct decision *d)
{
	enum reason best = REASON_UNKNOWN_ROLE, r;
	const struct role *role;
	size_t i;

	for (i = 0; i < held->n; i++) {
		role = policy_role(q->policy, held->v[i]);
		if (role != NULL && is_denied(role, q)) {
			d->role = role->name;
			return REASON_DENIED_BY_RULE;
		}
	}
	for (i = 0; i < held->n; i++) {
		if ((role = policy_role(q->policy, held->v[i])) == NULL)
			continue;
		r = collect_role(role, q, d);
		if (r == REASON_INTERNAL || r == REASON_COMMAND_CONFLICT)
			return r;
		best = nearer(best, r);
	}
	return d->roles.n > 0 ? REASON_NONE : best;
}

static enum reason
merge_certificate(const struct decide_question *q, struct access *a)
{
	AUTO(free) char *command = NULL;
	int r;

	r = cert_option_value(&q->cert->critical, "force-command", &command);
	if (r == -ENOENT)
		return REASON_NONE;
	if (r < 0)
		return r == -EBADMSG ? REASON_BAD_CERTIFICATE : REASON_INTERNAL;
	/* An empty one would mean "run nothing of mine": refuse the riddle. */
	if (command[0] == '\0')
		return REASON_BAD_CERTIFICATE;
	r = merge_command(a, command);
	return r < 0 ? merge_failed(r) : REASON_NONE;
}

static enum reason
decide_reason(const struct decide_question *q, struct decision *d)
{
	AUTO_CLEAR(strv_clear) struct strv held = { 0 };
	enum reason r;

	if ((r = check_certificate(q)) != REASON_NONE)
		return r;
	if (decide_roles_of(q->cert, &held) < 0)
		return REASON_INTERNAL;
	if (held.n == 0)
		return REASON_NO_ROLE;
	d->access.expires_s = q->cert->valid_before;
	if ((r = collect_roles(q, &held, d)) != REASON_NONE)
		return r;
	if ((r = merge_certificate(q, &d->access)) != REASON_NONE)
		return r;
	if (d->access.has_source && d->access.source.n == 0)
		return REASON_SOURCE_CONFLICT;
	if (q->now_s >= d->access.expires_s)
		return REASON_SESSION_TTL;
	return REASON_NONE;
}

void
decide(const struct decide_question *q, struct decision *ret)
{
	*ret = (struct decision){ .verdict = DENY };
	ret->reason = decide_reason(q, ret);
	if (ret->reason == REASON_NONE)
		ret->verdict = ALLOW;
}

void
decision_clear(struct decision *d)
{
	strv_clear(&d->roles);
	strv_clear(&d->access.permitopen);
	free(d->access.command);
	cidr_list_clear(&d->access.source);
	*d = (struct decision){ .verdict = DENY };
}
