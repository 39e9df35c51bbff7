/* SPDX-License-Identifier: ISC */
/* What happens to the policy of this host, as events and for people. */
#ifndef CS_REPORT_H
#define CS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"
#include "settings.h"

/* "PROGRAM: ..." to stderr; returns the exit status, 1. */
int report_failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* policy.update, and lock.created and lock.deleted for what differs. old may be
 * NULL. */
void report_update(const struct settings *s, const struct policy *old,
    const struct policy *new);
/* lock.created or lock.deleted for one lock. */
void report_lock(const struct settings *s, const struct lock *l,
    bool is_created);
/* policy.update, code CS030E: version 0 is not said. */
void report_error(const struct settings *s, uint64_t version,
    const char *error);
/* The same, code CS030I: an error that was reported has passed. */
void report_recovered(const struct settings *s, uint64_t version);
/* node.setup: `put`, `confirmed`, `undone`, `removed`. */
void report_setup(const struct settings *s, const char *step, const char *code);

#endif
