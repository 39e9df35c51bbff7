/* SPDX-License-Identifier: ISC */
/* session.start and session.end, joined by sid. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "eventlog.h"
#include "sessionlist.h"

static int
add(struct sessionlist *l, const json_t *event)
{
	size_t room = l->room != 0 ? 2 * l->room : 256;
	struct audit_session *more;

	if (l->n == l->room) {
		more = reallocarray(l->v, room, sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		l->v = more;
		l->room = room;
	}
	l->v[l->n++] = (struct audit_session){ .start = json_incref((
						   json_t *)(uintptr_t)event) };
	return 0;
}

/* From the end: a session mostly ends soon after it began. */
static void
end(struct sessionlist *l, const json_t *event)
{
	const char *sid = eventlog_text(event, "sid");
	size_t i;

	for (i = l->n; i-- > 0;)
		if (l->v[i].end == NULL &&
		    strcmp(eventlog_text(l->v[i].start, "sid"), sid) == 0) {
			l->v[i].end = json_incref((json_t *)(uintptr_t)event);
			return;
		}
}

static int
take(const json_t *event, void *context)
{
	const char *name = eventlog_text(event, "event");

	if (strcmp(name, "session.start") == 0)
		return add(context, event);
	if (strcmp(name, "session.end") == 0)
		end(context, event);
	return 0;
}

int
sessionlist_read(const char *events, struct sessionlist *ret)
{
	size_t bad;
	int r = eventlog_read(events, take, ret, &bad);

	if (r < 0)
		audit_complain("cannot read '%s': %s", events, strerror(-r));
	else if (bad > 0)
		audit_complain("%zu lines of '%s' are no events", bad, events);
	return r;
}

void
sessionlist_clear(struct sessionlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		json_decref(l->v[i].start);
		json_decref(l->v[i].end);
	}
	free(l->v);
	*l = (struct sessionlist){ 0 };
}

const struct audit_session *
sessionlist_find(const struct sessionlist *l, const char *sid, size_t *ret_n)
{
	const struct audit_session *found = NULL;
	size_t i;

	*ret_n = 0;
	for (i = 0; i < l->n; i++)
		if (strncmp(eventlog_text(l->v[i].start, "sid"), sid,
			strlen(sid)) == 0) {
			found = &l->v[i];
			(*ret_n)++;
		}
	return *ret_n == 1 ? found : NULL;
}

/* A session that has not ended has its file in the folder of its day. */
static void
name_file(const struct audit_session *s, const char *dir, char *buf,
    size_t size)
{
	const json_t *recording =
	    s->end != NULL ? json_object_get(s->end, "recording") : NULL;
	const char *day = eventlog_text(s->start, "time");
	int n;

	if (recording != NULL)
		n = snprintf(buf, size, "%s", eventlog_text(recording, "path"));
	else
		n = snprintf(buf, size, "%s/%.4s/%.2s/%.2s/%s.cast", dir, day,
		    strlen(day) >= 10 ? day + 5 : "",
		    strlen(day) >= 10 ? day + 8 : "",
		    eventlog_text(s->start, "sid"));
	if (n < 0 || (size_t)n + 5 > size)
		buf[0] = '\0';
}

int
sessionlist_recording(const struct audit_session *s, const char *dir, char *buf,
    size_t size)
{
	size_t n;

	if (strcmp(eventlog_text(s->start, "session_recording"), "off") == 0)
		return -ENODATA;
	name_file(s, dir, buf, size);
	if (access(buf, F_OK) == 0)
		return 0;
	n = strlen(buf);
	snprintf(buf + n, size - n, ".zst");
	return access(buf, F_OK) == 0 ? 0 : -ENOENT;
}
