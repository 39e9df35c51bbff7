/* SPDX-License-Identifier: ISC */
/* Terminal output, less what an attacker would put into a log. */
#include <stdbool.h>
#include <string.h>

#include "termfilter.h"

#define ESC 0x1b
#define CAN 0x18
#define SUB 0x1a

/* Moves, erases, colours, scrolls. No reports (n, c, x, $p), no window
 * operations (t), no printing (i). */
static bool
is_drawing(const char *sequence, size_t n)
{
	static const char plain[] = "@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu";
	char final = sequence[n - 1];
	size_t i;

	for (i = 0; i + 1 < n; i++) {
		if (sequence[i] == ' ' && i + 2 == n && final == 'q')
			return true; /* DECSCUSR: the cursor's shape */
		if (sequence[i] != '?' && sequence[i] != ';' &&
		    sequence[i] != ':' &&
		    (sequence[i] < '0' || sequence[i] > '9'))
			return false;
	}
	if (sequence[0] == '?')
		return strchr("hlJKrs", final) != NULL;
	return strchr(plain, final) != NULL;
}

/* Control characters that only move: no ENQ, which makes terminals answer. */
static bool
is_harmless_control(char c)
{
	return c == '\a' || c == '\b' || c == '\t' || c == '\n' || c == '\v' ||
	    c == '\f' || c == '\r' || c == 0x0e || c == 0x0f;
}

static size_t
put(char *out, size_t at, const char *p, size_t n)
{
	memcpy(out + at, p, n);
	return at + n;
}

static size_t
take_text(struct termfilter *f, char c, char *out, size_t at)
{
	if (c == ESC)
		f->state = TERMFILTER_ESCAPE;
	else if ((unsigned char)c == 0xc2)
		f->state = TERMFILTER_C1;
	else if ((unsigned char)c >= ' ' ? c != 0x7f : is_harmless_control(c))
		out[at++] = c;
	return at;
}

static size_t
take_escape(struct termfilter *f, char c, char *out, size_t at)
{
	const char both[2] = { ESC, c };

	f->state = TERMFILTER_TEXT;
	f->n = 0;
	if (c == '[')
		f->state = TERMFILTER_CSI;
	else if (c == ESC)
		f->state = TERMFILTER_ESCAPE;
	else if (c != '\0' && strchr("]P_^X", c) != NULL)
		f->state = TERMFILTER_STRING;
	/* Character sets: one more byte, which is text then. */
	else if (c != '\0' && strchr("78DEHM=>", c) != NULL)
		return put(out, at, both, 2);
	return at;
}

static size_t
take_csi(struct termfilter *f, char c, char *out, size_t at)
{
	if (f->n < sizeof(f->sequence))
		f->sequence[f->n] = c;
	f->n++;
	if (c == ESC) {
		f->state = TERMFILTER_ESCAPE;
		return at;
	}
	if (c < '@' || c > '~')
		return at;
	f->state = TERMFILTER_TEXT;
	if (f->n > sizeof(f->sequence) - 2 || !is_drawing(f->sequence, f->n))
		return at;
	at = put(out, at, "\x1b[", 2);
	return put(out, at, f->sequence, f->n);
}

/* A terminal leaves a string at any ESC, whatever follows: what is hidden here
 * was hidden there. */
static size_t
take_string(struct termfilter *f, char c, char *out, size_t at)
{
	if (f->state == TERMFILTER_STRING_ESCAPE && c != '\\')
		return take_escape(f, c, out, at);
	if (f->state == TERMFILTER_STRING_ESCAPE || c == '\a')
		f->state = TERMFILTER_TEXT;
	else if (c == ESC)
		f->state = TERMFILTER_STRING_ESCAPE;
	return at;
}

/* 0xc2 0x80..0x9f are the same controls in eight bits. */
static size_t
take_c1(struct termfilter *f, char c, char *out, size_t at)
{
	f->state = TERMFILTER_TEXT;
	if ((unsigned char)c < 0xa0)
		return at;
	out[at++] = (char)0xc2;
	out[at++] = c;
	return at;
}

size_t
termfilter_pass(struct termfilter *f, const char *p, size_t n, char *out)
{
	size_t i, at = 0;

	for (i = 0; i < n; i++) {
		/* CAN and SUB end whatever has been begun. */
		if (p[i] == CAN || p[i] == SUB) {
			f->state = TERMFILTER_TEXT;
			continue;
		}
		switch (f->state) {
		case TERMFILTER_TEXT:
			at = take_text(f, p[i], out, at);
			break;
		case TERMFILTER_ESCAPE:
			at = take_escape(f, p[i], out, at);
			break;
		case TERMFILTER_CSI:
			at = take_csi(f, p[i], out, at);
			break;
		case TERMFILTER_C1:
			at = take_c1(f, p[i], out, at);
			break;
		case TERMFILTER_STRING:
		case TERMFILTER_STRING_ESCAPE:
			at = take_string(f, p[i], out, at);
			break;
		}
	}
	return at;
}
