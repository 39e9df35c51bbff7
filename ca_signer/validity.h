/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -V strings. */
#ifndef CS_VALIDITY_H
#define CS_VALIDITY_H

#include <stdint.h>

/*
 * ssh-keygen(1) -V: "+DURATION", or "FROM:TO", each +DURATION, -DURATION,
 * YYYYMMDD[HHMM[SS]] with Z or UTC for UTC and without for local time, or 0x
 * and hexadecimal seconds; FROM also "always", TO also "forever". 0, or
 * -EINVAL: malformed, or the end not after the start.
 */
int validity_parse(const char *text, uint64_t now_s, uint64_t *ret_after,
    uint64_t *ret_before);

/* --ttl: a duration with a unit, since a bare "8" is rarely eight seconds. 0
 * or -EINVAL. */
int validity_parse_ttl(const char *text, uint64_t *ret_seconds);

#define VALIDITY_BACKDATE_S 60
/* A clock before 2020 is not set: nothing is issued by it. */
#define VALIDITY_CLOCK_MIN_S UINT64_C(1577836800)

#endif
