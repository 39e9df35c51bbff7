/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "textbuf.h"

static bool
grow(struct textbuf *t, size_t n)
{
	size_t size = (t->n + n + 1) * 2;
	char *p;

	if (t->p != NULL && t->n + n + 1 <= t->size)
		return true;
	if ((p = realloc(t->p, size)) == NULL)
		return false;
	t->p = p;
	t->size = size;
	return true;
}

void
textbuf_put(struct textbuf *t, const char *p, size_t n)
{
	if (t->is_bad || !grow(t, n)) {
		t->is_bad = true;
		return;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void
textbuf_string(struct textbuf *t, const char *s)
{
	textbuf_put(t, s, strlen(s));
}

void
textbuf_clear(struct textbuf *t)
{
	free(t->p);
	*t = (struct textbuf){ 0 };
}
