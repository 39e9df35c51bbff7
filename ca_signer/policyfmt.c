/* SPDX-License-Identifier: ISC */
/* A policy in its one layout. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "jsonread.h"
#include "policyfmt.h"
#include "show.h"

#define COLUMNS 100
#define INDENT	2

/* What an object is, by its place in the document. */
struct shape {
	const char *keys[24]; /* in their order; none: as they stand */
	const struct shape *members[24]; /* of each key; NULL: a plain value */
	const struct shape *each; /* of an element, or of any key's value */
};

static const struct shape rules = { { "logins", "node_labels" }, { NULL },
	NULL };
static const struct shape target = { { "user", "role", "login", "serial",
					 "fingerprint", "host", "node_labels" },
	{ NULL }, NULL };
static const struct shape lock = { { "name", "target", "expires", "reason",
				       "updated_by" },
	{ NULL, &target }, NULL };
static const struct shape grant = { { "claims", "user", "roles", "ttl" },
	{ NULL }, NULL };
static const struct shape grants = { .each = &grant };
static const struct shape issuer = { { "name", "issuer", "audience",
					 "algorithms", "jwks", "grants" },
	{ NULL, NULL, NULL, NULL, NULL, &grants }, NULL };
static const struct shape locks = { .each = &lock };
static const struct shape issuers = { .each = &issuer };

/* The options' order is that of their table. */
static struct shape options;
static const struct shape role = { { "allow", "deny", "options" },
	{ &rules, &rules, &options }, NULL };
static const struct shape roles = { .each = &role };
static const struct shape document = { { "version", "expires", "roles", "locks",
					   "issuers" },
	{ NULL, NULL, &roles, &locks, &issuers }, NULL };

static void put_value(FILE *f, json_t *v, const struct shape *shape,
    size_t indent, size_t used, bool is_wide);

/* The next key in order, from *at on; NULL at the end. */
static const char *
next_key(json_t *v, const struct shape *shape, size_t *at, void **iter)
{
	const char *key;

	if (shape != NULL && shape->keys[0] != NULL) {
		while (*at < 24 && (key = shape->keys[*at]) != NULL) {
			(*at)++;
			if (json_object_get(v, key) != NULL)
				return key;
		}
		return NULL;
	}
	*iter =
	    *at == 0 ? json_object_iter(v) : json_object_iter_next(v, *iter);
	(*at)++;
	return *iter != NULL ? json_object_iter_key(*iter) : NULL;
}

static const struct shape *
shape_of_member(const struct shape *shape, size_t at)
{
	if (shape == NULL)
		return NULL;
	return shape->keys[0] != NULL ? shape->members[at - 1] : shape->each;
}

static void
put_break(FILE *f, bool is_wide, size_t indent)
{
	if (is_wide)
		fprintf(f, "\n%*s", (int)indent, "");
	else
		fputc(' ', f);
}

static void
put_object(FILE *f, json_t *v, const struct shape *shape, size_t indent,
    bool is_wide)
{
	size_t at = 0, n = 0;
	void *iter = NULL;
	const char *key;

	if (json_object_size(v) == 0) {
		fputs("{}", f);
		return;
	}
	fputc('{', f);
	while ((key = next_key(v, shape, &at, &iter)) != NULL) {
		if (n++ > 0)
			fputc(',', f);
		put_break(f, is_wide, indent + INDENT);
		show_json_text(f, key, strlen(key));
		fputs(": ", f);
		put_value(f, json_object_get(v, key),
		    shape_of_member(shape, at), indent + INDENT,
		    indent + INDENT + strlen(key) + 4, is_wide);
	}
	put_break(f, is_wide, indent);
	fputc('}', f);
}

static void
put_array(FILE *f, json_t *v, const struct shape *shape, size_t indent,
    bool is_wide)
{
	json_t *item;
	size_t i;

	fputc('[', f);
	json_array_foreach (v, i, item) {
		if (i > 0)
			fputc(',', f);
		if (is_wide)
			put_break(f, true, indent + INDENT);
		else if (i > 0)
			fputc(' ', f);
		put_value(f, item, shape != NULL ? shape->each : NULL,
		    indent + INDENT, indent + INDENT, is_wide);
	}
	if (is_wide)
		put_break(f, true, indent);
	fputc(']', f);
}

static void
put_plain(FILE *f, json_t *v, const struct shape *shape, size_t indent,
    bool is_wide)
{
	AUTO(free) char *text = NULL;

	if (json_is_object(v)) {
		put_object(f, v, shape, indent, is_wide);
	} else if (json_is_array(v)) {
		put_array(f, v, shape, indent, is_wide);
	} else if (json_is_string(v)) {
		show_json_text(f, json_string_value(v), json_string_length(v));
	} else {
		text = json_dumps(v, JSON_ENCODE_ANY);
		fputs(text != NULL ? text : "null", f);
	}
}

static bool
fits(json_t *v, const struct shape *shape, size_t used)
{
	AUTO(free) char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return false;
	put_plain(f, v, shape, 0, false);
	/* And the comma behind it. */
	return fclose(f) == 0 && used + len + 1 <= COLUMNS;
}

/* used: columns that are taken on this line already. */
static void
put_value(FILE *f, json_t *v, const struct shape *shape, size_t indent,
    size_t used, bool is_wide)
{
	put_plain(f, v, shape, indent, is_wide && !fits(v, shape, used));
}

static void
fill_options(void)
{
	size_t i;

	for (i = 0; i < role_option_n_rows && i < 24; i++)
		options.keys[i] = role_option_rows[i].name;
}

char *
policyfmt(const struct policyfile *p)
{
	json_auto_t *doc = NULL;
	struct conf_error e;
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	fill_options();
	if (jsonread_load(p->text, p->len, &doc, &e) < 0 ||
	    (f = open_memstream(&text, &len)) == NULL)
		return NULL;
	put_object(f, doc, &document, 0, true);
	fputc('\n', f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
