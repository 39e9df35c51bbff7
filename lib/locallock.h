/* SPDX-License-Identifier: ISC */
/* This host's own locks: files of locks.d, which count from the next login on
 * and end what is open. They only deny. */
#ifndef CS_LOCALLOCK_H
#define CS_LOCALLOCK_H

#include <jansson.h>

#include "eventsink.h"
#include "lock.h"
#include "settings.h"

/* As it is to be written; all borrowed. */
struct locallock {
	const char *name;
	json_t *target;
	uint64_t expires_s; /* 0: never */
	const char *reason, *updated_by; /* may be NULL */
};

/* "LOCKS/NAME.json"; NULL: no lock can have this name. The caller frees. */
char *locallock_path(const struct settings *s, const char *name);
/* As JSON text, which the caller frees. */
char *locallock_text(const struct locallock *l);
/* Checks and writes it. 0 with it added to *ret, which the caller clears;
 * -EEXIST: there is one of that name; -EINVAL: no host would understand it, with
 * the reason; -errno. */
int locallock_make(const struct settings *s, const struct locallock *l,
    struct locks *ret, struct conf_error *reterr);
/* lock.created or lock.deleted, of any lock. */
void lock_tell(struct eventsink *sink, const struct event_context *ctx,
    const struct lock *l, bool is_created);

#endif
