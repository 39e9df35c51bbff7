/* SPDX-License-Identifier: ISC */
/* Values in a policy: globs, or an expression between slashes. */
#ifndef CS_PATTERN_H
#define CS_PATTERN_H

#include <stdbool.h>

#include "strv.h"

/* Can it be used at all? For "/.../": is it a POSIX extended expression. */
bool pattern_is_valid(const char *pattern);
/* Does the whole text fit? '*' any run, '?' any one byte; case matters. */
bool pattern_match(const char *pattern, const char *text);
/* One of them; a NULL text fits none. */
bool pattern_match_any(const struct strv *patterns, const char *text);

#endif
