/* SPDX-License-Identifier: ISC */
/* Correlations over what the rules find. */
#ifndef CS_CORRELATE_H
#define CS_CORRELATE_H

#include "engine.h"
#include "recent.h"
#include "savefile.h"

struct correlate;

/* A correlation that holds. */
struct correlated {
	size_t rule; /* the correlation's number */
	uint64_t key; /* of its group's values */
	uint64_t time_us;
	uint64_t count;
	/* Of absence: the event that nothing came after, which is not the one
	 * at hand. NULL otherwise. */
	const char *line;
	size_t len;
	/* Those that were counted, as far as they are known; none: the one at
	 * hand. */
	const struct uuid *const *uids;
	size_t n_uids;
};

struct correlate_out {
	void (*take)(void *context, const struct correlated *c);
	void *context;
};

/*
 * Of the engine's rules, before it is compiled: asks for the fields of their
 * groups. 0, -ENOMEM, or -EINVAL after telling, for each that cannot be made,
 * its path and why: a rule that does not exist, a circle.
 */
int correlate_new(struct engine *e,
    void (*tell)(void *context, const char *path, const struct conf_error *e),
    void *context, struct correlate **ret);
void correlate_free(struct correlate *c);
/* Forgets what has been counted. */
void correlate_reset(struct correlate *c);
void correlate_to(struct correlate *c, const struct correlate_out *out);
/* Does the rule only serve correlations? It raises no alert of its own then. */
bool correlate_is_part(const struct correlate *c, size_t rule);
/* A rule holds for the record, as this program. */
void correlate_feed(struct correlate *c, size_t rule, const struct program *p,
    const struct record *r, uint64_t time_us, const char *line, size_t len);
/* It is this late: what has been waited for in vain is told. Whether anything
 * was. */
bool correlate_advance(struct correlate *c, uint64_t now_us);
/* There is nothing more to come: the same for all. */
void correlate_end(struct correlate *c);
/* Of each correlation, by its rule's id or title. */
void correlate_save(const struct correlate *c, struct savefile *s);
/* What is of a correlation that is no more, or another than it was, is left
 * out. */
void correlate_load(struct correlate *c, struct savefile *s);
/* Keys that had to go before their time. */
uint64_t correlate_lost(const struct correlate *c);

#endif
