/* SPDX-License-Identifier: ISC */
/* The sessions that events tell of. */
#ifndef CS_SESSIONLIST_H
#define CS_SESSIONLIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct audit_session {
	json_t *start; /* session.start */
	json_t *end; /* session.end, or NULL: it is open, or nobody knows */
};

struct sessionlist {
	struct audit_session *v;
	size_t n, room;
};

/* In the order of their start. 0 or -errno; complains about what it cannot
 * read. The caller clears, in any case. */
int sessionlist_read(const char *events, struct sessionlist *ret);
void sessionlist_clear(struct sessionlist *l);
/* The one whose sid begins with this, if it is only one. NULL, and *ret_n says
 * how many there are. */
const struct audit_session *sessionlist_find(const struct sessionlist *l,
    const char *sid, size_t *ret_n);
/* Where its recording is, of either form, in buf. 0; -ENODATA: it has none;
 * -ENOENT: it is gone. */
int sessionlist_recording(const struct audit_session *s, const char *dir,
    char *buf, size_t size);

#endif
