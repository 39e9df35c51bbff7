/* SPDX-License-Identifier: ISC */
/* The policy's JSON into structs: a table of keys for each object. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "parse.h"
#include "path.h"
#include "pattern.h"
#include "policy.h"

DEFINE_AUTO(policy_free, struct policy)

#define WHERE_MAX 160

/* Where in the document a reader is, for its message. */
struct place {
	char where[WHERE_MAX];
	struct conf_error *err;
};

struct policy_key {
	const char *name;
	int (*read)(const struct place *at, json_t *v, void *field);
	size_t offset;
};

#define FIELD(type, name, read, field)                   \
	{                                                \
		name, read, offsetof(struct type, field) \
	}

static int
refuse(const struct place *at, const char *why)
{
	return conf_error(at->err, 0, "%s: %s", at->where, why);
}

static struct place
place_in(const struct place *at, const char *key)
{
	struct place p = { .err = at->err };

	snprintf(p.where, sizeof(p.where), "%.*s%s%.64s", WHERE_MAX - 70,
	    at->where, at->where[0] != '\0' ? "." : "", key);
	return p;
}

static int
read_object(const struct place *at, json_t *v, const struct policy_key *keys,
    size_t n_keys, void *base)
{
	const char *name;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_object(v))
		return refuse(at, "want an object");
	json_object_foreach (v, name, item) {
		struct place here = place_in(at, name);

		for (i = 0; i < n_keys; i++)
			if (strcmp(keys[i].name, name) == 0)
				break;
		if (i == n_keys)
			return refuse(&here, "unknown key");
		r = keys[i].read(&here, item, (char *)base + keys[i].offset);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A string without NUL in it; NULL (and a message) otherwise. */
static const char *
string_of(const struct place *at, json_t *v)
{
	if (json_is_string(v) &&
	    strlen(json_string_value(v)) == json_string_length(v))
		return json_string_value(v);
	refuse(at, "want a string");
	return NULL;
}

static int
read_bool(const struct place *at, json_t *v, void *field)
{
	if (!json_is_boolean(v))
		return refuse(at, "want true or false");
	*(bool *)field = json_is_true(v);
	return 0;
}

static int
read_duration(const struct place *at, json_t *v, void *field)
{
	const char *s = string_of(at, v);

	if (s == NULL || parse_duration(s, field) < 0)
		return refuse(at, "want a duration such as \"8h\"");
	return 0;
}

static int
read_strings(const struct place *at, json_t *v, bool (*is_valid)(const char *),
    const char *why, struct strv *ret)
{
	const char *s;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(v) || json_array_size(v) > POLICY_MAX_LIST)
		return refuse(at, "want a list of strings");
	json_array_foreach (v, i, item) {
		if ((s = string_of(at, item)) == NULL)
			return -EINVAL;
		if (!is_valid(s))
			return refuse(at, why);
		if ((r = strv_add(ret, s)) < 0)
			return r;
	}
	return 0;
}

static bool
is_login_pattern(const char *s)
{
	return is_login_name(s) || strcmp(s, "{{user}}") == 0 ||
	    strcmp(s, "{{user.local}}") == 0;
}

static int
read_logins(const struct place *at, json_t *v, void *field)
{
	return read_strings(at, v, is_login_pattern,
	    "want account names, {{user}} or {{user.local}}", field);
}

static int
read_labels(const struct place *at, json_t *v, void *field)
{
	struct role_rules *rules = field;
	struct label_rule *more;
	const char *key;
	json_t *item;
	int r;

	if (!json_is_object(v) || json_object_size(v) > POLICY_MAX_LIST)
		return refuse(at, "want an object of lists");
	json_object_foreach (v, key, item) {
		struct place here = place_in(at, key);

		if (!is_simple_name(key) && strcmp(key, "*") != 0)
			return refuse(&here, "a label's key cannot be this");
		more = reallocarray(rules->labels, rules->n_labels + 1,
		    sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		rules->labels = more;
		more += rules->n_labels++;
		*more = (struct label_rule){ .key = strdup(key) };
		if (more->key == NULL)
			return -ENOMEM;
		r = read_strings(&here, item, pattern_is_valid,
		    "want globs, or a valid /expression/", &more->values);
		if (r < 0)
			return r;
		if (more->values.n == 0)
			return refuse(&here, "want at least one value");
		/* It asks for no label: a value would look as if it did. */
		if (strcmp(key, "*") == 0 &&
		    (more->values.n > 1 || strcmp(more->values.v[0], "*") != 0))
			return refuse(&here, "can only be [\"*\"]: any host");
	}
	return 0;
}

static int
read_rules(const struct place *at, json_t *v, void *field)
{
	static const struct policy_key keys[] = {
		FIELD(role_rules, "logins", read_logins, logins),
		{ "node_labels", read_labels, 0 },
	};

	return read_object(at, v, keys, ARRAY_SIZE(keys), field);
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
read_command(const struct place *at, json_t *v, void *field)
{
	char **command = field;
	const char *s;

	if (json_is_null(v))
		return 0;
	if ((s = string_of(at, v)) == NULL)
		return -EINVAL;
	if (*s == '\0' || !policy_is_line_safe(s))
		return refuse(at,
		    "sshd cannot be given a command that is empty or has '#', "
		    "control characters, or '\\' before '\"' or the end");
	free(*command);
	return (*command = strdup(s)) == NULL ? -ENOMEM : 0;
}

static int
read_source(const struct place *at, json_t *v, void *field)
{
	const char *s;
	struct cidr c;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(v) || json_array_size(v) == 0 ||
	    json_array_size(v) > POLICY_MAX_LIST)
		return refuse(at, "want a list of address ranges");
	json_array_foreach (v, i, item) {
		if ((s = string_of(at, item)) == NULL)
			return -EINVAL;
		if (cidr_parse(s, &c) < 0)
			return refuse(at,
			    "want ranges such as 10.0.0.0/8, "
			    "with no bits behind the prefix");
		if ((r = cidr_list_add(field, &c)) < 0)
			return r;
	}
	return 0;
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
read_permitopen(const struct place *at, json_t *v, void *field)
{
	return read_strings(at, v, is_forward_target,
	    "want host:port, exact or with * for either", field);
}

/*
 * Options of the language that this version does not enforce yet. The value
 * that demands nothing is fine; any other would be a promise that is not kept.
 */
static int
read_unenforced(const struct place *at, json_t *v, void *field)
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
	return refuse(at, "this version cannot enforce it; a newer one may");
}

static int
read_options(const struct place *at, json_t *v, void *field)
{
	static const struct policy_key keys[] = {
		FIELD(role_options, "max_session_ttl", read_duration,
		    max_session_ttl_s),
		FIELD(role_options, "pty", read_bool, pty),
		FIELD(role_options, "port_forwarding", read_bool,
		    port_forwarding),
		FIELD(role_options, "agent_forwarding", read_bool,
		    agent_forwarding),
		FIELD(role_options, "x11_forwarding", read_bool,
		    x11_forwarding),
		FIELD(role_options, "permitopen", read_permitopen, permitopen),
		FIELD(role_options, "force_command", read_command,
		    force_command),
		FIELD(role_options, "source", read_source, source),
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

	return read_object(at, v, keys, ARRAY_SIZE(keys), field);
}

static int
read_role(const struct place *at, json_t *v, struct role *role)
{
	static const struct policy_key keys[] = {
		FIELD(role, "allow", read_rules, allow),
		FIELD(role, "deny", read_rules, deny),
		FIELD(role, "options", read_options, options),
	};

	role->options.pty = true;
	return read_object(at, v, keys, ARRAY_SIZE(keys), role);
}

static int
role_compare(const void *a, const void *b)
{
	return strcmp(((const struct role *)a)->name,
	    ((const struct role *)b)->name);
}

static int
read_roles(const struct place *at, json_t *v, void *field)
{
	struct policy *p = field;
	const char *name;
	json_t *item;
	int r;

	if (!json_is_object(v) || json_object_size(v) > POLICY_MAX_ROLES)
		return refuse(at, "want an object of roles");
	p->roles = calloc(json_object_size(v) + 1, sizeof(*p->roles));
	if (p->roles == NULL)
		return -ENOMEM;
	json_object_foreach (v, name, item) {
		struct place here = place_in(at, name);
		struct role *role = &p->roles[p->n_roles];

		if (!is_simple_name(name))
			return refuse(&here, "a role cannot have this name");
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
read_version(const struct place *at, json_t *v, void *field)
{
	if (!json_is_integer(v) || json_integer_value(v) < 1)
		return refuse(at, "want a whole number from 1");
	*(uint64_t *)field = (uint64_t)json_integer_value(v);
	return 0;
}

static int
read_time(const struct place *at, json_t *v, void *field)
{
	const char *s = string_of(at, v);

	if (s == NULL || clock_parse_rfc3339(s, field) < 0)
		return refuse(at, "want a time such as 2026-12-31T00:00:00Z");
	return 0;
}

static int
read_empty_list(const struct place *at, json_t *v, void *field)
{
	(void)field;
	if (!json_is_array(v))
		return refuse(at, "want a list");
	if (json_array_size(v) > 0)
		return read_unenforced(at, v, field);
	return 0;
}

static int
read_policy(const struct place *at, json_t *v, struct policy *p)
{
	static const struct policy_key keys[] = {
		FIELD(policy, "version", read_version, version),
		FIELD(policy, "expires", read_time, expires_s),
		{ "roles", read_roles, 0 },
		{ "locks", read_empty_list, 0 },
		{ "issuers", read_empty_list, 0 },
	};
	int r;

	if ((r = read_object(at, v, keys, ARRAY_SIZE(keys), p)) < 0)
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
	struct place top = { .err = reterr };
	json_auto_t *doc = NULL;
	json_error_t e;
	int r;

	if (p == NULL)
		return -ENOMEM;
	if (len > POLICY_MAX_BYTES)
		return conf_error(reterr, 0, "larger than 16 MiB");
	if ((doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e)) == NULL)
		return conf_error(reterr, e.line > 0 ? (size_t)e.line : 0,
		    "column %d: %s", e.column, e.text);
	if ((r = read_policy(&top, doc, p)) < 0)
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
