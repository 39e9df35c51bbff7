/* SPDX-License-Identifier: ISC */
/* A host's labels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"

const char *
labels_get(const struct labels *l, const char *key)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->v[i].key, key) == 0)
			return l->v[i].value;
	return NULL;
}

int
labels_add(struct labels *l, const char *key, const char *value)
{
	struct label *v, item;

	if (labels_get(l, key) != NULL)
		return -EEXIST;
	if ((v = reallocarray(l->v, l->n + 1, sizeof(*v))) == NULL)
		return -ENOMEM;
	l->v = v;
	item = (struct label){ strdup(key), strdup(value) };
	if (item.key == NULL || item.value == NULL) {
		free(item.key);
		free(item.value);
		return -ENOMEM;
	}
	l->v[l->n++] = item;
	return 0;
}

void
labels_clear(struct labels *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].key);
		free(l->v[i].value);
	}
	free(l->v);
	*l = (struct labels){ 0 };
}
