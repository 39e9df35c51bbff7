/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "auto.h"
#include "yamltree.h"

DEFINE_AUTO(yamlnode_free, struct yamlnode)

struct reader {
	yaml_parser_t parser;
	struct conf_error *err;
};

/* The caller deletes *ret where it is 0. */
static int
next_event(struct reader *r, yaml_event_t *ret)
{
	if (yaml_parser_parse(&r->parser, ret) != 0)
		return 0;
	if (r->parser.error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	return conf_error(r->err, r->parser.problem_mark.line + 1, "%s",
	    r->parser.problem != NULL ? r->parser.problem : "is no YAML");
}

static struct yamlnode *
new_node(enum yamlnode_kind kind, const yaml_event_t *e)
{
	struct yamlnode *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->kind = kind;
	n->line = e->start_mark.line + 1;
	return n;
}

static int
append(struct yamlnode ***v, size_t n, struct yamlnode *item)
{
	struct yamlnode **grown;

	/* Doubled at each power of two. */
	if ((n & (n - 1)) == 0) {
		grown = reallocarray(*v, n > 0 ? 2 * n : 1,
		    sizeof(struct yamlnode *));
		if (grown == NULL)
			return -ENOMEM;
		*v = grown;
	}
	(*v)[n] = item;
	return 0;
}

static int read_node(struct reader *r, yaml_event_t *e, unsigned depth,
    struct yamlnode **ret);

static int
read_scalar(const yaml_event_t *e, struct yamlnode **ret)
{
	AUTO(yamlnode_free) struct yamlnode *n = new_node(YAMLNODE_SCALAR, e);

	if (n == NULL)
		return -ENOMEM;
	n->len = e->data.scalar.length;
	n->is_plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if ((n->text = malloc(n->len + 1)) == NULL)
		return -ENOMEM;
	memcpy(n->text, e->data.scalar.value, n->len);
	n->text[n->len] = '\0';
	*ret = TAKE(n);
	return 0;
}

static int
read_list(struct reader *r, const yaml_event_t *begin, unsigned depth,
    struct yamlnode **ret)
{
	AUTO(yamlnode_free) struct yamlnode *n = new_node(YAMLNODE_LIST, begin);
	struct yamlnode *item;
	yaml_event_t e;
	int is_end, x;

	if (n == NULL)
		return -ENOMEM;
	for (;;) {
		if ((x = next_event(r, &e)) < 0)
			return x;
		is_end = e.type == YAML_SEQUENCE_END_EVENT;
		item = NULL;
		if (!is_end)
			x = read_node(r, &e, depth + 1, &item);
		yaml_event_delete(&e);
		if (is_end)
			break;
		if (x == 0 && (x = append(&n->items, n->n, item)) < 0)
			yamlnode_free(item);
		if (x < 0)
			return x;
		n->n++;
	}
	*ret = TAKE(n);
	return 0;
}

static int
read_key(struct reader *r, const struct yamlnode *map, yaml_event_t *e,
    struct yamlnode **ret)
{
	int x;

	if (e->type != YAML_SCALAR_EVENT)
		return conf_error(r->err, e->start_mark.line + 1,
		    "a key is no text");
	if ((x = read_scalar(e, ret)) < 0)
		return x;
	if (strlen((*ret)->text) != (*ret)->len)
		return conf_error(r->err, (*ret)->line,
		    "a key has a NUL in it");
	if (map->n == YAMLTREE_KEYS_MAX)
		return conf_error(r->err, (*ret)->line,
		    "a map has more than 1,024 keys");
	if (yamlnode_get(map, (*ret)->text) != NULL)
		return conf_error(r->err, (*ret)->line,
		    "the key '%.100s' is there twice", (*ret)->text);
	return 0;
}

static int
read_value(struct reader *r, unsigned depth, struct yamlnode **ret)
{
	yaml_event_t e;
	int x;

	if ((x = next_event(r, &e)) < 0)
		return x;
	x = read_node(r, &e, depth + 1, ret);
	yaml_event_delete(&e);
	return x;
}

static int
read_map(struct reader *r, const yaml_event_t *begin, unsigned depth,
    struct yamlnode **ret)
{
	AUTO(yamlnode_free) struct yamlnode *n = new_node(YAMLNODE_MAP, begin);
	yaml_event_t e;
	int is_end, x;

	if (n == NULL)
		return -ENOMEM;
	for (;;) {
		AUTO(yamlnode_free) struct yamlnode *key = NULL;
		AUTO(yamlnode_free) struct yamlnode *value = NULL;

		if ((x = next_event(r, &e)) < 0)
			return x;
		is_end = e.type == YAML_MAPPING_END_EVENT;
		if (!is_end)
			x = read_key(r, n, &e, &key);
		yaml_event_delete(&e);
		if (is_end)
			break;
		if (x < 0 || (x = read_value(r, depth, &value)) < 0 ||
		    (x = append(&n->keys, n->n, key)) < 0)
			return x;
		/* keys has room for one more than the map has: as long as it
		 * is not counted it is not the map's. */
		if ((x = append(&n->items, n->n, value)) < 0)
			return x;
		key = value = NULL;
		n->n++;
	}
	*ret = TAKE(n);
	return 0;
}

static int
read_node(struct reader *r, yaml_event_t *e, unsigned depth,
    struct yamlnode **ret)
{
	if (depth > YAMLTREE_DEPTH_MAX)
		return conf_error(r->err, e->start_mark.line + 1,
		    "this is nested too deeply");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(e, ret);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(r, e, depth, ret);
	case YAML_MAPPING_START_EVENT:
		return read_map(r, e, depth, ret);
	case YAML_ALIAS_EVENT:
		return conf_error(r->err, e->start_mark.line + 1,
		    "aliases (*name) are not read: write it out");
	default:
		return conf_error(r->err, e->start_mark.line + 1,
		    "something else was expected here");
	}
}

static int
read_documents(struct reader *r, struct yamlnode *all)
{
	struct yamlnode *document;
	bool is_end = false;
	yaml_event_t e;
	int x;

	while (!is_end) {
		if ((x = next_event(r, &e)) < 0)
			return x;
		is_end = e.type == YAML_STREAM_END_EVENT;
		document = NULL;
		if (!is_end && e.type != YAML_STREAM_START_EVENT &&
		    e.type != YAML_DOCUMENT_START_EVENT &&
		    e.type != YAML_DOCUMENT_END_EVENT)
			x = read_node(r, &e, 0, &document);
		yaml_event_delete(&e);
		if (x < 0)
			return x;
		if (document == NULL)
			continue;
		if ((x = append(&all->items, all->n, document)) < 0) {
			yamlnode_free(document);
			return x;
		}
		all->n++;
	}
	return 0;
}

int
yamltree_read(const char *text, size_t len, struct yamlnode **ret,
    struct conf_error *reterr)
{
	AUTO(yamlnode_free) struct yamlnode *all = calloc(1, sizeof(*all));
	struct reader r = { .err = reterr };
	int x;

	if (all == NULL)
		return -ENOMEM;
	all->kind = YAMLNODE_LIST;
	all->line = 1;
	if (len > YAMLTREE_BYTES_MAX)
		return conf_error(reterr, 0, "is longer than 16 MiB");
	if (yaml_parser_initialize(&r.parser) == 0)
		return -ENOMEM;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text,
	    len);
	x = read_documents(&r, all);
	yaml_parser_delete(&r.parser);
	if (x < 0)
		return x;
	*ret = TAKE(all);
	return 0;
}

void
yamlnode_free(struct yamlnode *n)
{
	size_t i;

	if (n == NULL)
		return;
	for (i = 0; i < n->n; i++) {
		yamlnode_free(n->items[i]);
		if (n->keys != NULL)
			yamlnode_free(n->keys[i]);
	}
	free(n->items);
	free(n->keys);
	free(n->text);
	free(n);
}

const struct yamlnode *
yamlnode_get(const struct yamlnode *map, const char *key)
{
	size_t i;

	for (i = 0; map->kind == YAMLNODE_MAP && i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}

bool
yamlnode_is_null(const struct yamlnode *n)
{
	static const char *const names[] = { "", "~", "null", "Null", "NULL" };
	size_t i;

	for (i = 0;
	     n->kind == YAMLNODE_SCALAR && n->is_plain && i < ARRAY_SIZE(names);
	     i++)
		if (strcmp(n->text, names[i]) == 0)
			return true;
	return false;
}
