/* SPDX-License-Identifier: ISC */
/* Lines out of what was sent to a terminal. */
#include <stdbool.h>
#include <string.h>

#include "plaintext.h"

struct line {
	char text[PLAINTEXT_LINE_MAX + 1];
	size_t n; /* as long as it is */
	size_t at; /* where the next character goes */
	uint64_t usec;
	enum {
		PLAIN,
		ESCAPE,
		CSI,
		STRING,
		STRING_ESCAPE
	} state;
};

static int
give(struct line *l, plaintext_reader *read, void *context)
{
	struct plaintext_line line = { l->usec, l->text };

	l->text[l->n] = '\0';
	l->n = l->at = 0;
	return read(&line, context);
}

/* true: c is part of a sequence. */
static bool
skip_sequence(struct line *l, char c)
{
	if (c == 0x18 || c == 0x1a) {
		l->state = PLAIN;
		return true;
	}
	if (c == 0x1b) {
		l->state = l->state == STRING ? STRING_ESCAPE : ESCAPE;
		return true;
	}
	switch (l->state) {
	case STRING_ESCAPE:
	case ESCAPE:
		l->state = c == '['			      ? CSI
		    : c != '\0' && strchr("]P_^X", c) != NULL ? STRING
							      : PLAIN;
		return true;
	case CSI:
		if (c >= '@' && c <= '~')
			l->state = PLAIN;
		return true;
	case STRING:
		if (c == '\a')
			l->state = PLAIN;
		return true;
	case PLAIN:
		break;
	}
	return false;
}

static int
take(struct line *l, char c, uint64_t usec, plaintext_reader *read,
    void *context)
{
	if (c == '\n')
		return give(l, read, context);
	if (c == '\r') {
		l->at = 0;
		return 0;
	}
	if (c == '\b' && l->at > 0) {
		l->at--;
		return 0;
	}
	if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f)
		return 0;
	if (l->n == 0)
		l->usec = usec;
	if (c == '\t')
		c = ' ';
	l->text[l->at++] = c;
	if (l->at > l->n)
		l->n = l->at;
	return l->n == PLAINTEXT_LINE_MAX ? give(l, read, context) : 0;
}

int
plaintext_read(struct castreader *r, plaintext_reader *read, void *context)
{
	struct line l = { .state = PLAIN };
	struct cast_event e;
	size_t i;
	int n, said;

	while ((n = castreader_next(r, &e)) == 1) {
		if (e.code != 'o' && e.code != 'e')
			continue;
		for (i = 0; i < e.len; i++)
			if (!skip_sequence(&l, e.data[i]) &&
			    (said = take(&l, e.data[i], e.usec, read,
				 context)) != 0)
				return said;
	}
	if (n == 0 && l.n > 0)
		return give(&l, read, context);
	return n;
}
