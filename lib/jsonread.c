/* SPDX-License-Identifier: ISC */
/* JSON that people write, into structs: a table of keys for each object. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "cidr.h"
#include "clock.h"
#include "jsonread.h"
#include "parse.h"

void
jsonread_where(const struct jsonread_place *at, char *buf, size_t size)
{
	size_t n;

	buf[0] = '\0';
	if (at->parent == NULL)
		return;
	jsonread_where(at->parent, buf, size);
	n = strlen(buf);
	if (at->key != NULL)
		snprintf(buf + n, size - n, "%s%.64s", n > 0 ? "." : "",
		    at->key);
	else
		snprintf(buf + n, size - n, "[%zu]", at->index);
}

int
jsonread_refuse(const struct jsonread_place *at, const char *why)
{
	size_t line = 0, column = 0;
	char where[160];

	jsonread_where(at, where, sizeof(where));
	conf_error(at->err, 0, "%s%s%s", where, where[0] != '\0' ? ": " : "",
	    why);
	if (at->text != NULL && jsonread_position(at, &line, &column)) {
		at->err->line = line;
		at->err->column = column;
	}
	return -EINVAL;
}

static struct jsonread_place
below(const struct jsonread_place *at)
{
	return (struct jsonread_place){ .err = at->err,
		.text = at->text,
		.len = at->len,
		.parent = at };
}

struct jsonread_place
jsonread_in(const struct jsonread_place *at, const char *key)
{
	struct jsonread_place p = below(at);

	p.key = key;
	return p;
}

struct jsonread_place
jsonread_at(const struct jsonread_place *at, size_t index)
{
	struct jsonread_place p = below(at);

	p.index = index;
	return p;
}

int
jsonread_object(const struct jsonread_place *at, json_t *v,
    const struct jsonread_key *keys, size_t n_keys, void *base)
{
	const char *name;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_object(v))
		return jsonread_refuse(at, "want an object");
	json_object_foreach (v, name, item) {
		struct jsonread_place here = jsonread_in(at, name);

		for (i = 0; i < n_keys; i++)
			if (strcmp(keys[i].name, name) == 0)
				break;
		if (i == n_keys)
			return jsonread_refuse(&here, "unknown key");
		r = keys[i].read(&here, item, (char *)base + keys[i].offset);
		if (r < 0)
			return r;
	}
	return 0;
}

const char *
jsonread_string(const struct jsonread_place *at, json_t *v)
{
	if (json_is_string(v) &&
	    strlen(json_string_value(v)) == json_string_length(v))
		return json_string_value(v);
	jsonread_refuse(at, "want a string");
	return NULL;
}

int
jsonread_bool(const struct jsonread_place *at, json_t *v, void *field)
{
	if (!json_is_boolean(v))
		return jsonread_refuse(at, "want true or false");
	*(bool *)field = json_is_true(v);
	return 0;
}

int
jsonread_duration(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = jsonread_string(at, v);

	if (s == NULL || parse_duration(s, field) < 0)
		return jsonread_refuse(at, "want a duration such as \"8h\"");
	return 0;
}

int
jsonread_time(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = jsonread_string(at, v);

	if (s == NULL || clock_parse_rfc3339(s, field) < 0)
		return jsonread_refuse(at,
		    "want a time such as 2026-12-31T00:00:00Z");
	return 0;
}

int
jsonread_text(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = jsonread_string(at, v);
	char **text = field;

	if (s == NULL)
		return -EINVAL;
	free(*text);
	return (*text = strdup(s)) == NULL ? -ENOMEM : 0;
}

int
jsonread_skip(const struct jsonread_place *at, json_t *v, void *field)
{
	(void)at;
	(void)v;
	(void)field;
	return 0;
}

int
jsonread_strings(const struct jsonread_place *at, json_t *v,
    bool (*is_valid)(const char *), const char *why, struct strv *ret)
{
	const char *s;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(v) || json_array_size(v) > JSONREAD_LIST_MAX)
		return jsonread_refuse(at, "want a list of strings");
	json_array_foreach (v, i, item) {
		struct jsonread_place here = jsonread_at(at, i);

		if ((s = jsonread_string(&here, item)) == NULL)
			return -EINVAL;
		if (is_valid != NULL && !is_valid(s))
			return jsonread_refuse(&here, why);
		if ((r = strv_add(ret, s)) < 0)
			return r;
	}
	return 0;
}

int
jsonread_ranges(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s;
	struct cidr c;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(v) || json_array_size(v) == 0 ||
	    json_array_size(v) > JSONREAD_LIST_MAX)
		return jsonread_refuse(at, "want a list of address ranges");
	json_array_foreach (v, i, item) {
		struct jsonread_place here = jsonread_at(at, i);

		if ((s = jsonread_string(&here, item)) == NULL)
			return -EINVAL;
		if (cidr_parse(s, &c) < 0)
			return jsonread_refuse(&here,
			    "want ranges such as 10.0.0.0/8, "
			    "with no bits behind the prefix");
		if ((r = cidr_list_add(field, &c)) < 0)
			return r;
	}
	return 0;
}

int
jsonread_load(const char *text, size_t len, json_t **ret,
    struct conf_error *reterr)
{
	json_error_t e;
	json_t *doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);

	if (doc == NULL) {
		conf_error(reterr, e.line > 0 ? (size_t)e.line : 1, "%s",
		    e.text);
		reterr->column = e.column > 0 ? (size_t)e.column : 1;
		return -EINVAL;
	}
	*ret = doc;
	return 0;
}
