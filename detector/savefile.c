/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "savefile.h"

void
save_bytes(struct savefile *s, const void *p, size_t n)
{
	if (!s->is_bad && n > 0 && fwrite(p, 1, n, s->f) != n)
		s->is_bad = true;
}

void
save_u64(struct savefile *s, uint64_t n)
{
	save_bytes(s, &n, sizeof(n));
}

void
save_text(struct savefile *s, const char *text)
{
	save_u64(s, strlen(text));
	save_bytes(s, text, strlen(text));
}

void
load_bytes(struct savefile *s, void *p, size_t n)
{
	if (!s->is_bad && n > 0 && fread(p, 1, n, s->f) != n)
		s->is_bad = true;
}

uint64_t
load_u64(struct savefile *s)
{
	uint64_t n = 0;

	load_bytes(s, &n, sizeof(n));
	return s->is_bad ? 0 : n;
}

uint64_t
load_count(struct savefile *s, uint64_t max)
{
	uint64_t n = load_u64(s);

	if (n > max)
		s->is_bad = true;
	return s->is_bad ? 0 : n;
}

char *
load_text(struct savefile *s, size_t max)
{
	size_t n = (size_t)load_count(s, max);
	char *text = s->is_bad ? NULL : malloc(n + 1);

	if (text == NULL) {
		s->is_bad = true;
		return NULL;
	}
	load_bytes(s, text, n);
	text[n] = '\0';
	if (s->is_bad) {
		free(text);
		return NULL;
	}
	return text;
}
