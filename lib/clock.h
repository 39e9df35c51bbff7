/* SPDX-License-Identifier: ISC */
/* Wall-clock time as microseconds since the epoch, and RFC 3339. */
#ifndef CS_CLOCK_H
#define CS_CLOCK_H

#include <stdint.h>

#define USEC_PER_SEC   UINT64_C(1000000)
#define CLOCK_TEXT_MAX 40

uint64_t clock_now_usec(void);
/* Since boot, which nobody can set; the time asleep counts. */
uint64_t clock_boot_usec(void);
uint64_t clock_boot_ms(void);
/* "2026-11-23T14:53:00.000001Z" in buf, or without the fraction. A time past
 * the year 9999 reads "forever". Returns buf. */
char *clock_rfc3339_usec(uint64_t usec, char buf[CLOCK_TEXT_MAX]);
char *clock_rfc3339(uint64_t seconds, char buf[CLOCK_TEXT_MAX]);
/* YYYY-MM-DDTHH:MM:SS[.fraction]Z or +HH:MM (RFC 3339 5.6). Seconds; 0 or
 * -EINVAL. */
int clock_parse_rfc3339(const char *s, uint64_t *ret_seconds);

#endif
