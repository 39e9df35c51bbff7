/* SPDX-License-Identifier: ISC */
/* YAML (libyaml) as a tree that knows its lines. What is read is bounded:
 * aliases are refused, and so nothing is larger than its text. */
#ifndef CS_YAMLTREE_H
#define CS_YAMLTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

#define YAMLTREE_BYTES_MAX (16U * 1024U * 1024U)
#define YAMLTREE_DEPTH_MAX 32
#define YAMLTREE_KEYS_MAX  1024 /* of one map */

enum yamlnode_kind {
	YAMLNODE_SCALAR,
	YAMLNODE_LIST,
	YAMLNODE_MAP
};

struct yamlnode {
	enum yamlnode_kind kind;
	size_t line;
	char *text; /* a scalar's, and a NUL after its len bytes */
	size_t len;
	bool is_plain; /* without quotes: may be a number, true or null */
	struct yamlnode **items; /* of a list; a map's values */
	struct yamlnode **keys; /* a map's: scalars, each once */
	size_t n;
};

/*
 * A list of the text's documents, each as it stands; the caller frees. 0,
 * -ENOMEM, or -EINVAL with the line of what is wrong and the reason.
 */
int yamltree_read(const char *text, size_t len, struct yamlnode **ret,
    struct conf_error *reterr);
void yamlnode_free(struct yamlnode *n);
/* A map's value; NULL: there is none. */
const struct yamlnode *yamlnode_get(const struct yamlnode *map,
    const char *key);
/* ~, null or nothing, not in quotes. */
bool yamlnode_is_null(const struct yamlnode *n);

#endif
