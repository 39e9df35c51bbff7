/* SPDX-License-Identifier: ISC */
/* What fetch remembers between two runs: ETags, failures, when to ask again.
 * Losing it costs one download. */
#ifndef CS_FETCHSTATE_H
#define CS_FETCHSTATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "release.h"

struct fetchstate {
	json_t *doc;
};

/* Never fails but for memory (-ENOMEM): a broken file is an empty one. */
int fetchstate_load(const char *dir, struct fetchstate *ret);
/* 0 or -errno. */
int fetchstate_save(const char *dir, const struct fetchstate *s);
void fetchstate_clear(struct fetchstate *s);

/* Is what lies in the spool this source's? Only then its ETags count. */
bool fetchstate_is_from(const struct fetchstate *s, const char *source);
/* NULL: none. Borrowed. */
const char *fetchstate_etag(const struct fetchstate *s, enum release_file file);
void fetchstate_set_etag(struct fetchstate *s, enum release_file file,
    const char *etag);

/* May a scheduled run ask this source already? */
bool fetchstate_is_due(const struct fetchstate *s, const char *source,
    uint64_t now_s);
/* It gave a good release: its ETags follow. */
void fetchstate_succeeded(struct fetchstate *s, const char *source);
/* The n-th failure in a row: not asked for about 2^n minutes, at most an hour,
 * give or take a quarter, so that a fleet does not come back all at once. */
void fetchstate_failed(struct fetchstate *s, const char *source,
    uint64_t now_s);

#endif
