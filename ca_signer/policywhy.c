/* SPDX-License-Identifier: ISC */
/* Why an answer is what it is, in words. It decides nothing: what it says is
 * held against the decisions by a test. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "policywhy.h"
#include "template.h"

struct why {
	const struct policy *policy;
	const struct question *q;
	struct template_values values;
	struct strv *lines;
	int error;
};

static void say(struct why *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct why *w, const char *fmt, ...)
{
	char *line;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0 || strv_add_take(w->lines, line) < 0)
		w->error = -ENOMEM;
}

/* "a, b, c": as many as are fit to read. The caller frees; NULL: no memory. */
static char *
list_text(const struct strv *s)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	for (i = 0; i < s->n && i < 8; i++)
		fprintf(f, "%s%s", i > 0 ? ", " : "", s->v[i]);
	if (i < s->n)
		fprintf(f, " and %zu more", s->n - i);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The entry of a list that is this login, or NULL. */
static const char *
entry_of_login(struct why *w, const struct strv *logins)
{
	char login[TEMPLATE_LOGIN_MAX + 1];
	size_t i;

	for (i = 0; i < logins->n; i++)
		if (template_login(logins->v[i], strlen(logins->v[i]),
			&w->values, login) &&
		    strcmp(login, w->q->login) == 0)
			return logins->v[i];
	return NULL;
}

static void
say_labels(struct why *w, const char *role, const struct label_rule *rule)
{
	AUTO(free) char *patterns = list_text(&rule->values);
	const char *value = labels_get(&w->q->labels, rule->key);

	if (value == NULL)
		say(w, "role '%s' is not for this host: it has no label '%s'",
		    role, rule->key);
	else
		say(w, "role '%s' is not for this host: %s=%s fits none of %s",
		    role, rule->key, value, patterns != NULL ? patterns : "");
}

static bool
say_deny(struct why *w, const struct role *role)
{
	const struct label_rules *labels = &role->deny.labels;
	AUTO(free) char *patterns = NULL;
	const char *entry;
	size_t i;

	w->values.is_odd = false;
	entry = entry_of_login(w, &role->deny.logins);
	if (entry == NULL && w->values.is_odd) {
		say(w, "role '%s' denies logins by a claim that is no text",
		    role->name);
		return true;
	}

	if (entry != NULL) {
		say(w, "role '%s' denies login '%s' (by \"%s\")", role->name,
		    w->q->login, entry);
		return true;
	}
	for (i = 0; i < labels->n; i++) {
		if (!label_rule_fits(&labels->v[i], &w->q->labels))
			continue;
		patterns = list_text(&labels->v[i].values);
		say(w, "role '%s' denies hosts with %s fitting %s", role->name,
		    labels->v[i].key, patterns != NULL ? patterns : "");
		return true;
	}
	return false;
}

static bool
say_hosts(struct why *w, const struct role *role)
{
	const struct label_rules *labels = &role->allow.labels;
	size_t i;

	if (labels->n == 0) {
		say(w, "role '%s' is for no host: it has no node_labels",
		    role->name);
		return true;
	}
	for (i = 0; i < labels->n; i++) {
		if (label_rule_fits(&labels->v[i], &w->q->labels))
			continue;
		say_labels(w, role->name, &labels->v[i]);
		return true;
	}
	return false;
}

static void
say_role(struct why *w, const char *name)
{
	const struct role *role = policy_role(w->policy, name);
	AUTO(free) char *logins = NULL;
	const char *entry;

	if (role == NULL) {
		say(w, "role '%s' is not in the policy", name);
		return;
	}
	if (say_deny(w, role) || say_hosts(w, role))
		return;
	if ((entry = entry_of_login(w, &role->allow.logins)) != NULL) {
		say(w, "role '%s' fits: login '%s' (by \"%s\")", name,
		    w->q->login, entry);
		return;
	}
	logins = list_text(&role->allow.logins);
	say(w, "role '%s' does not allow login '%s', only: %s", name,
	    w->q->login,
	    logins != NULL && logins[0] != '\0' ? logins : "nobody");
}

/* What of a target that fits this certificate. */
static bool
concerns(const struct why *w, const struct answer *a,
    const struct lock_target *t)
{
	const struct cert *c = w->q->cert;
	char fingerprint[SSHKEY_FINGERPRINT_MAX];

	sshkey_fingerprint(c->key, c->key_len, fingerprint);
	return (t->user == NULL || strcmp(t->user, c->key_id) == 0) &&
	    (t->role == NULL || strv_has(&a->roles, t->role)) &&
	    (t->login == NULL || strcmp(t->login, w->q->login) == 0) &&
	    (t->serial == 0 || t->serial == c->serial) &&
	    (t->fingerprint == NULL ||
		strcmp(t->fingerprint, fingerprint) == 0);
}

static void
say_lock(struct why *w, const struct lock *l)
{
	char end[CLOCK_TEXT_MAX] = "";

	if (l->expires_s != 0)
		clock_rfc3339(l->expires_s, end);
	if (!lock_is_for_host(l, &w->q->labels,
		w->q->hostname != NULL ? w->q->hostname : "",
		w->q->server_id != NULL ? w->q->server_id : ""))
		say(w, "lock '%s' is for other hosts", l->name);
	else if (l->expires_s != 0 && w->q->at_s >= l->expires_s)
		say(w, "lock '%s' has ended: %s", l->name, end);
	else
		say(w, "lock '%s' fits%s%s%s%s", l->name,
		    l->expires_s != 0 ? ", until " : "", end,
		    l->reason != NULL ? ": " : "",
		    l->reason != NULL ? l->reason : "");
}

static json_t *
claims_of(const struct cert *c)
{
	AUTO(free) char *text = NULL;

	if (cert_option_value(&c->extensions, "claims@countersign", &text) < 0)
		return NULL;
	return json_loads(text, JSON_REJECT_DUPLICATES, NULL);
}

int
policywhy(const struct policy *p, const struct question *q,
    const struct answer *a, struct strv *ret)
{
	struct why w = { .policy = p, .q = q, .lines = ret };
	size_t i;

	if (q->cert->is_opaque)
		return 0;
	w.values.user = q->cert->key_id;
	w.values.claims = claims_of(q->cert);
	for (i = 0; i < p->locks.n; i++)
		if (concerns(&w, a, &p->locks.v[i].target))
			say_lock(&w, &p->locks.v[i]);
	for (i = 0; i < a->roles.n; i++)
		say_role(&w, a->roles.v[i]);
	if (q->from != NULL && a->decision.access.options.has_source)
		say(&w, "address %s is %sone of the roles' source", q->from,
		    a->reason == REASON_SOURCE_NOT_ALLOWED ? "not " : "");
	json_decref(w.values.claims);
	return w.error;
}
