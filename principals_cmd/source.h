/* SPDX-License-Identifier: ISC */
/* Where releases come from: a folder, or HTTPS. */
#ifndef CS_SOURCE_H
#define CS_SOURCE_H

#include "fetchstate.h"
#include "release.h"
#include "settings.h"

struct source_answer {
	struct release release;
	char *etags[RELEASE_FILES]; /* NULL: none */
	bool is_cached; /* some of it is what the spool had already */
};

/*
 * All the files that the host wants, from one source; those that have not
 * changed since from `spool`, unless is_fresh; within timeout_s together. 0, -ENOMEM, or -EINVAL with
 * *reterr. The caller clears, also on failure.
 */
int source_get(const char *source, const struct settings *s,
    const struct fetchstate *state, const char *spool, bool is_fresh,
    unsigned timeout_s, struct source_answer *ret, struct conf_error *reterr);
void source_answer_clear(struct source_answer *a);
/* The source without a password that its URL may have; the caller frees. */
char *source_shown(const char *source);

#endif
