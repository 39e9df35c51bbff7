/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "yamlread.h"

int
yamlread_text(const struct yamlnode *map, const char *key, char **ret,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, key);

	if (n == NULL || yamlnode_is_null(n))
		return 0;
	if (n->kind != YAMLNODE_SCALAR || strlen(n->text) != n->len)
		return conf_error(reterr, n->line, "'%s' is no text", key);
	return (*ret = strdup(n->text)) == NULL ? -ENOMEM : 0;
}

int
yamlread_list(const struct yamlnode *n, const char *what, struct strv *ret,
    struct conf_error *reterr)
{
	const struct yamlnode *item;
	size_t i;
	int r;

	for (i = 0; i < (n->kind == YAMLNODE_SCALAR ? 1 : n->n); i++) {
		item = n->kind == YAMLNODE_SCALAR ? n : n->items[i];
		if (n->kind == YAMLNODE_MAP || item->kind != YAMLNODE_SCALAR)
			return conf_error(reterr, item->line,
			    "'%s' is no list of texts", what);
		if ((r = strv_add(ret, item->text)) < 0)
			return r;
	}
	return 0;
}

int
yamlread_texts(const struct yamlnode *map, const char *key, struct strv *ret,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, key);

	return n == NULL || yamlnode_is_null(n)
	    ? 0
	    : yamlread_list(n, key, ret, reterr);
}

int
yamlread_flag(const struct yamlnode *map, const char *key, bool *ret,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, key);

	if (n == NULL)
		return 0;
	if (n->kind != YAMLNODE_SCALAR ||
	    (strcmp(n->text, "true") != 0 && strcmp(n->text, "false") != 0))
		return conf_error(reterr, n->line, "'%s' is true or false",
		    key);
	*ret = n->text[0] == 't';
	return 0;
}

int
yamlread_keys(const struct yamlnode *map, const char *const *known, size_t n,
    struct conf_error *reterr)
{
	size_t i, k;

	for (i = 0; i < map->n; i++) {
		for (k = 0; k < n; k++)
			if (strcmp(map->keys[i]->text, known[k]) == 0)
				break;
		if (k == n)
			return conf_error(reterr, map->keys[i]->line,
			    "'%.60s' is not known here", map->keys[i]->text);
	}
	return 0;
}
