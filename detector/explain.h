/* SPDX-License-Identifier: ISC */
/* Why a rule holds for an event, or does not. */
#ifndef CS_EXPLAIN_H
#define CS_EXPLAIN_H

#include <stdio.h>

#include "engine.h"

/* After engine_read: writes each search and each of its fields, whether it
 * holds, and what the field is. Returns whether the rule holds. */
bool explain_write(struct engine *e, size_t rule, FILE *out,
    const char *indent);

#endif
