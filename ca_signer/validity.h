/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -V strings. */
#ifndef CS_VALIDITY_H
#define CS_VALIDITY_H

#include <stdint.h>

/*
 * "[FROM:]TO": each +DURATION, -DURATION, or YYYYMMDD[HHMM[SS]][Z] (local time
 * without the Z), as ssh-keygen(1) -V. Without FROM the start is one minute
 * ago. 0, or -EINVAL: malformed, the end not after the start, or no end.
 */
int validity_parse(const char *text, uint64_t now_s, uint64_t *ret_after,
    uint64_t *ret_before);

/* --ttl: a duration with a unit, since a bare "8" is rarely eight seconds. 0
 * or -EINVAL. */
int validity_parse_ttl(const char *text, uint64_t *ret_seconds);

#define VALIDITY_BACKDATE_S    60
#define VALIDITY_DEFAULT_TTL_S (8 * 3600)

#endif
