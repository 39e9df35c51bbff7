/* SPDX-License-Identifier: ISC */
/* Locks as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "lock.h"
#include "parse.h"

static int
read_user(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && **(char **)field == '\0')
		return jsonread_refuse(at, "want a certificate's key id");
	return r;
}

static int
read_role(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && !is_simple_name(*(char **)field))
		return jsonread_refuse(at, "a role cannot have this name");
	return r;
}

static int
read_login(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && !is_login_name(*(char **)field))
		return jsonread_refuse(at, "no account can have this name");
	return r;
}

/* A number, or above 2^63-1, where JSON's readers differ, its digits. */
static int
read_serial(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = json_string_value(v);

	if (json_is_integer(v) && json_integer_value(v) > 0) {
		*(uint64_t *)field = (uint64_t)json_integer_value(v);
		return 0;
	}
	if (s == NULL || parse_uint(s, 1, UINT64_MAX, field) < 0)
		return jsonread_refuse(at,
		    "want a serial, a whole number from 1");
	return 0;
}

static int
read_fingerprint(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 &&
	    (strncmp(*(char **)field, "SHA256:", 7) != 0 ||
		strlen(*(char **)field) != 7 + 43))
		return jsonread_refuse(at,
		    "want SHA256: and 43 characters, as ssh-keygen -l prints");
	return r;
}

static int
read_host(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && !is_label_value(*(char **)field))
		return jsonread_refuse(at, "no host can have this name");
	return r;
}

static int
read_target(const struct jsonread_place *at, json_t *v, void *field)
{
	const json_t *own = json_object_get(v, "node_labels");
	bool is_empty = json_is_object(own) && json_object_size(own) == 0;
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(lock_target, "user", read_user, user),
		JSONREAD_FIELD(lock_target, "role", read_role, role),
		JSONREAD_FIELD(lock_target, "login", read_login, login),
		JSONREAD_FIELD(lock_target, "serial", read_serial, serial),
		JSONREAD_FIELD(lock_target, "fingerprint", read_fingerprint,
		    fingerprint),
		JSONREAD_FIELD(lock_target, "host", read_host, host),
		JSONREAD_FIELD(lock_target, "node_labels", label_rules_read,
		    labels),
	};

	/* Conditions count, not members: {"node_labels": {}} is none. */
	if (json_is_object(v) && json_object_size(v) == (is_empty ? 1 : 0))
		return jsonread_refuse(at,
		    "names nobody; to lock everybody out of every host, say "
		    "{\"node_labels\": {\"*\": [\"*\"]}}");
	return jsonread_object(at, v, keys, ARRAY_SIZE(keys), field);
}

static int
read_name(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && !is_simple_name(*(char **)field))
		return jsonread_refuse(at, "a lock cannot have this name");
	return r;
}

static int
read_reason(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && strlen(*(char **)field) > LOCK_REASON_MAX)
		return jsonread_refuse(at, "longer than 400 bytes");
	return r;
}

static int
read_lock(const struct jsonread_place *at, json_t *v, struct lock *lock)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(lock, "name", read_name, name),
		JSONREAD_FIELD(lock, "target", read_target, target),
		JSONREAD_FIELD(lock, "expires", jsonread_time, expires_s),
		JSONREAD_FIELD(lock, "reason", read_reason, reason),
		JSONREAD_FIELD(lock, "updated_by", read_reason, updated_by),
	};
	int r = jsonread_object(at, v, keys, ARRAY_SIZE(keys), lock);

	if (r < 0)
		return r;
	if (lock->name == NULL)
		return jsonread_refuse(at, "name: missing");
	if (json_object_get(v, "target") == NULL)
		return jsonread_refuse(at, "target: missing");
	return 0;
}

static int
add_lock(const struct jsonread_place *at, json_t *v, struct locks *l)
{
	int r;

	/* Room for it is there. */
	l->v[l->n] = (struct lock){ 0 };
	r = read_lock(at, v, &l->v[l->n++]);
	return r;
}

const struct lock *
locks_find(const struct locks *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two locks of one name cannot be told apart when one is to be ended. */
static int
check_names(const struct jsonread_place *at, const struct locks *l)
{
	AUTO(free) char **names = reallocarray(NULL, l->n + 1, sizeof(*names));
	size_t i;

	if (names == NULL)
		return -ENOMEM;
	for (i = 0; i < l->n; i++)
		names[i] = l->v[i].name;
	qsort(names, l->n, sizeof(*names), by_name);
	for (i = 1; i < l->n; i++)
		if (strcmp(names[i - 1], names[i]) == 0) {
			char why[128];

			snprintf(why, sizeof(why), "the name '%s' stands twice",
			    names[i]);
			return jsonread_refuse(at, why);
		}
	return 0;
}

int
locks_read(const struct jsonread_place *at, json_t *v, void *field)
{
	struct locks *l = field;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(v) || json_array_size(v) > LOCKS_MAX)
		return jsonread_refuse(at, "want a list of locks");
	l->v = calloc(json_array_size(v) + 1, sizeof(*l->v));
	if (l->v == NULL)
		return -ENOMEM;
	json_array_foreach (v, i, item) {
		struct jsonread_place here = jsonread_at(at, i);

		if ((r = add_lock(&here, item, l)) < 0)
			return r;
	}
	return check_names(at, l);
}

int
locks_parse_one(const char *text, size_t len, struct locks *ret,
    struct conf_error *reterr)
{
	struct jsonread_place top = { .err = reterr, .text = text, .len = len };
	json_auto_t *doc = NULL;
	struct lock *more;
	int r;

	if ((r = jsonread_load(text, len, &doc, reterr)) < 0)
		return r;
	more = reallocarray(ret->v, ret->n + 1, sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	ret->v = more;
	return add_lock(&top, doc, ret);
}

void
locks_clear(struct locks *l)
{
	struct lock_target *t;
	size_t i;

	for (i = 0; i < l->n; i++) {
		t = &l->v[i].target;
		free(l->v[i].name);
		free(l->v[i].reason);
		free(l->v[i].updated_by);
		free(t->user);
		free(t->role);
		free(t->login);
		free(t->fingerprint);
		free(t->host);
		label_rules_clear(&t->labels);
	}
	free(l->v);
	*l = (struct locks){ 0 };
}

static void
put_text(json_t *to, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(to, key, json_string(value));
}

static json_t *
labels_json(const struct label_rules *l)
{
	json_t *labels = json_object(), *list;
	size_t i, j;

	for (i = 0; labels != NULL && i < l->n; i++) {
		list = json_array();
		for (j = 0; list != NULL && j < l->v[i].values.n; j++)
			json_array_append_new(list,
			    json_string(l->v[i].values.v[j]));
		json_object_set_new(labels, l->v[i].key, list);
	}
	return labels;
}

json_t *
lock_target_json(const struct lock_target *t)
{
	json_t *o = json_object();

	if (o == NULL)
		return NULL;
	put_text(o, "user", t->user);
	put_text(o, "role", t->role);
	put_text(o, "login", t->login);
	if (t->serial > INT64_MAX)
		json_object_set_new(o, "serial",
		    json_sprintf("%llu", (unsigned long long)t->serial));
	else if (t->serial != 0)
		json_object_set_new(o, "serial",
		    json_integer((json_int_t)t->serial));
	put_text(o, "fingerprint", t->fingerprint);
	put_text(o, "host", t->host);
	if (t->labels.n > 0)
		json_object_set_new(o, "node_labels", labels_json(&t->labels));
	return o;
}

bool
lock_target_equal(const struct lock_target *a, const struct lock_target *b)
{
	json_auto_t *x = lock_target_json(a), *y = lock_target_json(b);

	return x != NULL && y != NULL && json_equal(x, y);
}

bool
lock_is_for_host(const struct lock *l, const struct labels *labels,
    const char *hostname, const char *server_id)
{
	const struct lock_target *t = &l->target;

	/* Names of hosts have no case. */
	if (t->host != NULL && strcasecmp(t->host, hostname) != 0 &&
	    strcmp(t->host, server_id) != 0)
		return false;
	return t->labels.n == 0 || label_rules_all_fit(&t->labels, labels);
}
