/* SPDX-License-Identifier: ISC */
/* session.start and session.end, joined by sid. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "clock.h"
#include "sessionlist.h"

static bool
is_wanted(const struct sessionlist_filter *f, const json_t *start)
{
	uint64_t began;

	if (f == NULL)
		return true;
	if (f->sid != NULL &&
	    strncmp(eventlog_text(start, "sid"), f->sid, strlen(f->sid)) != 0)
		return false;
	if (f->since_s != 0 &&
	    (clock_parse_rfc3339(eventlog_text(start, "time"), &began) < 0 ||
		began < f->since_s))
		return false;
	return f->is_wanted == NULL || f->is_wanted(start, f->context);
}

/* The open one of this sid, plus 1; 0: none. */
static size_t
open_place(const struct sessionlist *l, const char *sid)
{
	return (size_t)json_integer_value(json_object_get(l->open, sid));
}

static int
set_open_place(struct sessionlist *l, const char *sid, size_t place)
{
	if (place == 0)
		return json_object_del(l->open, sid);
	return json_object_set_new(l->open, sid,
	    json_integer((json_int_t)place));
}

static int
add(struct sessionlist *l, const struct eventlog_line *line)
{
	const char *sid = eventlog_text(line->event, "sid");
	size_t room = l->room != 0 ? 2 * l->room : 256;
	struct sessionlist_lines *more;

	if (!is_wanted(l->filter, line->event))
		return 0;
	if (l->open == NULL && (l->open = json_object()) == NULL)
		return -ENOMEM;
	if (l->n == l->room) {
		more = reallocarray(l->v, room, sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		l->v = more;
		l->room = room;
	}
	l->v[l->n] = (struct sessionlist_lines){ strndup(line->text, line->len),
		NULL, open_place(l, sid) };
	if (l->v[l->n].start == NULL)
		return -ENOMEM;
	l->n++;
	return set_open_place(l, sid, l->n) < 0 ? -ENOMEM : 0;
}

static int
end(struct sessionlist *l, const struct eventlog_line *line)
{
	const char *sid = eventlog_text(line->event, "sid");
	size_t place = open_place(l, sid);
	struct sessionlist_lines *s;

	if (place == 0)
		return 0;
	s = &l->v[place - 1];
	(void)set_open_place(l, sid, s->before);
	s->end = strndup(line->text, line->len);
	return s->end != NULL ? 0 : -ENOMEM;
}

int
sessionlist_take(const struct eventlog_line *line, void *list)
{
	const char *name = eventlog_text(line->event, "event");

	if (strcmp(name, "session.start") == 0)
		return add(list, line);
	if (strcmp(name, "session.end") == 0)
		return end(list, line);
	return 0;
}

int
sessionlist_read(const char *events, const struct sessionlist_filter *filter,
    struct sessionlist *ret)
{
	static const char *const words[] = { "session.start", "session.end",
		NULL };
	struct eventlog_query q = { .path = events, .words = words };
	struct eventlog_report report;
	int r;

	ret->filter = filter;
	if (filter != NULL) {
		q.text = filter->sid;
		q.since_s = filter->since_s;
	}
	r = eventlog_read(&q, sessionlist_take, ret, &report);
	if (r < 0)
		audit_complain("%s", report.error);
	else if (report.bad > 0)
		audit_complain("%zu lines of '%s' are no events", report.bad,
		    events);
	return r;
}

void
sessionlist_clear(struct sessionlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].start);
		free(l->v[i].end);
	}
	free(l->v);
	json_decref(l->open);
	*l = (struct sessionlist){ 0 };
}

struct audit_session
sessionlist_get(const struct sessionlist *l, size_t i)
{
	const struct sessionlist_lines *lines = &l->v[i];

	return (struct audit_session){ json_loads(lines->start, 0, NULL),
		lines->end != NULL ? json_loads(lines->end, 0, NULL) : NULL };
}

void
audit_session_clear(struct audit_session *s)
{
	json_decref(s->start);
	json_decref(s->end);
	*s = (struct audit_session){ 0 };
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
