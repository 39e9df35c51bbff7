/* SPDX-License-Identifier: ISC */
/* What is allowed to be written in a policy and cannot have been meant. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "parse.h"
#include "policylint.h"

#define WHERE_MAX 200

struct linter {
	const struct policyfile *file;
	const struct policy *policy;
	uint64_t now_s;
	struct lints *lints;
	int error;
};

static void add(struct linter *l, enum lint_level level,
    const struct jsonread_place *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
add(struct linter *l, enum lint_level level, const struct jsonread_place *at,
    const char *fmt, ...)
{
	struct lint *more =
	    reallocarray(l->lints->v, l->lints->n + 1, sizeof(*more));
	char where[WHERE_MAX];
	va_list ap;

	if (more == NULL) {
		l->error = -ENOMEM;
		return;
	}
	l->lints->v = more;
	more += l->lints->n++;
	*more = (struct lint){ .level = level };
	(void)jsonread_position(at, &more->line, &more->column);
	jsonread_where(at, where, sizeof(where));
	more->where = strdup(where);
	va_start(ap, fmt);
	if (vasprintf(&more->text, fmt, ap) < 0)
		more->text = NULL;
	va_end(ap);
	if (more->where == NULL || more->text == NULL)
		l->error = -ENOMEM;
}

static struct jsonread_place
top(const struct linter *l)
{
	return (struct jsonread_place){ .text = l->file->text,
		.len = l->file->len };
}

/* ---- roles ---- */

struct role_places {
	struct jsonread_place top, roles, role, allow, deny, options;
};

static void
place_role(const struct linter *l, const char *name, struct role_places *at)
{
	at->top = top(l);
	at->roles = jsonread_in(&at->top, "roles");
	at->role = jsonread_in(&at->roles, name);
	at->allow = jsonread_in(&at->role, "allow");
	at->deny = jsonread_in(&at->role, "deny");
	at->options = jsonread_in(&at->role, "options");
}

static bool
denies_nothing(const struct role *role)
{
	return role->deny.logins.n == 0 && role->deny.labels.n == 0;
}

static bool
denies_every_login(const struct role *role)
{
	size_t i;

	for (i = 0; i < role->allow.logins.n; i++)
		if (!strv_has(&role->deny.logins, role->allow.logins.v[i]))
			return false;
	return role->allow.logins.n > 0;
}

static bool
is_any(const struct label_rule *rule)
{
	return strv_has(&rule->values, "*");
}

/* A host that fits the allow's values of this key fits the deny's as well. */
static bool
deny_covers(const struct label_rule *deny, const struct label_rule *allow)
{
	size_t i;

	if (strcmp(deny->key, "*") == 0)
		return true;
	if (strcmp(deny->key, allow->key) != 0)
		return false;
	for (i = 0; i < allow->values.n; i++)
		if (!is_any(deny) &&
		    !strv_has(&deny->values, allow->values.v[i]))
			return false;
	return true;
}

static const struct label_rule *
deny_of_every_host(const struct role *role)
{
	size_t i, j;

	for (i = 0; i < role->deny.labels.n; i++)
		for (j = 0; j < role->allow.labels.n; j++)
			if (deny_covers(&role->deny.labels.v[i],
				&role->allow.labels.v[j]))
				return &role->deny.labels.v[i];
	return NULL;
}

static void
lint_reach(struct linter *l, const struct role *role, struct role_places *at)
{
	const struct label_rule *deny = deny_of_every_host(role);
	struct jsonread_place labels, place;

	if (role->allow.logins.n == 0 && denies_nothing(role))
		add(l, LINT_WARNING, &at->role,
		    "gives nothing: no login is allowed");
	if (role->allow.logins.n > 0 && role->allow.labels.n == 0)
		add(l, LINT_WARNING, &at->allow,
		    "is for no host: node_labels is missing; for any host say "
		    "{\"*\": [\"*\"]}");
	if (role->allow.logins.n == 0 && role->allow.labels.n > 0)
		add(l, LINT_WARNING, &at->allow,
		    "names hosts, but no login on them");
	if (denies_every_login(role))
		add(l, LINT_WARNING, &at->deny,
		    "denies every login that the role allows");
	if (deny != NULL) {
		labels = jsonread_in(&at->deny, "node_labels");
		place = jsonread_in(&labels, deny->key);
		add(l, LINT_WARNING, &place,
		    "denies every host that the role is for");
	}
}

static void
lint_repeats(struct linter *l, const struct strv *s,
    const struct jsonread_place *list)
{
	struct jsonread_place at;
	size_t i, j;

	for (i = 1; i < s->n; i++)
		for (j = 0; j < i; j++)
			if (strcmp(s->v[i], s->v[j]) == 0) {
				at = jsonread_at(list, i);
				add(l, LINT_WARNING, &at,
				    "stands in the list already");
				break;
			}
}

/* No label has such a value (node.conf(5)), so nothing ever fits. */
static bool
can_fit(const char *pattern)
{
	AUTO(free) char *sample = strdup(pattern);
	char *p;

	if (pattern[0] == '/' && pattern[1] != '\0')
		return true;
	for (p = sample; p != NULL && *p != '\0'; p++)
		if (*p == '*' || *p == '?')
			*p = 'a';
	return sample == NULL || is_label_value(sample);
}

static void
lint_rules(struct linter *l, const struct role_rules *rules,
    const struct jsonread_place *at)
{
	struct jsonread_place logins = jsonread_in(at, "logins");
	struct jsonread_place labels = jsonread_in(at, "node_labels");
	struct jsonread_place list, value;
	size_t i, j;

	lint_repeats(l, &rules->logins, &logins);
	for (i = 0; i < rules->labels.n; i++) {
		list = jsonread_in(&labels, rules->labels.v[i].key);
		lint_repeats(l, &rules->labels.v[i].values, &list);
		for (j = 0; j < rules->labels.v[i].values.n; j++) {
			value = jsonread_at(&list, j);
			if (!can_fit(rules->labels.v[i].values.v[j]))
				add(l, LINT_WARNING, &value,
				    "fits no label: they have letters, digits "
				    "and . _ - / : @ + only");
		}
	}
}

static void
contradiction(struct linter *l, const struct role_places *at, const char *name,
    enum lint_level level, const char *text)
{
	struct jsonread_place place = jsonread_in(&at->options, name);

	add(l, level, &place, "%s", text);
}

static void
lint_options(struct linter *l, const struct role *role,
    const struct role_places *at)
{
	const struct role_options *o = &role->options;
	struct role_options plain;

	role_options_default(&plain);
	if (o->port_forwarding && o->permitopen.n > 0)
		contradiction(l, at, "permitopen", LINT_WARNING,
		    "limits nothing: port_forwarding opens every target");
	if (o->max_connection_time_s != 0 &&
	    o->idle_timeout_s > o->max_connection_time_s)
		contradiction(l, at, "idle_timeout", LINT_WARNING,
		    "never comes: max_connection_time is shorter");
	if (!o->record_strict &&
	    o->record_exec_max_bytes != plain.record_exec_max_bytes)
		contradiction(l, at, "record_exec_max", LINT_WARNING,
		    "is only for \"record\": \"strict\"");
	if (!o->file_copy && o->force_command == NULL)
		contradiction(l, at, "file_copy", LINT_NOTE,
		    "beside a shell it guards against accident only: cat copies "
		    "files, too");
	if (o->force_command != NULL && o->port_forwarding)
		contradiction(l, at, "port_forwarding", LINT_NOTE,
		    "force_command does not forbid it: with ssh -N nothing "
		    "runs");
}

static void
lint_role(struct linter *l, const struct role *role)
{
	struct role_places at;

	place_role(l, role->name, &at);
	lint_reach(l, role, &at);
	lint_rules(l, &role->allow, &at.allow);
	lint_rules(l, &role->deny, &at.deny);
	lint_options(l, role, &at);
}

/* ---- locks and the rest ---- */

static bool
is_of_everybody(const struct lock_target *t)
{
	return t->user == NULL && t->role == NULL && t->login == NULL &&
	    t->serial == 0 && t->fingerprint == NULL && t->host == NULL &&
	    t->labels.n == 1 && strcmp(t->labels.v[0].key, "*") == 0;
}

static void
lint_lock(struct linter *l, const struct lock *lock,
    const struct jsonread_place *at)
{
	struct jsonread_place target = jsonread_in(at, "target");
	struct jsonread_place role = jsonread_in(&target, "role");
	struct jsonread_place expires = jsonread_in(at, "expires");

	if (lock->expires_s != 0 && lock->expires_s <= l->now_s)
		add(l, LINT_WARNING, &expires,
		    "has ended: lock '%s' can be taken out", lock->name);
	if (lock->target.role != NULL &&
	    policy_role(l->policy, lock->target.role) == NULL)
		add(l, LINT_WARNING, &role,
		    "the policy has no role '%s': it locks whoever holds one "
		    "of that name all the same",
		    lock->target.role);
	if (is_of_everybody(&lock->target))
		add(l, LINT_WARNING, &target,
		    "locks everybody out of every host");
	if (lock->reason == NULL)
		add(l, LINT_NOTE, at,
		    "lock '%s' has no reason; the person who is locked reads "
		    "it, and so will you",
		    lock->name);
}

static void
lint_locks(struct linter *l)
{
	struct jsonread_place document = top(l);
	struct jsonread_place locks = jsonread_in(&document, "locks"), at;
	size_t i;

	for (i = 0; i < l->policy->locks.n; i++) {
		at = jsonread_at(&locks, i);
		lint_lock(l, &l->policy->locks.v[i], &at);
	}
}

static void
lint_document(struct linter *l)
{
	struct jsonread_place document = top(l);
	struct jsonread_place expires = jsonread_in(&document, "expires");
	struct jsonread_place issuers = jsonread_in(&document, "issuers");
	const struct strv *roles = &l->policy->issuers.roles;
	size_t i;

	if (l->policy->expires_s == 0)
		add(l, LINT_NOTE, &document,
		    "without \"expires\" a host that hears nothing any more "
		    "goes on with it for ever");
	else if (l->policy->expires_s <= l->now_s)
		add(l, LINT_WARNING, &expires, "has passed: hosts refuse it");
	for (i = 0; i < roles->n; i++)
		if (policy_role(l->policy, roles->v[i]) == NULL)
			add(l, LINT_WARNING, &issuers,
			    "a grant names the role '%s', which there is not",
			    roles->v[i]);
	if (l->policy->n_roles == 0)
		add(l, LINT_WARNING, &document, "has no role: nobody logs in");
}

int
policylint(const struct policyfile *p, uint64_t now_s, struct lints *ret)
{
	struct linter l = { .file = p,
		.policy = p->policy,
		.now_s = now_s,
		.lints = ret };
	size_t i;

	lint_document(&l);
	for (i = 0; i < p->policy->n_roles; i++)
		lint_role(&l, &p->policy->roles[i]);
	lint_locks(&l);
	return l.error;
}

void
lints_clear(struct lints *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].where);
		free(l->v[i].text);
	}
	free(l->v);
	*l = (struct lints){ 0 };
}
