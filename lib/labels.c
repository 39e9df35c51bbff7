/* SPDX-License-Identifier: ISC */
/* A host's labels. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"

/* Where the key is (*ret_found), or belongs: they are sorted. */
static size_t
find(const struct labels *l, const char *key, bool *ret_found)
{
	size_t lo = 0, hi = l->n, mid;
	int c;

	*ret_found = false;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = strcmp(l->v[mid].key, key);
		if (c == 0) {
			*ret_found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const char *
labels_get(const struct labels *l, const char *key)
{
	bool is_there;
	size_t i = find(l, key, &is_there);

	return is_there ? l->v[i].value : NULL;
}

int
labels_add(struct labels *l, const char *key, const char *value)
{
	struct label *v, item;
	bool is_there;
	size_t i = find(l, key, &is_there);

	if (is_there)
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
	memmove(v + i + 1, v + i, (l->n - i) * sizeof(*v));
	v[i] = item;
	l->n++;
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
