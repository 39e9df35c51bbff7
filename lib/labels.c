/* SPDX-License-Identifier: ISC */
/* A host's labels. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"

#define LABELS_AT_ONCE 64

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

/* Room for one more; every LABELS_AT_ONCE labels there is none left. */
static int
reserve(struct labels *l)
{
	struct label *v;

	if (l->n % LABELS_AT_ONCE != 0)
		return 0;
	v = reallocarray(l->v, l->n + LABELS_AT_ONCE, sizeof(*v));
	if (v == NULL)
		return -ENOMEM;
	l->v = v;
	return 0;
}

int
labels_add(struct labels *l, const char *key, const char *value)
{
	size_t key_size = strlen(key) + 1, value_size = strlen(value) + 1, i;
	bool is_there;
	char *text;

	i = find(l, key, &is_there);
	if (is_there)
		return -EEXIST;
	if (reserve(l) < 0 || (text = malloc(key_size + value_size)) == NULL)
		return -ENOMEM;
	memcpy(text, key, key_size);
	memcpy(text + key_size, value, value_size);
	memmove(l->v + i + 1, l->v + i, (l->n - i) * sizeof(*l->v));
	l->v[i] = (struct label){ text, text + key_size };
	l->n++;
	return 0;
}

void
labels_clear(struct labels *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].key);
	free(l->v);
	*l = (struct labels){ 0 };
}
