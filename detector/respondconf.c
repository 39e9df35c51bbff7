/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"
#include "auto.h"
#include "jsonread.h"
#include "parse.h"
#include "path.h"
#include "pattern.h"
#include "respondconf.h"

#define MAX_AGE_S  (15 * 60)
#define MAX_LOCK_S 86400
#define MAX_LOCKS  20
#define MAX_ENDS   60
#define RUN_AS	   "_countersign-detect"
#define NUMBER_MAX 100000
#define DURATION_OF(field) \
	JSONREAD_FIELD(respondconf, #field, jsonread_duration, field##_s)

static bool
is_action(const char *s)
{
	return strcmp(s, "end") == 0 || strcmp(s, "lock") == 0 ||
	    strcmp(s, "run") == 0;
}

static bool
is_pattern(const char *s)
{
	return *s != '\0' && pattern_is_valid(s) &&
	    (*s == '/' || strpbrk(s, "[]{}") == NULL);
}

static int
read_actions(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, is_action,
	    "expected a list of end, lock, run", field);
}

/* One that can never fit would protect nobody. */
static int
read_patterns(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, is_pattern,
	    "expected a glob (* and ?), or an expression between slashes",
	    field);
}

static int
read_number(const struct jsonread_place *at, json_t *v, void *field)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 1 || n > NUMBER_MAX)
		return jsonread_refuse(at, "a number from 1 to 100000");
	*(uint64_t *)field = (uint64_t)n;
	return 0;
}

static int
read_path(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r < 0)
		return r;
	return **(char **)field == '/'
	    ? 0
	    : jsonread_refuse(at, "an absolute path");
}

static int
read_commands(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *name, *program;
	json_t *words, *word;
	size_t i;

	if (!json_is_object(v))
		return jsonread_refuse(at, "names and lists of words");
	json_object_foreach (v, name, words) {
		const struct jsonread_place in = jsonread_in(at, name);

		program = json_string_value(json_array_get(words, 0));
		if (!is_simple_name(name) || program == NULL ||
		    program[0] != '/')
			return jsonread_refuse(&in,
			    "a list that begins with a path");
		json_array_foreach (words, i, word)
			if (jsonread_string(&in, word) == NULL)
				return -EINVAL;
	}
	*(json_t **)field = json_incref(v);
	return 0;
}

static int
read_requests(const struct jsonread_place *at, json_t *v, void *field)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(respondconf, "dir", read_path, request_dir),
		JSONREAD_FIELD(respondconf, "key", read_path, request_key),
		{ "comment", jsonread_skip, 0 },
	};
	struct respondconf *c = field;
	int r = jsonread_object(at, v, keys, ARRAY_SIZE(keys), c);

	if (r < 0)
		return r;
	return c->request_dir != NULL && c->request_key != NULL
	    ? 0
	    : jsonread_refuse(at, "'dir' and 'key' are both needed");
}

static const struct jsonread_key keys[] = {
	JSONREAD_FIELD(respondconf, "enforce", read_actions, enforce),
	JSONREAD_FIELD(respondconf, "rules", read_patterns, rules),
	JSONREAD_FIELD(respondconf, "exempt", read_patterns, exempt),
	DURATION_OF(max_age),
	DURATION_OF(max_lock),
	JSONREAD_FIELD(respondconf, "max_locks", read_number, max_locks),
	JSONREAD_FIELD(respondconf, "max_ends", read_number, max_ends),
	JSONREAD_FIELD(respondconf, "commands", read_commands, commands),
	JSONREAD_FIELD(respondconf, "run_as", jsonread_text, run_as),
	{ "lock_requests", read_requests, 0 },
	{ "comment", jsonread_skip, 0 },
};

static int
set_defaults(struct respondconf *c)
{
	*c = (struct respondconf){ .max_age_s = MAX_AGE_S,
		.max_lock_s = MAX_LOCK_S,
		.max_locks = MAX_LOCKS,
		.max_ends = MAX_ENDS,
		.run_as = strdup(RUN_AS) };
	return c->run_as == NULL ? -ENOMEM : 0;
}

static int
read_file(const char *path, struct respondconf *c, struct conf_error *reterr)
{
	AUTO(free) char *text = NULL;
	json_auto_t *j = NULL;
	size_t len;
	int r = path_read_trusted(path, 0, RESPOND_FILE_MAX, &text, &len);

	if (r == -ENOENT)
		return 0;
	if (r == -EPERM)
		return conf_error(reterr, 0,
		    "others than root could have written it");
	if (r < 0 || (r = jsonread_load(text, len, &j, reterr)) < 0)
		return r;
	const struct jsonread_place at = { .err = reterr,
		.text = text,
		.len = len };
	if ((r = jsonread_object(&at, j, keys, ARRAY_SIZE(keys), c)) < 0 ||
	    c->request_dir == NULL || lockrequest_check(c) == 0)
		return r;
	return conf_error(reterr, 0,
	    "the folder of 'lock_requests' has to be there, root's, and "
	    "writable by nobody else");
}

int
respondconf_read(const char *path, struct respondconf *ret,
    struct conf_error *reterr)
{
	int r = set_defaults(ret);

	if (r == 0)
		r = read_file(path, ret, reterr);
	if (r < 0)
		respondconf_clear(ret);
	return r;
}

void
respondconf_clear(struct respondconf *c)
{
	strv_clear(&c->enforce);
	strv_clear(&c->rules);
	strv_clear(&c->exempt);
	json_decref(c->commands);
	free(c->run_as);
	free(c->request_dir);
	free(c->request_key);
	*c = (struct respondconf){ 0 };
}
