/* SPDX-License-Identifier: ISC */
/* A recording on somebody else's terminal: what draws passes, what makes a
 * terminal answer, copy, or run something does not. */
#ifndef CS_TERMFILTER_H
#define CS_TERMFILTER_H

#include <stddef.h>

#define TERMFILTER_SEQUENCE_MAX 64

struct termfilter {
	enum {
		TERMFILTER_TEXT,
		TERMFILTER_ESCAPE, /* after ESC */
		TERMFILTER_CSI, /* after ESC [ */
		TERMFILTER_STRING, /* in OSC, DCS, APC, PM, SOS: dropped */
		TERMFILTER_STRING_ESCAPE,
		TERMFILTER_C1 /* after 0xc2: an 8-bit control, perhaps */
	} state;
	char sequence[TERMFILTER_SEQUENCE_MAX];
	size_t n;
};

/*
 * ECMA-48, xterm's ctlseqs. Writes what may be shown of n bytes to out, which
 * has room for n + TERMFILTER_SEQUENCE_MAX, and returns how much that is.
 * Sequences may be cut anywhere between two calls.
 */
size_t termfilter_pass(struct termfilter *f, const char *p, size_t n,
    char *out);

#endif
