/* SPDX-License-Identifier: ISC */
/* A role's options as JSON: read, and written as a person would. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "parse.h"
#include "roleoption.h"

static int
read_command(const struct jsonread_place *at, json_t *v, char **command)
{
	const char *s;

	if (json_is_null(v))
		return 0;
	if ((s = jsonread_string(at, v)) == NULL)
		return -EINVAL;
	if (*s == '\0' || !is_line_safe(s))
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
read_word(const struct jsonread_place *at, json_t *v,
    const struct role_option *row, bool *field)
{
	const char *s = json_string_value(v);
	char why[80];
	int i;

	for (i = 0; s != NULL && i < 2; i++)
		if (strcmp(s, row->words[i]) == 0) {
			*field = i == 1;
			return 0;
		}
	snprintf(why, sizeof(why), "want \"%s\" or \"%s\"", row->words[0],
	    row->words[1]);
	return jsonread_refuse(at, why);
}

static int
read_count(const struct jsonread_place *at, json_t *v, uint64_t *field)
{
	if (!json_is_integer(v) || json_integer_value(v) < 1)
		return jsonread_refuse(at, "want a whole number from 1");
	*field = (uint64_t)json_integer_value(v);
	return 0;
}

static int
read_bytes(const struct jsonread_place *at, json_t *v, uint64_t *field)
{
	const char *s = jsonread_string(at, v);

	if (s == NULL || parse_bytes(s, field) < 0)
		return jsonread_refuse(at, "want a size such as \"1MiB\"");
	return 0;
}

static int
read_value(const struct jsonread_place *at, json_t *v,
    const struct role_option *row, struct role_options *o)
{
	void *field = (char *)o + row->offset;

	switch (row->type) {
	case OPTION_BOOL:
		return row->words[0] != NULL ? read_word(at, v, row, field)
					     : jsonread_bool(at, v, field);
	case OPTION_SECONDS:
		return jsonread_duration(at, v, field);
	case OPTION_COUNT:
		return read_count(at, v, field);
	case OPTION_BYTES:
		return read_bytes(at, v, field);
	case OPTION_TARGETS:
		return jsonread_strings(at, v, is_forward_target,
		    "want host:port, exact or with * for either", field);
	case OPTION_COMMAND:
		return read_command(at, v, field);
	case OPTION_RANGES:
		o->has_source = true;
		return jsonread_ranges(at, v, field);
	}
	return -EINVAL;
}

int
role_options_read(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *name;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_object(v))
		return jsonread_refuse(at, "want an object");
	json_object_foreach (v, name, item) {
		struct jsonread_place here = jsonread_in(at, name);

		for (i = 0; i < role_option_n_rows; i++)
			if (strcmp(role_option_rows[i].name, name) == 0)
				break;
		if (i == role_option_n_rows)
			return jsonread_refuse(&here, "unknown key");
		r = read_value(&here, item, &role_option_rows[i], field);
		if (r < 0)
			return r;
	}
	return 0;
}

static json_t *
list_json(const struct strv *s)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; list != NULL && i < s->n; i++)
		json_array_append_new(list, json_string(s->v[i]));
	return list;
}

static json_t *
ranges_json(const struct role_options *o)
{
	json_t *list = o->has_source ? json_array() : json_null();
	char text[CIDR_TEXT_MAX];
	size_t i;

	for (i = 0; list != NULL && i < o->source.n; i++)
		json_array_append_new(list,
		    json_string(cidr_format(&o->source.v[i], text)));
	return list;
}

static json_t *
bool_json(const struct role_option *row, bool value)
{
	return row->words[0] != NULL ? json_string(row->words[value])
				     : json_boolean(value);
}

static json_t *
number_json(const struct role_option *row, uint64_t n)
{
	char text[PARSE_NUMBER_TEXT_MAX];

	if (row->type == OPTION_BYTES)
		return json_string(format_bytes(n, text));
	if (n == 0)
		return json_null();
	if (row->type == OPTION_SECONDS)
		return json_string(format_duration(n, text));
	return json_integer((json_int_t)n);
}

json_t *
role_option_json(const struct role_option *row, const struct role_options *o)
{
	const void *field = (const char *)o + row->offset;

	switch (row->type) {
	case OPTION_BOOL:
		return bool_json(row, *(const bool *)field);
	case OPTION_TARGETS:
		return list_json(field);
	case OPTION_COMMAND:
		return o->force_command != NULL ? json_string(o->force_command)
						: json_null();
	case OPTION_RANGES:
		return ranges_json(o);
	default:
		return number_json(row, *(const uint64_t *)field);
	}
}

bool
role_option_is_default(const struct role_option *row,
    const struct role_options *o)
{
	struct role_options plain;
	json_auto_t *a = NULL, *b = NULL;

	role_options_default(&plain);
	a = role_option_json(row, o);
	b = role_option_json(row, &plain);
	return a != NULL && b != NULL && json_equal(a, b);
}
