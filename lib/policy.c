/* SPDX-License-Identifier: ISC */
/* The policy's JSON into structs: a table of keys for each object. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "parse.h"
#include "path.h"
#include "policy.h"
#include "template.h"

DEFINE_AUTO(policy_free, struct policy)

static int
read_logins(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, template_is_valid,
	    "no account can have this name; want one, or {{user}}, "
	    "{{user.local}}, {{claims.NAME}} with or without text around",
	    field);
}

static int
read_rules(const struct jsonread_place *at, json_t *v, void *field)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(role_rules, "logins", read_logins, logins),
		JSONREAD_FIELD(role_rules, "node_labels", label_rules_read,
		    labels),
	};

	return jsonread_object(at, v, keys, ARRAY_SIZE(keys), field);
}

static int
read_role(const struct jsonread_place *at, json_t *v, struct role *role)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(role, "allow", read_rules, allow),
		JSONREAD_FIELD(role, "deny", read_rules, deny),
		JSONREAD_FIELD(role, "options", role_options_read, options),
	};

	role_options_default(&role->options);
	return jsonread_object(at, v, keys, ARRAY_SIZE(keys), role);
}

static int
role_compare(const void *a, const void *b)
{
	return strcmp(((const struct role *)a)->name,
	    ((const struct role *)b)->name);
}

static int
read_roles(const struct jsonread_place *at, json_t *v, void *field)
{
	struct policy *p = field;
	const char *name;
	json_t *item;
	int r;

	if (!json_is_object(v) || json_object_size(v) > POLICY_MAX_ROLES)
		return jsonread_refuse(at, "want an object of roles");
	p->roles = calloc(json_object_size(v) + 1, sizeof(*p->roles));
	if (p->roles == NULL)
		return -ENOMEM;
	json_object_foreach (v, name, item) {
		struct jsonread_place here = jsonread_in(at, name);
		struct role *role = &p->roles[p->n_roles];

		if (!is_simple_name(name))
			return jsonread_refuse(&here,
			    "a role cannot have this name");
		if ((role->name = strdup(name)) == NULL)
			return -ENOMEM;
		p->n_roles++;
		if ((r = read_role(&here, item, role)) < 0)
			return r;
	}
	qsort(p->roles, p->n_roles, sizeof(*p->roles), role_compare);
	return 0;
}

static int
read_version(const struct jsonread_place *at, json_t *v, void *field)
{
	if (!json_is_integer(v) || json_integer_value(v) < 1)
		return jsonread_refuse(at, "want a whole number from 1");
	*(uint64_t *)field = (uint64_t)json_integer_value(v);
	return 0;
}

static int
read_policy(const struct jsonread_place *at, json_t *v, struct policy *p)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(policy, "version", read_version, version),
		JSONREAD_FIELD(policy, "expires", jsonread_time, expires_s),
		{ "roles", read_roles, 0 },
		JSONREAD_FIELD(policy, "locks", locks_read, locks),
		JSONREAD_FIELD(policy, "issuers", issuers_read, issuers),
	};
	int r;

	if ((r = jsonread_object(at, v, keys, ARRAY_SIZE(keys), p)) < 0)
		return r;
	if (p->version == 0)
		return conf_error(at->err, 0, "version: missing");
	if (p->roles == NULL)
		return conf_error(at->err, 0, "roles: missing");
	return 0;
}

int
policy_parse(const char *text, size_t len, struct policy **ret,
    struct conf_error *reterr)
{
	AUTO(policy_free) struct policy *p = calloc(1, sizeof(*p));
	struct jsonread_place top = { .err = reterr, .text = text, .len = len };
	json_auto_t *doc = NULL;
	int r;

	if (p == NULL)
		return -ENOMEM;
	if (len > POLICY_MAX_BYTES)
		return conf_error(reterr, 0, "larger than 16 MiB");
	if ((r = jsonread_load(text, len, &doc, reterr)) < 0 ||
	    (r = read_policy(&top, doc, p)) < 0)
		return r;
	*ret = TAKE(p);
	return 0;
}

int
policy_load(const char *path, uid_t trusted, struct policy **ret,
    struct conf_error *reterr)
{
	AUTO(free) char *text = NULL;
	size_t len;
	int r;

	r = path_read_trusted(path, trusted, POLICY_MAX_BYTES, &text, &len);
	if (r < 0) {
		conf_error(reterr, 0, "%s",
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
		return r;
	}
	return policy_parse(text, len, ret, reterr);
}

static void
rules_clear(struct role_rules *r)
{
	strv_clear(&r->logins);
	label_rules_clear(&r->labels);
}

void
policy_free(struct policy *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n_roles; i++) {
		free(p->roles[i].name);
		rules_clear(&p->roles[i].allow);
		rules_clear(&p->roles[i].deny);
		role_options_clear(&p->roles[i].options);
	}
	free(p->roles);
	locks_clear(&p->locks);
	issuers_clear(&p->issuers);
	free(p);
}

const struct role *
policy_role(const struct policy *p, const char *name)
{
	struct role key = { .name = (char *)(uintptr_t)name };

	if (p->n_roles == 0)
		return NULL;
	return bsearch(&key, p->roles, p->n_roles, sizeof(*p->roles),
	    role_compare);
}
