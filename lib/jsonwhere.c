/* SPDX-License-Identifier: ISC */
/* Where in a JSON text a value stands, for messages: jansson does not keep it.
 * The text has been parsed: it is well formed. */
#include <string.h>

#include "jsonread.h"

struct scan {
	const char *p, *end;
};

static void
skip_blanks(struct scan *s)
{
	while (s->p < s->end && strchr(" \t\r\n", *s->p) != NULL)
		s->p++;
}

/* From its opening quote to behind its closing one. */
static void
skip_string(struct scan *s)
{
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++)
		if (*s->p == '\\')
			s->p++;
	s->p++;
}

static void
skip_value(struct scan *s)
{
	size_t depth = 0;

	do {
		skip_blanks(s);
		if (s->p >= s->end)
			return;
		if (*s->p == '"') {
			skip_string(s);
			continue;
		}
		if (strchr("[{", *s->p) != NULL)
			depth++;
		else if (strchr("]}", *s->p) != NULL && --depth == 0) {
			s->p++;
			return;
		}
		/* A number or a word; of a list's inside, one piece. */
		if (depth == 0) {
			s->p += strcspn(s->p, ",]} \t\r\n");
			return;
		}
		s->p++;
	} while (depth > 0);
}

static bool
key_is(const struct scan *s, const char *key)
{
	size_t n = strlen(key);

	return (size_t)(s->end - s->p) > n + 1 &&
	    memcmp(s->p + 1, key, n) == 0 && s->p[n + 1] == '"';
}

/* Leaves the scan at the key's quote; *value is where its value begins. */
static bool
find_key(struct scan *s, const char *key, struct scan *value)
{
	bool is_it;

	for (s->p++; skip_blanks(s), s->p < s->end && *s->p == '"';) {
		is_it = key_is(s, key);
		*value = *s;
		skip_string(value);
		skip_blanks(value);
		value->p += value->p < value->end;
		if (is_it)
			return true;
		skip_value(value);
		skip_blanks(value);
		value->p += value->p < value->end;
		*s = *value;
	}
	return false;
}

static bool
find_element(struct scan *s, size_t index, struct scan *value)
{
	s->p++;
	for (; index > 0; index--) {
		skip_value(s);
		skip_blanks(s);
		if (s->p >= s->end || *s->p != ',')
			return false;
		s->p++;
	}
	skip_blanks(s);
	*value = *s;
	return s->p < s->end;
}

static bool
descend(const struct jsonread_place *to, struct scan *s, struct scan *value)
{
	*s = *value;
	skip_blanks(s);
	if (s->p >= s->end)
		return false;
	return to->key != NULL ? find_key(s, to->key, value)
			       : find_element(s, to->index, value);
}

bool
jsonread_position(const struct jsonread_place *at, size_t *ret_line,
    size_t *ret_column)
{
	const struct jsonread_place *path[JSONREAD_DEPTH_MAX];
	const char *p, *begin = at->text;
	struct scan s = { at->text, at->text + at->len }, value = s;
	size_t n = 0, line = 1;

	for (; at->parent != NULL; at = at->parent) {
		if (n == JSONREAD_DEPTH_MAX)
			return false;
		path[n++] = at;
	}
	while (n > 0)
		if (!descend(path[--n], &s, &value))
			return false;
	for (p = begin; p < s.p; p++) {
		if (*p != '\n')
			continue;
		line++;
		begin = p + 1;
	}
	*ret_line = line;
	*ret_column = (size_t)(s.p - begin) + 1;
	return true;
}
