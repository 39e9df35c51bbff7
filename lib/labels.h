/* SPDX-License-Identifier: ISC */
/* A host's labels: key and value, a key once. */
#ifndef CS_LABELS_H
#define CS_LABELS_H

#include <stddef.h>

struct label {
	char *key;
	char *value; /* behind the key, in its memory */
};

/* Sorted by key. */
struct labels {
	struct label *v;
	size_t n;
};

/* -EEXIST if the key is there, -ENOMEM. Copies both. */
int labels_add(struct labels *l, const char *key, const char *value);
/* NULL if there is none. */
const char *labels_get(const struct labels *l, const char *key);
void labels_clear(struct labels *l);

#endif
