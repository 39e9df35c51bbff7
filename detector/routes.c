/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "jsonread.h"
#include "parse.h"
#include "path.h"
#include "pattern.h"
#include "routes.h"

#define SECRET_MAX 4096

static const char *const kinds[] = { [ROUTE_SLACK] = "slack",
	[ROUTE_PAGERDUTY] = "pagerduty",
	[ROUTE_WEBHOOK] = "webhook",
	[ROUTE_SYSLOG] = "syslog",
	[ROUTE_COMMAND] = "command" };

/* A route as it is written. */
struct written {
	char *name, *to, *url, *url_file, *secret_file, *level;
	struct strv command, tags, hosts;
	json_t *labels;
};

static int
read_strings(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, NULL, "texts", field);
}

static int
read_labels(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *key;
	json_t *list;

	if (!json_is_object(v))
		return jsonread_refuse(at, "labels and lists of what they are");
	json_object_foreach (v, key, list)
		if (!json_is_array(list))
			return jsonread_refuse(at, "a label has a list");
	*(json_t **)field = json_incref(v);
	return 0;
}

static const struct jsonread_key keys[] = {
	JSONREAD_FIELD(written, "name", jsonread_text, name),
	JSONREAD_FIELD(written, "to", jsonread_text, to),
	JSONREAD_FIELD(written, "url", jsonread_text, url),
	JSONREAD_FIELD(written, "url_file", jsonread_text, url_file),
	JSONREAD_FIELD(written, "secret_file", jsonread_text, secret_file),
	JSONREAD_FIELD(written, "level", jsonread_text, level),
	JSONREAD_FIELD(written, "command", read_strings, command),
	JSONREAD_FIELD(written, "tags", read_strings, tags),
	JSONREAD_FIELD(written, "hosts", read_strings, hosts),
	JSONREAD_FIELD(written, "labels", read_labels, labels),
	{ "comment", jsonread_skip, 0 },
};

static void
written_clear(struct written *w)
{
	free(w->name);
	free(w->to);
	free(w->url);
	free(w->url_file);
	free(w->secret_file);
	free(w->level);
	strv_clear(&w->command);
	strv_clear(&w->tags);
	strv_clear(&w->hosts);
	json_decref(w->labels);
}

/* The first line of a file that only we may read. */
static int
read_secret(const struct jsonread_place *at, const char *path, char **ret)
{
	AUTO(fclose) FILE *f = fopen(path, "re");
	size_t len;
	int r;

	if (f == NULL)
		return jsonread_refuse(at, "its file cannot be opened");
	if ((r = path_read(f, SECRET_MAX, ret, &len)) < 0)
		return r == -ENOMEM
		    ? r
		    : jsonread_refuse(at, "its file cannot be read");
	(*ret)[strcspn(*ret, "\r\n")] = '\0';
	return **ret != '\0' ? 0 : jsonread_refuse(at, "its file is empty");
}

static int
find_kind(const struct jsonread_place *at, const char *to, struct route *r)
{
	size_t i;

	for (i = 0; to != NULL && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i], to) == 0) {
			r->kind = (enum route_kind)i;
			return 0;
		}
	return jsonread_refuse(at,
	    "'to' is one of slack, pagerduty, webhook, syslog, command");
}

static int
find_level(const struct jsonread_place *at, const char *name, struct route *r)
{
	r->level = SIGMA_MEDIUM;
	return name == NULL || sigma_level_parse(name, &r->level) == 0
	    ? 0
	    : jsonread_refuse(at,
		  "'level' is one of informational, low, "
		  "medium, high, critical");
}

static int
check(const struct jsonread_place *at, const struct route *r)
{
	bool wants_url = r->kind == ROUTE_SLACK || r->kind == ROUTE_WEBHOOK;

	if (wants_url && r->url == NULL)
		return jsonread_refuse(at, "a 'url' or 'url_file' is missing");
	if ((r->kind == ROUTE_PAGERDUTY || r->kind == ROUTE_WEBHOOK) &&
	    r->secret == NULL)
		return jsonread_refuse(at, "a 'secret_file' is missing");
	if (r->kind == ROUTE_COMMAND &&
	    (r->command.n == 0 || r->command.v[0][0] != '/'))
		return jsonread_refuse(at,
		    "a 'command' is missing: a list that begins with a path");
	/* What is not on this host goes encrypted. */
	if (r->url != NULL && strncmp(r->url, "https://", 8) != 0 &&
	    strncmp(r->url, "http://127.0.0.1", 16) != 0 &&
	    strncmp(r->url, "http://[::1]", 12) != 0 &&
	    strncmp(r->url, "http://localhost", 16) != 0)
		return jsonread_refuse(at,
		    "the url is neither https:// nor of this host");
	return 0;
}

static int
take_written(const struct jsonread_place *at, struct written *w,
    struct route *r)
{
	int x;

	if (w->name == NULL || !is_simple_name(w->name) ||
	    strcmp(w->name, "new") == 0 || strcmp(w->name, "dead") == 0)
		return jsonread_refuse(at,
		    "a 'name' of letters, digits, . _ - is missing");
	r->name = TAKE(w->name);
	if ((x = find_kind(at, w->to, r)) < 0 ||
	    (x = find_level(at, w->level, r)) < 0)
		return x;
	r->url = TAKE(w->url);
	if (w->url_file != NULL &&
	    (x = read_secret(at, w->url_file, &r->url)) < 0)
		return x;
	if (w->secret_file != NULL &&
	    (x = read_secret(at, w->secret_file, &r->secret)) < 0)
		return x;
	r->command = w->command;
	r->tags = w->tags;
	r->hosts = w->hosts;
	r->labels = TAKE(w->labels);
	w->command = w->tags = w->hosts = (struct strv){ 0 };
	return check(at, r);
}

static int
read_route(const struct jsonread_place *at, json_t *v, struct routes *all)
{
	AUTO_CLEAR(written_clear) struct written w = { 0 };
	struct route *r = &all->v[all->n];
	size_t i;
	int x;

	if ((x = jsonread_object(at, v, keys, ARRAY_SIZE(keys), &w)) < 0)
		return x;
	all->n++;
	if ((x = take_written(at, &w, r)) < 0)
		return x;
	for (i = 0; r->name != NULL && i + 1 < all->n; i++)
		if (strcmp(all->v[i].name, r->name) == 0)
			return jsonread_refuse(at, "its name is another's");
	return 0;
}

static int
read_list(const struct jsonread_place *at, json_t *v, void *field)
{
	struct routes *all = field;
	size_t i;
	json_t *one;
	int r;

	if (!json_is_array(v) || json_array_size(v) > ROUTES_MAX)
		return jsonread_refuse(at, "a list of at most 32 routes");
	if ((all->v = calloc(json_array_size(v) + 1, sizeof(*all->v))) == NULL)
		return -ENOMEM;
	json_array_foreach (v, i, one) {
		const struct jsonread_place in = jsonread_at(at, i);

		if ((r = read_route(&in, one, all)) < 0)
			return r;
	}
	return 0;
}

int
routes_read(const char *path, struct routes *ret, struct conf_error *reterr)
{
	static const struct jsonread_key top[] = { { "routes", read_list, 0 },
		{ "comment", jsonread_skip, 0 } };
	AUTO(fclose) FILE *f = fopen(path, "re");
	AUTO(free) char *text = NULL;
	json_auto_t *j = NULL;
	size_t len;
	int r;

	*ret = (struct routes){ 0 };
	if (f == NULL)
		return -errno;
	if ((r = path_read(f, ROUTES_FILE_MAX, &text, &len)) < 0 ||
	    (r = jsonread_load(text, len, &j, reterr)) < 0)
		return r;
	const struct jsonread_place at = { .err = reterr,
		.text = text,
		.len = len };
	if ((r = jsonread_object(&at, j, top, ARRAY_SIZE(top), ret)) < 0)
		routes_clear(ret);
	return r;
}

void
routes_clear(struct routes *r)
{
	while (r->n > 0) {
		struct route *one = &r->v[--r->n];

		free(one->name);
		free(one->url);
		free(one->secret);
		strv_clear(&one->command);
		strv_clear(&one->tags);
		strv_clear(&one->hosts);
		json_decref(one->labels);
	}
	free(r->v);
	*r = (struct routes){ 0 };
}

/* ---- what goes where ----------------------------------------------------------- */

/* No globs: anything does. */
static bool
fits_one(const char *value, const struct strv *globs)
{
	return globs->n == 0 || pattern_match_any(globs, value);
}

static bool
has_level(const struct route *r, json_t *alert)
{
	const char *name = json_string_value(json_object_get(alert, "level"));
	enum sigma_level level;

	return name != NULL && sigma_level_parse(name, &level) == 0 &&
	    level >= r->level;
}

static bool
has_tag(const struct route *r, json_t *alert)
{
	size_t i;
	json_t *tag;

	json_array_foreach (json_object_get(alert, "tags"), i, tag)
		if (json_is_string(tag) &&
		    fits_one(json_string_value(tag), &r->tags))
			return true;
	return r->tags.n == 0;
}

static bool
has_labels(const struct route *r, json_t *alert)
{
	json_t *of = json_object_get(alert, "server_labels"), *list, *glob;
	const char *key, *value;
	size_t i;
	bool fits;

	if (r->labels == NULL)
		return true;
	json_object_foreach (r->labels, key, list) {
		value = json_string_value(json_object_get(of, key));
		fits = false;
		json_array_foreach (list, i, glob)
			if (value != NULL && json_is_string(glob) &&
			    pattern_match(json_string_value(glob), value))
				fits = true;
		if (!fits)
			return false;
	}
	return true;
}

bool
route_takes(const struct route *r, json_t *alert)
{
	return has_level(r, alert) && has_tag(r, alert) &&
	    has_labels(r, alert) &&
	    fits_one(json_string_value(
			 json_object_get(alert, "server_hostname")),
		&r->hosts);
}
