/* SPDX-License-Identifier: ISC */
/* Have there been so many events within a time? The answer is the same whatever
 * order they come in. */
#ifndef CS_TIMECOUNT_H
#define CS_TIMECOUNT_H

#include "keytable.h"

#define TIMECOUNT_EXACT 16 /* up to so many, each event's time is kept */
#define TIMECOUNT_SLOTS 16

/*
 * Counts an event. Each time at which `count` events lie within span_ms, this
 * one among them, goes to fire. Above TIMECOUNT_EXACT the span is that of
 * sixteen parts of span / 15: up to a fifteenth longer.
 */
void timecount_add(struct keyentry *e, uint64_t time_ms, uint64_t span_ms,
    uint64_t count, void (*fire)(void *context, uint64_t time_ms, uint64_t n),
    void *context);

#endif
