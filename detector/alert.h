/* SPDX-License-Identifier: ISC */
/* An alert as a JSON line (docs/FORMATS.md). */
#ifndef CS_ALERT_H
#define CS_ALERT_H

#include "dedup.h"
#include "engine.h"

/* What an alert tells of its event: asked for beside the rules' own fields. 0
 * or -ENOMEM. */
int alert_fields(struct engine *e, const struct sigma_rule *rule);
/* Of rule and key in a window; the same whoever makes it. */
void alert_uid(const struct sigma_rule *rule, uint64_t key,
    const struct dedup_window *w, struct uuid *ret);
/* A number for the values of the rule's dedup fields. */
uint64_t alert_key(const struct engine *e, const struct sigma_rule *rule,
    const struct record *r);
/* The line, which the caller frees; NULL: out of memory. line is the event's. */
char *alert_render(const struct engine *e, const struct sigma_rule *rule,
    const struct dedup_window *w, const struct record *r, uint64_t time_us,
    uint64_t count, const char *line, size_t len);
/* How many there were in the end. */
char *alert_render_count(const struct sigma_rule *rule,
    const struct dedup_window *w);

#endif
