/* SPDX-License-Identifier: ISC */
/* How the last refreshes went. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "inforce.h"
#include "path.h"
#include "refreshstate.h"

#define STATE_FILE	"refresh.json"
#define STATE_MAX_BYTES 65536U

static char *
state_path(const struct settings *s)
{
	AUTO(free) char *dir = inforce_dir(s);
	char *path;

	if (dir == NULL || asprintf(&path, "%s/" STATE_FILE, dir) < 0)
		return NULL;
	return path;
}

static uint64_t
number(const json_t *doc, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(doc, key));

	return n > 0 ? (uint64_t)n : 0;
}

int
refreshstate_load(const struct settings *s, struct refreshstate *ret)
{
	AUTO(free) char *path = state_path(s), *text = NULL;
	json_auto_t *doc = NULL;
	const char *error;
	size_t len;

	*ret = (struct refreshstate){ 0 };
	if (path == NULL)
		return -ENOMEM;
	if (path_read_trusted(path, 0, STATE_MAX_BYTES, &text, &len) < 0 ||
	    (doc = json_loadb(text, len, 0, NULL)) == NULL)
		return 0;
	ret->tried_s = number(doc, "tried");
	ret->succeeded_s = number(doc, "succeeded");
	ret->since_s = number(doc, "since");
	ret->stale_is_said = json_is_true(json_object_get(doc, "stale"));
	error = json_string_value(json_object_get(doc, "error"));
	if (error != NULL && (ret->error = strdup(error)) == NULL)
		return -ENOMEM;
	return 0;
}

int
refreshstate_save(const struct settings *s, const struct refreshstate *st)
{
	AUTO(free) char *path = state_path(s), *text = NULL;
	json_auto_t *doc = json_pack("{s:I, s:I, s:s?, s:I, s:b}", "tried",
	    (json_int_t)st->tried_s, "succeeded", (json_int_t)st->succeeded_s,
	    "error", st->error, "since", (json_int_t)st->since_s, "stale",
	    st->stale_is_said);

	if (path == NULL || doc == NULL ||
	    (text = json_dumps(doc, JSON_INDENT(2))) == NULL)
		return -ENOMEM;
	return path_write_atomic(path, text, strlen(text), 0644, 0);
}

void
refreshstate_clear(struct refreshstate *st)
{
	free(st->error);
	*st = (struct refreshstate){ 0 };
}

bool
refreshstate_note(struct refreshstate *st, const char *error, uint64_t now_s)
{
	bool is_news = error == NULL || st->error == NULL
	    ? error != st->error
	    : strcmp(error, st->error) != 0;

	st->tried_s = now_s;
	if (error == NULL)
		st->succeeded_s = now_s;
	if (!is_news)
		return false;
	st->since_s = now_s;
	free(st->error);
	st->error = error != NULL ? strdup(error) : NULL;
	return true;
}
