/* SPDX-License-Identifier: ISC */
/* A list of strings that owns them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strv.h"

#define FIRST 8

/* Room for one more. The room is FIRST or the next power of two, so that it
 * need not be remembered: there is none left when n is just such a number. */
static int
reserve(struct strv *s)
{
	size_t room = s->n == 0 ? FIRST : 2 * s->n;
	char **v;

	if (s->n != 0 && (s->n < FIRST || (s->n & (s->n - 1)) != 0))
		return 0;
	if ((v = reallocarray(s->v, room, sizeof(*v))) == NULL)
		return -ENOMEM;
	s->v = v;
	return 0;
}

int
strv_add_take(struct strv *s, char *item)
{
	if (item == NULL)
		return -ENOMEM;
	if (reserve(s) < 0) {
		free(item);
		return -ENOMEM;
	}
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
