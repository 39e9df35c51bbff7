/* SPDX-License-Identifier: ISC */
/* The rules that a verb works with. */
#ifndef CS_RULESET_H
#define CS_RULESET_H

#include "correlate.h"
#include "engine.h"
#include "placeholders.h"
#include "strv.h"

struct ruleset {
	struct strv paths; /* none: those that are installed */
	const char *logsources; /* NULL: the installed one */
	struct placeholders placeholders;
	struct sigma_rule **waiting; /* for them: until all has been read */
	size_t n_waiting;
	struct engine *engine;
	struct correlate *correlate;
	/* Of a rule that cannot be used, beside stderr; NULL: nobody asks. */
	void (*failed)(void *context, const char *path,
	    const struct conf_error *e);
	void *context;
	size_t bad; /* what could not be read has been told on stderr */
};

/* Reads and compiles. 0, or a negative errno after telling why. */
int ruleset_load(struct ruleset *r);
void ruleset_clear(struct ruleset *r);

#endif
