/* SPDX-License-Identifier: ISC */
/* What a value of a Sigma rule is as a pattern for Hyperscan. */
#ifndef CS_SIGMAPATTERN_H
#define CS_SIGMAPATTERN_H

#include "sigmarule.h"

enum sigmapattern_kind {
	SIGMAPATTERN_EXPRESSION,
	SIGMAPATTERN_EXACT, /* the whole text, without wildcards */
	SIGMAPATTERN_LAST, /* what follows the last slash, which there is */
	SIGMAPATTERN_EMPTY, /* the empty text */
	SIGMAPATTERN_ANY /* whatever is there */
};

struct sigmapattern {
	enum sigmapattern_kind kind;
	char *text; /* of the expression, or the text itself */
	size_t len;
	bool is_cased, is_multiline, is_single_line_dot; /* . but no newline */
	bool is_literal; /* a text in a place, and nothing else */
	size_t literal; /* the length of what must be in a text as it stands */
};

struct sigmapatterns {
	struct sigmapattern *v;
	size_t n;
};

/*
 * The patterns of one text of this item, one of which must match (base64offset
 * makes three). 0, -ENOMEM, or -EINVAL with the reason. The caller clears them.
 */
int sigmapattern_make(const struct sigma_item *item,
    const struct sigma_value *value, struct sigmapatterns *ret,
    struct conf_error *reterr);
void sigmapatterns_clear(struct sigmapatterns *p);

#endif
