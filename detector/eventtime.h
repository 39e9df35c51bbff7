/* SPDX-License-Identifier: ISC */
/* The time that an event says. */
#ifndef CS_EVENTTIME_H
#define CS_EVENTTIME_H

#include <stddef.h>
#include <stdint.h>

/*
 * RFC 3339 ("2026-11-26T00:35:05.88+01:00"), or RFC 3164's, which has neither
 * year nor zone: UTC, in the year that is nearest to `near`. Microseconds since
 * the epoch; 0 or -EINVAL.
 */
int eventtime_parse(const char *p, size_t len, uint64_t near_us,
    uint64_t *ret_us);

#endif
