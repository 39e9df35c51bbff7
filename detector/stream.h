/* SPDX-License-Identifier: ISC */
/* Lines of input, one after the other; alerts come out. The same lines make the
 * same alerts, whenever they are read. */
#ifndef CS_STREAM_H
#define CS_STREAM_H

#include "correlate.h"
#include "engine.h"

struct stream_stats {
	uint64_t lines, bytes;
	uint64_t unreadable; /* neither JSON nor syslog */
	uint64_t timeless; /* without a time that can be read */
	uint64_t future; /* far ahead of those around it */
	uint64_t alerts, suppressed;
	uint64_t flooded; /* alerts that were not told */
	uint64_t lost; /* keys and windows that had to go for others */
};

/* What is told; all of it stands until take returns. */
struct stream_told {
	const char *line;
	size_t len;
	const struct sigma_rule *rule;
	bool is_alert; /* not how many there were, nor a flood */
	bool is_muted; /* of a flood: only for who acts on it */
};

struct stream_out {
	void (*take)(void *context, const struct stream_told *told);
	/* Instead, if it is not NULL: a rule that holds. */
	void (*hold)(void *context, size_t rule, uint64_t time_us,
	    const char *line, size_t len);
	void *context;
};

struct stream;

/* Borrows the engine, which has been compiled, and what correlates its rules.
 * NULL: out of memory. */
struct stream *stream_new(struct engine *e, struct correlate *c,
    const struct stream_out *out);
void stream_free(struct stream *s);
void stream_line(struct stream *s, const char *line, size_t len);
/* All that it knows, over a restart. 0 or -errno; loading what another version has
 * written is -EBADMSG, and it knows nothing then. */
int stream_save(struct stream *s, FILE *f);
int stream_load(struct stream *s, FILE *f);
/* There is no more: what has been held back is told. */
void stream_end(struct stream *s);
const struct stream_stats *stream_stats(struct stream *s);

#endif
