/* SPDX-License-Identifier: ISC */
/* A text that grows. */
#ifndef CS_TEXTBUF_H
#define CS_TEXTBUF_H

#include <stdbool.h>
#include <stddef.h>

struct textbuf {
	char *p; /* terminated; NULL until something is put */
	size_t n, size;
	bool is_bad; /* memory ran out: what was put then is missing */
};

void textbuf_put(struct textbuf *t, const char *p, size_t n);
void textbuf_string(struct textbuf *t, const char *s);
void textbuf_clear(struct textbuf *t);

#endif
