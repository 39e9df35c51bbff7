/* SPDX-License-Identifier: ISC */
/* Values of a YAML map that people write. What is missing leaves *ret as it is. */
#ifndef CS_YAMLREAD_H
#define CS_YAMLREAD_H

#include "conf.h"
#include "strv.h"
#include "yamltree.h"

/* Each: 0, -ENOMEM, or -EINVAL with line and reason. */

/* A text, which the caller frees. */
int yamlread_text(const struct yamlnode *map, const char *key, char **ret,
    struct conf_error *reterr);
/* A list of texts, or one alone. */
int yamlread_texts(const struct yamlnode *map, const char *key,
    struct strv *ret, struct conf_error *reterr);
/* The same of a node, which is called `what` in the reason. */
int yamlread_list(const struct yamlnode *n, const char *what, struct strv *ret,
    struct conf_error *reterr);
int yamlread_flag(const struct yamlnode *map, const char *key, bool *ret,
    struct conf_error *reterr);
/* Has it only keys that are known? */
int yamlread_keys(const struct yamlnode *map, const char *const *known,
    size_t n, struct conf_error *reterr);

#endif
