/* SPDX-License-Identifier: ISC */
/* What the parts of decide() share. */
#ifndef CS_JUDGE_H
#define CS_JUDGE_H

#include "decide.h"
#include "template.h"

/* The whole question on its way to an answer. */
struct judge {
	const struct decide_question *q;
	struct strv held; /* roles, by the certificate's word */
	struct template_values values;
	struct decision *d;
};

/* The reason for what reading the compiled policy returned. */
enum reason judge_damaged(int r);
/* The decision's detail: replaces what was said before; without memory nothing
 * is said. */
void judge_say(struct decision *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Does a lock of `from` fit? REASON_NONE, REASON_LOCKED, or why that cannot be
 * known. */
enum reason judge_locks(struct judge *j, const struct hostpolicy *from);

#endif
