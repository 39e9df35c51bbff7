/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fieldtree.h"

/* Bytes as numbers, without a call for each key. */
static uint64_t
load8(const char *p)
{
	uint64_t n;

	memcpy(&n, p, 8);
	return n;
}

static uint64_t
load4(const char *p)
{
	uint32_t n;

	memcpy(&n, p, 4);
	return n;
}

/* Keys are short: their ends and their length tell nearly all apart. */
static uint64_t
hash_of(int parent, const char *key, size_t len)
{
	uint64_t first = 0, last = 0, h;

	if (len >= 8) {
		first = load8(key);
		last = load8(key + len - 8);
	} else if (len >= 4) {
		first = load4(key);
		last = load4(key + len - 4);
	} else if (len > 0) {
		first = (unsigned char)key[0];
		last = (uint64_t)(unsigned char)key[len / 2] << 8 |
		    (unsigned char)key[len - 1];
	}
	h = (first ^ ((uint64_t)(uint32_t)parent << 32) ^ len) *
	    UINT64_C(0x9e3779b97f4a7c15);
	h = (h ^ (h >> 32) ^ last) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

static bool
is_same(const char *a, const char *b, size_t len)
{
	if (len >= 8 && len <= 16)
		return load8(a) == load8(b) &&
		    load8(a + len - 8) == load8(b + len - 8);
	if (len >= 4 && len < 8)
		return load4(a) == load4(b) &&
		    load4(a + len - 4) == load4(b + len - 4);
	return memcmp(a, b, len) == 0;
}

int
fieldtree_find(const struct fieldtree *t, int parent, const char *key,
    size_t len)
{
	const struct fieldnode *n;
	size_t i;

	if (t->size == 0)
		return FIELDTREE_NONE;
	for (i = hash_of(parent, key, len) & (t->size - 1); t->table[i] >= 0;
	     i = (i + 1) & (t->size - 1)) {
		n = &t->nodes[t->table[i]];
		if (n->parent == parent && n->len == len &&
		    is_same(n->key, key, len))
			return t->table[i];
	}
	return FIELDTREE_NONE;
}

static void
enter(struct fieldtree *t, int node)
{
	const struct fieldnode *n = &t->nodes[node];
	size_t i = hash_of(n->parent, n->key, n->len) & (t->size - 1);

	while (t->table[i] >= 0)
		i = (i + 1) & (t->size - 1);
	t->table[i] = node;
}

static int
grow(struct fieldtree *t)
{
	size_t i, size = t->size == 0 ? 64 : t->size * 2;
	struct fieldnode *nodes;
	int *table;

	if (t->n * 4 < t->size)
		return 0;
	if ((table = malloc(size * sizeof(*table))) == NULL)
		return -ENOMEM;
	nodes = reallocarray(t->nodes, size, sizeof(*nodes));
	if (nodes == NULL) {
		free(table);
		return -ENOMEM;
	}
	free(t->table);
	t->table = table;
	t->nodes = nodes;
	t->size = size;
	memset(table, 0xff, size * sizeof(*table));
	if (t->n == 0)
		t->nodes[t->n++] = (struct fieldnode){ .parent = FIELDTREE_NONE,
			.field = FIELDTREE_NONE };
	for (i = 1; i < t->n; i++)
		enter(t, (int)i);
	return 0;
}

static int
add_node(struct fieldtree *t, int parent, const char *key, size_t len)
{
	int node = fieldtree_find(t, parent, key, len), r;
	char *copy;

	if (node >= 0)
		return node;
	if ((r = grow(t)) < 0)
		return r;
	if ((copy = strndup(key, len)) == NULL)
		return -ENOMEM;
	node = (int)t->n++;
	t->nodes[node] =
	    (struct fieldnode){ copy, len, parent, FIELDTREE_NONE };
	enter(t, node);
	return node;
}

/* Every way to read the dots of what is left of the name. */
static int
add_paths(struct fieldtree *t, int parent, const char *name, int field)
{
	const char *dot = name;
	int node, r;

	if ((node = add_node(t, parent, name, strlen(name))) < 0)
		return node;
	t->nodes[node].field = field;
	while ((dot = strchr(dot, '.')) != NULL) {
		if (dot > name && dot[1] != '\0') {
			node = add_node(t, parent, name, (size_t)(dot - name));
			if (node < 0)
				return node;
			if ((r = add_paths(t, node, dot + 1, field)) < 0)
				return r;
		}
		dot++;
	}
	return 0;
}

int
fieldtree_add(struct fieldtree *t, const char *name)
{
	size_t dots = 0;
	const char *p;
	int node, r;

	for (p = name; *p != '\0'; p++)
		dots += *p == '.';
	if (p == name || p - name > FIELDTREE_NAME_MAX ||
	    dots > FIELDTREE_DOTS_MAX)
		return -EINVAL;
	node = fieldtree_find(t, FIELDTREE_ROOT, name, (size_t)(p - name));
	if (node >= 0 && t->nodes[node].field >= 0)
		return t->nodes[node].field;
	if ((r = grow(t)) < 0 ||
	    (r = add_paths(t, FIELDTREE_ROOT, name, t->fields)) < 0)
		return r;
	return t->fields++;
}

int
fieldtree_reserve(struct fieldtree *t)
{
	return t->fields++;
}

void
fieldtree_clear(struct fieldtree *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->nodes[i].key);
	free(t->nodes);
	free(t->table);
	*t = (struct fieldtree){ 0 };
}
