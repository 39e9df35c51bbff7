/* SPDX-License-Identifier: ISC */
/* A list of strings that owns them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strv.h"

int
strv_add_take(struct strv *s, char *item)
{
	char **v;

	if (item == NULL)
		return -ENOMEM;
	if ((v = reallocarray(s->v, s->n + 1, sizeof(*v))) == NULL) {
		free(item);
		return -ENOMEM;
	}
	s->v = v;
	s->v[s->n++] = item;
	return 0;
}

int
strv_add(struct strv *s, const char *item)
{
	return strv_add_take(s, strdup(item));
}

int
strv_add_once(struct strv *s, const char *item)
{
	return strv_has(s, item) ? 0 : strv_add(s, item);
}

bool
strv_has(const struct strv *s, const char *item)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i], item) == 0)
			return true;
	return false;
}

void
strv_clear(struct strv *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv){ 0 };
}
