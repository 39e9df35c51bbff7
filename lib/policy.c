/* SPDX-License-Identifier: ISC */
/* The policy's JSON into structs: a table of keys for each object. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "jsonread.h"
#include "parse.h"
#include "path.h"
#include "pattern.h"
#include "policy.h"

DEFINE_AUTO(policy_free, struct policy)

static bool
is_login_pattern(const char *s)
{
	return is_login_name(s) || strcmp(s, "{{user}}") == 0 ||
	    strcmp(s, "{{user.local}}") == 0;
}

static int
read_logins(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, is_login_pattern,
	    "want account names, {{user}} or {{user.local}}", field);
}

static int
read_labels(const struct jsonread_place *at, json_t *v, void *field)
{
	struct role_rules *rules = field;
	struct label_rule *more;
	const char *key;
	json_t *item;
	int r;

	if (!json_is_object(v) || json_object_size(v) > POLICY_MAX_LIST)
		return jsonread_refuse(at, "want an object of lists");
	json_object_foreach (v, key, item) {
		struct jsonread_place here = jsonread_in(at, key);

		if (!is_simple_name(key) && strcmp(key, "*") != 0)
			return jsonread_refuse(&here,
			    "a label's key cannot be this");
		more = reallocarray(rules->labels, rules->n_labels + 1,
		    sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		rules->labels = more;
		more += rules->n_labels++;
		*more = (struct label_rule){ .key = strdup(key) };
		if (more->key == NULL)
			return -ENOMEM;
		r = jsonread_strings(&here, item, pattern_is_valid,
		    "want globs, or a valid /expression/", &more->values);
		if (r < 0)
			return r;
		if (more->values.n == 0)
			return jsonread_refuse(&here,
			    "want at least one value");
		/* It asks for no label: a value would look as if it did. */
		if (strcmp(key, "*") == 0 &&
		    (more->values.n > 1 || strcmp(more->values.v[0], "*") != 0))
			return jsonread_refuse(&here,
			    "can only be [\"*\"]: any host");
	}
	return 0;
}

static int
read_rules(const struct jsonread_place *at, json_t *v, void *field)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(role_rules, "logins", read_logins, logins),
		{ "node_labels", read_labels, 0 },
	};

	return jsonread_object(at, v, keys, ARRAY_SIZE(keys), field);
}

bool
policy_is_line_safe(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++) {
		if (*p < ' ' || *p == 0x7f || *p == '#')
			return false;
		if (*p == '\\' && (p[1] == '"' || p[1] == '\0'))
			return false;
	}
	return true;
}

static int
read_command(const struct jsonread_place *at, json_t *v, void *field)
{
	char **command = field;
	const char *s;

	if (json_is_null(v))
		return 0;
	if ((s = jsonread_string(at, v)) == NULL)
		return -EINVAL;
	if (*s == '\0' || !policy_is_line_safe(s))
		return jsonread_refuse(at,
		    "sshd cannot be given a command that is empty or has '#', "
		    "control characters, or '\\' before '\"' or the end");
	free(*command);
	return (*command = strdup(s)) == NULL ? -ENOMEM : 0;
}

/* host:port as sshd's permitopen: exact, or '*' for either. */
static bool
is_forward_target(const char *s)
{
	const char *colon = strrchr(s, ':');
	uint64_t port;
	size_t n;

	if (colon == NULL || colon == s)
		return false;
	if (strcmp(colon + 1, "*") != 0 &&
	    parse_uint(colon + 1, 1, 65535, &port) < 0)
		return false;
	n = (size_t)(colon - s);
	if (n == 1 && s[0] == '*')
		return true;
	return n <= 255 &&
	    strspn(s,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-_[]:") >= n;
}

static int
read_permitopen(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, is_forward_target,
	    "want host:port, exact or with * for either", field);
}

/*
 * Options of the language that this version does not enforce yet. The value
 * that demands nothing is fine; any other would be a promise that is not kept.
 */
static int
read_unenforced(const struct jsonread_place *at, json_t *v, void *field)
{
	static const struct {
		const char *name;
		const char *neutral; /* NULL: false */
	} known[] = { { "disconnect_expired_cert", NULL },
		{ "require_mfa", NULL }, { "record", "best_effort" },
		{ "survivors", "keep" },
		{ "enhanced_recording", "best_effort" } };
	const char *name = strrchr(at->where, '.');
	size_t i;

	(void)field;
	for (i = 0; name != NULL && i < ARRAY_SIZE(known); i++) {
		if (strcmp(name + 1, known[i].name) != 0)
			continue;
		if (known[i].neutral == NULL ? json_is_false(v)
					     : json_is_string(v) &&
			    strcmp(json_string_value(v), known[i].neutral) == 0)
			return 0;
	}
	if (name != NULL && strcmp(name, ".file_copy") == 0 && json_is_true(v))
		return 0;
	return jsonread_refuse(at,
	    "this version cannot enforce it; a newer one may");
}

static int
read_options(const struct jsonread_place *at, json_t *v, void *field)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(role_options, "max_session_ttl",
		    jsonread_duration, max_session_ttl_s),
		JSONREAD_FIELD(role_options, "pty", jsonread_bool, pty),
		JSONREAD_FIELD(role_options, "port_forwarding", jsonread_bool,
		    port_forwarding),
		JSONREAD_FIELD(role_options, "agent_forwarding", jsonread_bool,
		    agent_forwarding),
		JSONREAD_FIELD(role_options, "x11_forwarding", jsonread_bool,
		    x11_forwarding),
		JSONREAD_FIELD(role_options, "permitopen", read_permitopen,
		    permitopen),
		JSONREAD_FIELD(role_options, "force_command", read_command,
		    force_command),
		JSONREAD_FIELD(role_options, "source", jsonread_ranges, source),
		{ "max_connection_time", read_unenforced, 0 },
		{ "idle_timeout", read_unenforced, 0 },
		{ "file_copy", read_unenforced, 0 },
		{ "disconnect_expired_cert", read_unenforced, 0 },
		{ "record", read_unenforced, 0 },
		{ "record_exec_max", read_unenforced, 0 },
		{ "survivors", read_unenforced, 0 },
		{ "max_connections", read_unenforced, 0 },
		{ "max_sessions", read_unenforced, 0 },
		{ "enhanced_recording", read_unenforced, 0 },
		{ "require_mfa", read_unenforced, 0 },
	};

	return jsonread_object(at, v, keys, ARRAY_SIZE(keys), field);
}

static int
read_role(const struct jsonread_place *at, json_t *v, struct role *role)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(role, "allow", read_rules, allow),
		JSONREAD_FIELD(role, "deny", read_rules, deny),
		JSONREAD_FIELD(role, "options", read_options, options),
	};

	role->options.pty = true;
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
read_time(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = jsonread_string(at, v);

	if (s == NULL || clock_parse_rfc3339(s, field) < 0)
		return jsonread_refuse(at,
		    "want a time such as 2026-12-31T00:00:00Z");
	return 0;
}

static int
read_empty_list(const struct jsonread_place *at, json_t *v, void *field)
{
	(void)field;
	if (!json_is_array(v))
		return jsonread_refuse(at, "want a list");
	if (json_array_size(v) > 0)
		return read_unenforced(at, v, field);
	return 0;
}

static int
read_policy(const struct jsonread_place *at, json_t *v, struct policy *p)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(policy, "version", read_version, version),
		JSONREAD_FIELD(policy, "expires", read_time, expires_s),
		{ "roles", read_roles, 0 },
		{ "locks", read_empty_list, 0 },
		{ "issuers", read_empty_list, 0 },
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
	struct jsonread_place top = { .err = reterr };
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
	size_t i;

	strv_clear(&r->logins);
	for (i = 0; i < r->n_labels; i++) {
		free(r->labels[i].key);
		strv_clear(&r->labels[i].values);
	}
	free(r->labels);
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
		strv_clear(&p->roles[i].options.permitopen);
		free(p->roles[i].options.force_command);
		cidr_list_clear(&p->roles[i].options.source);
	}
	free(p->roles);
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
