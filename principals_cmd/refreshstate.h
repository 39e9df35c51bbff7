/* SPDX-License-Identifier: ISC */
/* How the last refreshes went: so that what repeats is said once, and so that
 * `check` can say how old the policy is. */
#ifndef CS_REFRESHSTATE_H
#define CS_REFRESHSTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

struct refreshstate {
	uint64_t tried_s; /* 0: never */
	uint64_t succeeded_s;
	char *error; /* of the last try; NULL: it went well */
	uint64_t since_s; /* since when it is this error */
	bool stale_is_said; /* that the policy has expired */
};

/* What cannot be read is as if there had been none. 0 or -ENOMEM. */
int refreshstate_load(const struct settings *s, struct refreshstate *ret);
int refreshstate_save(const struct settings *s, const struct refreshstate *st);
void refreshstate_clear(struct refreshstate *st);

/* Notes how it went (error NULL: well). True if that is news. 0 or -ENOMEM goes
 * to *ret_error. */
bool refreshstate_note(struct refreshstate *st, const char *error,
    uint64_t now_s);

#endif
