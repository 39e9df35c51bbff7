/* SPDX-License-Identifier: ISC */
/* Which different values have there been within a time? */
#ifndef CS_VALUECOUNT_H
#define CS_VALUECOUNT_H

#include "keytable.h"

/* A value's times that lie within the span are kept as their first and last:
 * any span that has one between them has one of the two. */
#define VALUECOUNT_WORDS 3 /* value, first, last */

/* How many slots so many values take. */
size_t valuecount_slots(uint64_t count);
/* Each time at which `count` different values lie within span_ms, this one
 * among them, goes to fire. The order of the events does not matter. */
void valuecount_add(struct keyentry *e, size_t slots, uint32_t value,
    uint64_t time_ms, uint64_t span_ms, uint64_t count,
    void (*fire)(void *context, uint64_t time_ms, uint64_t n), void *context);
/* The same of the values 0, 1, ... count - 1 in this order. */
void valuecount_add_ordered(struct keyentry *e, size_t slots, uint32_t value,
    uint64_t time_ms, uint64_t span_ms, uint64_t count,
    void (*fire)(void *context, uint64_t time_ms, uint64_t n), void *context);

#endif
