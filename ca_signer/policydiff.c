/* SPDX-License-Identifier: ISC */
/* Between two policies: who gains and who loses what, in words. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "policydiff.h"

struct differ {
	struct changes *changes;
	const char *role; /* whose rules are compared */
	int error;
};

static void add(struct differ *d, char sign, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
add(struct differ *d, char sign, const char *fmt, ...)
{
	struct change *more =
	    reallocarray(d->changes->v, d->changes->n + 1, sizeof(*more));
	va_list ap;
	int n;

	if (more == NULL) {
		d->error = -ENOMEM;
		return;
	}
	d->changes->v = more;
	more += d->changes->n;
	more->sign = sign;
	va_start(ap, fmt);
	n = vasprintf(&more->text, fmt, ap);
	va_end(ap);
	if (n < 0)
		d->error = -ENOMEM;
	else
		d->changes->n++;
}

/* What of a is not in b, each as one change. */
static void
add_missing(struct differ *d, const struct strv *a, const struct strv *b,
    char sign, const char *what)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!strv_has(b, a->v[i]))
			add(d, sign, "role '%s' %s '%s'", d->role, what,
			    a->v[i]);
}

static void
diff_logins(struct differ *d, const struct role *a, const struct role *b)
{
	add_missing(d, &b->allow.logins, &a->allow.logins, '+',
	    "may log in as");
	add_missing(d, &a->allow.logins, &b->allow.logins, '-',
	    "may no longer log in as");
	add_missing(d, &b->deny.logins, &a->deny.logins, '-',
	    "forbids to log in as");
	add_missing(d, &a->deny.logins, &b->deny.logins, '+',
	    "no longer forbids to log in as");
}

static const struct label_rule *
find_rule(const struct label_rules *l, const char *key)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i].key, key) == 0)
			return &l->v[i];
	return NULL;
}

/* How the words and signs differ between allow and deny: there a key more
 * narrows, here it forbids more. */
struct label_words {
	char more_values, fewer_values, key_less;
	const char *value, *no_value, *no_key;
	const char *key; /* of all its values at once; NULL: one by one */
};

static const struct label_words allow_words = { '+', '-', '+',
	"is also for hosts with", "is no longer for hosts with",
	"no longer asks hosts for a label", "is only for hosts with" };
static const struct label_words deny_words = { '-', '+', '+',
	"forbids hosts with", "no longer forbids hosts with",
	"no longer forbids hosts by a label", NULL };

static void
diff_values(struct differ *d, const struct label_rule *a,
    const struct label_rule *b, char sign, const char *what)
{
	size_t i;

	for (i = 0; i < a->values.n; i++)
		if (b == NULL || !strv_has(&b->values, a->values.v[i]))
			add(d, sign, "role '%s' %s %s fitting '%s'", d->role,
			    what, a->key, a->values.v[i]);
}

static void
add_key(struct differ *d, const struct label_rule *rule, const char *what)
{
	AUTO(free) char *values = NULL;
	size_t len, i;
	FILE *f = open_memstream(&values, &len);

	if (f == NULL) {
		d->error = -ENOMEM;
		return;
	}
	for (i = 0; i < rule->values.n; i++)
		fprintf(f, "%s'%s'", i > 0 ? " or " : "", rule->values.v[i]);
	if (fclose(f) != 0)
		d->error = -ENOMEM;
	else
		add(d, '-', "role '%s' %s %s fitting %s", d->role, what,
		    rule->key, values);
}

/* {"*": ["*"]} in an allow asks for nothing. */
static bool
is_any_host(const struct label_rule *rule)
{
	return strcmp(rule->key, "*") == 0;
}

static void
diff_labels(struct differ *d, const struct label_rules *a,
    const struct label_rules *b, const struct label_words *w)
{
	const struct label_rule *other;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (w->key != NULL && is_any_host(&b->v[i]))
			continue;
		other = find_rule(a, b->v[i].key);
		if (other == NULL && w->key != NULL)
			add_key(d, &b->v[i], w->key);
		else
			diff_values(d, &b->v[i], other, w->more_values,
			    w->value);
	}
	for (i = 0; i < a->n; i++) {
		if (w->key != NULL && is_any_host(&a->v[i]))
			continue;
		if ((other = find_rule(b, a->v[i].key)) == NULL)
			add(d, w->key_less, "role '%s' %s '%s'", d->role,
			    w->no_key, a->v[i].key);
		else
			diff_values(d, &a->v[i], other, w->fewer_values,
			    w->no_value);
	}
}

/* The hosts of a role that was for none. */
static void
add_hosts(struct differ *d, const struct label_rules *l)
{
	size_t i;

	add(d, '+', "role '%s' is for hosts now", d->role);
	for (i = 0; i < l->n; i++)
		if (!is_any_host(&l->v[i]))
			add_key(d, &l->v[i], allow_words.key);
}

static void
diff_hosts(struct differ *d, const struct role *a, const struct role *b)
{
	const struct label_rules *was = &a->allow.labels,
				 *is = &b->allow.labels;

	if (was->n > 0 && is->n == 0)
		add(d, '-', "role '%s' is for no host any more", d->role);
	else if (was->n == 0 && is->n > 0)
		add_hosts(d, is);
	else
		diff_labels(d, was, is, &allow_words);
	diff_labels(d, &a->deny.labels, &b->deny.labels, &deny_words);
}

static char
sign_of_bool(const struct role_option *row, bool is)
{
	return is == row->is_demand ? '-' : '+';
}

/* 0 is no limit. */
static char
sign_of_number(const struct role_option *row, uint64_t was, uint64_t is)
{
	if (row->merge == MERGE_MOST)
		return '~';
	if (was == 0)
		return '-';
	return is == 0 || is > was ? '+' : '-';
}

/* Every range of a in one of b. */
static bool
is_within(const struct cidr_list *a, const struct cidr_list *b)
{
	size_t i, j;

	for (i = 0; i < a->n; i++) {
		for (j = 0; j < b->n; j++)
			if (cidr_contains(&b->v[j], &a->v[i]))
				break;
		if (j == b->n)
			return false;
	}
	return true;
}

static char
sign_of(const struct role_option *row, const struct role_options *a,
    const struct role_options *b)
{
	const void *was = (const char *)a + row->offset;
	const void *is = (const char *)b + row->offset;

	switch (row->type) {
	case OPTION_BOOL:
		return sign_of_bool(row, *(const bool *)is);
	case OPTION_RANGES:
		if (a->has_source != b->has_source)
			return b->has_source ? '-' : '+';
		if (is_within(&a->source, &b->source))
			return '+';
		return is_within(&b->source, &a->source) ? '-' : '~';
	case OPTION_COMMAND:
		if (a->force_command == NULL || b->force_command == NULL)
			return b->force_command != NULL ? '-' : '+';
		return '~';
	case OPTION_TARGETS:
		return '~';
	default:
		return sign_of_number(row, *(const uint64_t *)was,
		    *(const uint64_t *)is);
	}
}

static void
diff_option(struct differ *d, const struct role_option *row,
    const struct role_options *a, const struct role_options *b)
{
	json_auto_t *was = role_option_json(row, a);
	json_auto_t *is = role_option_json(row, b);
	AUTO(free) char *x = NULL, *y = NULL;

	if (was == NULL || is == NULL) {
		d->error = -ENOMEM;
		return;
	}
	if (json_equal(was, is))
		return;
	if (row->type == OPTION_TARGETS) {
		add_missing(d, &b->permitopen, &a->permitopen, '+',
		    "may forward to");
		add_missing(d, &a->permitopen, &b->permitopen, '-',
		    "may no longer forward to");
		return;
	}
	x = json_dumps(was, JSON_ENCODE_ANY);
	y = json_dumps(is, JSON_ENCODE_ANY);
	add(d, sign_of(row, a, b), "role '%s' has %s %s, was %s", d->role,
	    row->name, y != NULL ? y : "", x != NULL ? x : "");
}

static void
diff_role(struct differ *d, const struct role *a, const struct role *b)
{
	size_t i;

	d->role = b->name;
	diff_logins(d, a, b);
	diff_hosts(d, a, b);
	for (i = 0; i < role_option_n_rows; i++)
		diff_option(d, &role_option_rows[i], &a->options, &b->options);
}

/* A role that is new gains all that it has; one with only a deny takes. */
static void
add_new_role(struct differ *d, const struct role *role)
{
	struct role nothing = { .name = role->name };

	add(d, role->allow.logins.n > 0 ? '+' : '~', "role '%s' is new",
	    role->name);
	role_options_default(&nothing.options);
	diff_role(d, &nothing, role);
}

static void
diff_roles(struct differ *d, const struct policy *old, const struct policy *new)
{
	const struct role *other;
	size_t i;

	for (i = 0; i < new->n_roles; i++) {
		other = policy_role(old, new->roles[i].name);
		if (other == NULL)
			add_new_role(d, &new->roles[i]);
		else
			diff_role(d, other, &new->roles[i]);
	}
	for (i = 0; i < old->n_roles; i++) {
		if (policy_role(new, old->roles[i].name) != NULL)
			continue;
		add(d, old->roles[i].allow.logins.n > 0 ? '-' : '+',
		    "role '%s' is gone", old->roles[i].name);
		if (old->roles[i].deny.logins.n > 0 ||
		    old->roles[i].deny.labels.n > 0)
			add(d, '+', "and with it what role '%s' forbade",
			    old->roles[i].name);
	}
}

static void
add_lock(struct differ *d, char sign, const char *what, const struct lock *l)
{
	json_auto_t *target = lock_target_json(&l->target);
	AUTO(free) char *text = NULL;
	char end[CLOCK_TEXT_MAX];

	if (target == NULL ||
	    (text = json_dumps(target, JSON_COMPACT)) == NULL) {
		d->error = -ENOMEM;
		return;
	}
	add(d, sign, "lock '%s' %s: %s%s%s%s%s", l->name, what, text,
	    l->expires_s != 0 ? " until " : "",
	    l->expires_s != 0 ? clock_rfc3339(l->expires_s, end) : "",
	    l->reason != NULL ? ", " : "", l->reason != NULL ? l->reason : "");
}

static void
diff_locks(struct differ *d, const struct locks *old, const struct locks *new)
{
	const struct lock *other;
	size_t i;

	for (i = 0; i < new->n; i++) {
		if ((other = locks_find(old, new->v[i].name)) == NULL)
			add_lock(d, '-', "is new", &new->v[i]);
		else if (other->expires_s != new->v[i].expires_s ||
		    !lock_target_equal(&other->target, &new->v[i].target)) {
			add_lock(d, '+', "was", other);
			add_lock(d, '-', "is now", &new->v[i]);
		}
	}
	for (i = 0; i < old->n; i++)
		if (locks_find(new, old->v[i].name) == NULL)
			add_lock(d, '+', "is gone", &old->v[i]);
}

static void
diff_issuers(struct differ *d, const struct issuers *old,
    const struct issuers *new)
{
	size_t i;

	for (i = 0; i < new->names.n; i++) {
		if (strv_has(&old->texts, new->texts.v[i]))
			continue;
		if (strv_has(&old->names, new->names.v[i]))
			add(d, '~', "issuer '%s' has changed: %s",
			    new->names.v[i], new->texts.v[i]);
		else
			add(d, '+', "issuer '%s' is new: %s", new->names.v[i],
			    new->texts.v[i]);
	}
	for (i = 0; i < old->names.n; i++)
		if (!strv_has(&new->names, old->names.v[i]))
			add(d, '-', "issuer '%s' is gone", old->names.v[i]);
}

static void
diff_document(struct differ *d, const struct policy *old,
    const struct policy *new)
{
	char was[CLOCK_TEXT_MAX] = "never", is[CLOCK_TEXT_MAX] = "never";

	if (old->version != new->version)
		add(d, '~', "version %" PRIu64 ", was %" PRIu64, new->version,
		    old->version);
	if (old->expires_s == new->expires_s)
		return;
	if (old->expires_s != 0)
		clock_rfc3339(old->expires_s, was);
	if (new->expires_s != 0)
		clock_rfc3339(new->expires_s, is);
	add(d, '~', "expires %s, was %s", is, was);
}

int
policydiff(const struct policy *old, const struct policy *new,
    struct changes *ret)
{
	struct differ d = { .changes = ret };

	diff_document(&d, old, new);
	diff_roles(&d, old, new);
	diff_locks(&d, &old->locks, &new->locks);
	diff_issuers(&d, &old->issuers, &new->issuers);
	return d.error;
}

void
changes_clear(struct changes *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->v[i].text);
	free(c->v);
	*c = (struct changes){ 0 };
}
