/* SPDX-License-Identifier: ISC */
/* An alert as a JSON line (docs/FORMATS.md). */
#ifndef CS_ALERT_H
#define CS_ALERT_H

#include "dedup.h"
#include "engine.h"

#define ALERT_FLOOD_US (UINT64_C(3600) * 1000000)

/* What an alert tells of its event: asked for beside the rules' own fields. 0
 * or -ENOMEM. */
int alert_fields(struct engine *e, const struct sigma_rule *rule);
/* Of rule, key and level in a window; the same whoever makes it. */
void alert_uid(const struct sigma_rule *rule, uint64_t key,
    enum sigma_level level, const struct dedup_window *w, struct uuid *ret);
/* A number for the values of the rule's dedup fields. */
uint64_t alert_key(const struct engine *e, const struct sigma_rule *rule,
    const struct record *r);
/* A number for where it comes from, as far as that is known for sure: of a session the
 * host and the user, of others the host and the address. */
uint64_t alert_source(const struct engine *e, const struct record *r);
/* The event's host as JSON, for what is told later without the event. The caller
 * frees; NULL: there is none. */
char *alert_where(const struct engine *e, const struct record *r,
    const char *line, size_t len);
/* What an alert is made of. */
struct alert_event {
	const struct record *record;
	const char *line; /* the event's */
	size_t len;
	uint64_t time_us;
	uint64_t count; /* of a correlation; else 1 */
	const struct uuid *const *uids; /* of what was counted; none: its own */
	size_t n_uids;
};
/* The line, which the caller frees; NULL: out of memory. */
char *alert_render(const struct engine *e, const struct sigma_rule *rule,
    const struct dedup_window *w, const struct alert_event *event);
/* There were so many, in the end or until a more severe one. */
char *alert_render_count(const struct sigma_rule *rule,
    const struct dedup_window *w, uint64_t count);
/* A rule cannot be used: nobody is to believe that it watches. */
char *alert_render_failed(const char *path, const struct conf_error *why);
/* A source makes more alerts than are told. */
char *alert_render_flood(const struct engine *e, const struct sigma_rule *rule,
    const struct dedup_window *w, const struct record *r, uint64_t time_us);

#endif
