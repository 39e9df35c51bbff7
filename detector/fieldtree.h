/* SPDX-License-Identifier: ISC */
/* The names of the fields that rules ask for, as a tree: what is read of an
 * event is looked up in it, and what is not in it is passed over. */
#ifndef CS_FIELDTREE_H
#define CS_FIELDTREE_H

#include <stddef.h>
#include <stdint.h>

#define FIELDTREE_ROOT	   0
#define FIELDTREE_NONE	   (-1)
#define FIELDTREE_NAME_MAX 128
#define FIELDTREE_DOTS_MAX 4

struct fieldnode {
	char *key; /* of its parent */
	size_t len;
	int parent;
	int field; /* its number, or FIELDTREE_NONE: only others go through it */
};

struct fieldtree {
	struct fieldnode *nodes;
	size_t n;
	int *table; /* of nodes, by hash; size is a power of two */
	size_t size;
	int fields; /* how many have numbers */
};

/*
 * The number of the field of this name. A dot may be part of a key or stand
 * between two ("addr.remote": "x", or "addr": {"remote": "x"}): both are the
 * field. -ENOMEM; -EINVAL: no such name can be.
 */
int fieldtree_add(struct fieldtree *t, const char *name);
/* A number for what is in no event but made of it. */
int fieldtree_reserve(struct fieldtree *t);
/* The node below parent of this key, or FIELDTREE_NONE. */
int fieldtree_find(const struct fieldtree *t, int parent, const char *key,
    size_t len);
void fieldtree_clear(struct fieldtree *t);

#endif
