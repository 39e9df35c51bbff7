/* SPDX-License-Identifier: ISC */
/* One audit event as one JSON line (docs/FORMATS.md, docs/events.schema.json).
 */
#ifndef CS_EVENT_H
#define CS_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "settings.h"
#include "strv.h"
#include "uuid.h"

#define EVENT_LINE_MAX	 7600 /* rsyslog cuts at about 8,080 in silence */
#define EVENT_FIELDS_MAX 64
#define EVENT_VERSION	 1

/* Whose event it is. Strings are borrowed; NULL is absent. */
struct event_context {
	const struct settings *host;
	const char *emitter;
	const char *user;
	const char *login;
	const char *connection_id;
	const char *sid;
	const uint32_t *audit_session_id;
	uint64_t *number; /* ei: counted up by each event_init */
};

enum event_type {
	EVENT_STRING,
	EVENT_PATH,
	EVENT_UINT,
	EVENT_BOOL,
	EVENT_LIST,
	EVENT_LABELS,
	EVENT_JSON,
	EVENT_OBJECT,
	EVENT_OBJECT_END
};

struct event_field {
	const char *key;
	enum event_type type;
	union {
		struct {
			const char *p;
			size_t len;
		} string;
		uint64_t uint;
		bool boolean;
		const struct strv *list;
		const struct labels *labels;
	} value;
};

struct event {
	struct event_field fields[EVENT_FIELDS_MAX];
	size_t n;
	char time[CLOCK_TEXT_MAX];
	struct uuid uid;
};

/* Starts an event with the common fields. What is added afterwards stands in
 * that order; all pointers are borrowed until event_render. */
void event_init(struct event *ev, const struct event_context *ctx,
    const char *name, const char *code);
void event_string(struct event *ev, const char *key, const char *value);
void event_bytes(struct event *ev, const char *key, const void *p, size_t len);
/* A path: where it does not fit its middle is left out, since its end says
 * most. */
void event_path(struct event *ev, const char *key, const void *p, size_t len);
void event_uint(struct event *ev, const char *key, uint64_t value);
void event_bool(struct event *ev, const char *key, bool value);
void event_list(struct event *ev, const char *key, const struct strv *list);
/* A value that is JSON text already, as json_dumps makes it with
 * JSON_ENSURE_ASCII; whole or, where it does not fit, {}. */
void event_json(struct event *ev, const char *key, const char *text);
/* Fields until the matching end are members of an object. */
void event_object(struct event *ev, const char *key);
void event_object_end(struct event *ev);

/*
 * Writes the line, without a newline, NUL-terminated; returns its length. Bytes
 * that are not UTF-8 become U+FFFD; control, bidi and invisible characters are
 * \u escapes. If it would be longer than EVENT_LINE_MAX, the longest values are
 * cut until it is not, and "truncated" names them.
 */
size_t event_render(const struct event *ev, char line[EVENT_LINE_MAX + 1]);
/* The same for a line of at most max bytes; line has room for max + 1. */
size_t event_render_within(const struct event *ev, char *line, size_t max);

#endif
