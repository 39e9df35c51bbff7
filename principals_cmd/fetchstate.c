/* SPDX-License-Identifier: ISC */
/* What fetch remembers between two runs. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "fetchstate.h"
#include "path.h"

#define STATE_FILE	"fetch.json"
#define STATE_MAX_BYTES (256U * 1024U)
#define BACKOFF_FIRST_S 60U
#define BACKOFF_MAX_S	3600U
#define BACKOFF_STEPS	6 /* until the longest */

static char *
state_path(const char *dir)
{
	char *path;

	return asprintf(&path, "%s/" STATE_FILE, dir) < 0 ? NULL : path;
}

int
fetchstate_load(const char *dir, struct fetchstate *ret)
{
	AUTO(free) char *path = state_path(dir), *text = NULL;
	AUTO(fclose) FILE *f = NULL;
	size_t len;

	*ret = (struct fetchstate){ 0 };
	if (path == NULL)
		return -ENOMEM;
	if ((f = fopen(path, "re")) != NULL &&
	    path_read(f, STATE_MAX_BYTES, &text, &len) == 0)
		ret->doc = json_loadb(text, len, 0, NULL);
	if (!json_is_object(ret->doc)) {
		json_decref(ret->doc);
		ret->doc = json_object();
	}
	return ret->doc == NULL ? -ENOMEM : 0;
}

int
fetchstate_save(const char *dir, const struct fetchstate *s)
{
	AUTO(free) char *path = state_path(dir);
	AUTO(free) char *text = json_dumps(s->doc, JSON_INDENT(2));

	if (path == NULL || text == NULL)
		return -ENOMEM;
	return path_write_atomic(path, text, strlen(text), 0640, PATH_UNSYNCED);
}

void
fetchstate_clear(struct fetchstate *s)
{
	json_decref(s->doc);
	s->doc = NULL;
}

bool
fetchstate_is_from(const struct fetchstate *s, const char *source)
{
	const char *from = json_string_value(json_object_get(s->doc, "from"));

	return from != NULL && strcmp(from, source) == 0;
}

const char *
fetchstate_etag(const struct fetchstate *s, enum release_file file)
{
	return json_string_value(
	    json_object_get(json_object_get(s->doc, "etags"),
		release_name(file)));
}

void
fetchstate_set_etag(struct fetchstate *s, enum release_file file,
    const char *etag)
{
	json_object_set_new(json_object_get(s->doc, "etags"),
	    release_name(file), json_string(etag));
}

static json_t *
failing(const struct fetchstate *s, const char *source)
{
	return json_object_get(json_object_get(s->doc, "failing"), source);
}

bool
fetchstate_is_due(const struct fetchstate *s, const char *source,
    uint64_t now_s)
{
	json_int_t at = json_integer_value(
	    json_object_get(failing(s, source), "not_before"));

	/* A clock that was set back must not keep us away for long. */
	return (uint64_t)at <= now_s ||
	    (uint64_t)at > now_s + 2 * BACKOFF_MAX_S;
}

void
fetchstate_succeeded(struct fetchstate *s, const char *source)
{
	json_object_set_new(s->doc, "from", json_string(source));
	json_object_set_new(s->doc, "etags", json_object());
	json_object_del(json_object_get(s->doc, "failing"), source);
}

void
fetchstate_failed(struct fetchstate *s, const char *source, uint64_t now_s)
{
	json_int_t n =
	    json_integer_value(json_object_get(failing(s, source), "failures"));
	uint32_t wait = BACKOFF_MAX_S;
	uint64_t until_s;

	if (n < BACKOFF_STEPS)
		wait = BACKOFF_FIRST_S << n;
	if (wait > BACKOFF_MAX_S)
		wait = BACKOFF_MAX_S;
	wait = wait - wait / 4 + randombytes_uniform(wait / 2 + 1);
	until_s = now_s + wait;
	if (json_object_get(s->doc, "failing") == NULL)
		json_object_set_new(s->doc, "failing", json_object());
	json_object_set_new(json_object_get(s->doc, "failing"), source,
	    json_pack("{s:I, s:I}", "failures", n + 1, "not_before",
		(json_int_t)until_s));
}
