/* SPDX-License-Identifier: ISC */
/* A list of strings that owns them. */
#ifndef CS_STRV_H
#define CS_STRV_H

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **v;
	size_t n;
};

/* Adds a copy. 0 or -ENOMEM. */
int strv_add(struct strv *s, const char *item);
/* Adds the string itself, which the list frees, also on failure. */
int strv_add_take(struct strv *s, char *item);
int strv_add_once(struct strv *s, const char *item);
bool strv_has(const struct strv *s, const char *item);
void strv_clear(struct strv *s);

#endif
