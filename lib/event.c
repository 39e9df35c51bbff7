/* SPDX-License-Identifier: ISC */
/* One audit event as one bounded JSON line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "event.h"
#include "jsontext.h"

static struct event_field *
add(struct event *ev, const char *key, enum event_type type)
{
	/* A programming error; a last field that is overwritten shows in any
	 * test of the event. */
	if (ev->n == EVENT_FIELDS_MAX)
		ev->n--;
	ev->fields[ev->n] = (struct event_field){ .key = key, .type = type };
	return &ev->fields[ev->n++];
}

void
event_bytes(struct event *ev, const char *key, const void *p, size_t len)
{
	struct event_field *f;

	if (p == NULL)
		return;
	f = add(ev, key, EVENT_STRING);
	f->value.string.p = p;
	f->value.string.len = len;
}

void
event_path(struct event *ev, const char *key, const void *p, size_t len)
{
	struct event_field *f = add(ev, key, EVENT_PATH);

	f->value.string.p = p;
	f->value.string.len = len;
}

void
event_string(struct event *ev, const char *key, const char *value)
{
	if (value != NULL)
		event_bytes(ev, key, value, strlen(value));
}

void
event_uint(struct event *ev, const char *key, uint64_t value)
{
	add(ev, key, EVENT_UINT)->value.uint = value;
}

void
event_bool(struct event *ev, const char *key, bool value)
{
	add(ev, key, EVENT_BOOL)->value.boolean = value;
}

void
event_list(struct event *ev, const char *key, const struct strv *list)
{
	add(ev, key, EVENT_LIST)->value.list = list;
}

void
event_json(struct event *ev, const char *key, const char *text)
{
	struct event_field *f;

	if (text == NULL)
		return;
	f = add(ev, key, EVENT_JSON);
	f->value.string.p = text;
	f->value.string.len = strlen(text);
}

void
event_object(struct event *ev, const char *key)
{
	add(ev, key, EVENT_OBJECT);
}

void
event_object_end(struct event *ev)
{
	add(ev, NULL, EVENT_OBJECT_END);
}

void
event_init(struct event *ev, const struct event_context *ctx, const char *name,
    const char *code)
{
	ev->n = 0;
	clock_rfc3339_usec(clock_now_usec(), ev->time);
	if (uuid_random(&ev->uid) < 0)
		memset(&ev->uid, 0, sizeof(ev->uid));
	event_string(ev, "event", name);
	event_string(ev, "code", code);
	event_string(ev, "time", ev->time);
	event_string(ev, "uid", ev->uid.text);
	event_string(ev, "user", ctx->user);
	event_string(ev, "login", ctx->login);
	event_string(ev, "connection_id", ctx->connection_id);
	event_string(ev, "sid", ctx->sid);
	if (ctx->audit_session_id != NULL &&
	    *ctx->audit_session_id != UINT32_MAX)
		event_uint(ev, "audit_session_id", *ctx->audit_session_id);
	if (ctx->host != NULL) {
		event_string(ev, "server_hostname", ctx->host->server_hostname);
		event_string(ev, "server_id", ctx->host->server_id);
		add(ev, "server_labels", EVENT_LABELS)->value.labels =
		    &ctx->host->labels;
		event_string(ev, "cluster_name", ctx->host->cluster_name);
	}
	event_string(ev, "emitter", ctx->emitter);
	if (ctx->number != NULL)
		event_uint(ev, "ei", (*ctx->number)++);
	event_uint(ev, "v", EVENT_VERSION);
}

/* Where the line grows; what does not fit is only counted. */
struct out {
	char *p;
	size_t max; /* the longest line */
	size_t len; /* may be beyond max: then it did not fit */
	size_t cap; /* the most bytes that one value may take */
	bool is_cut; /* the value being written was cut */
};

static void
put(struct out *o, const char *s, size_t len)
{
	if (o->len + len <= o->max)
		memcpy(o->p + o->len, s, len);
	o->len += len;
}

static void
put_text(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

/* Up to *left bytes of JSON text, cut between characters. Returns how many bytes
 * of p that took. */
static size_t
put_chars(struct out *o, const uint8_t *p, size_t len, size_t *left)
{
	char text[JSONTEXT_CHAR_MAX + 1];
	size_t at = 0, n, used;

	while (at < len) {
		n = jsontext_plain(p + at, len - at < *left ? len - at : *left);
		put(o, (const char *)p + at, n);
		*left -= n;
		at += n;
		if (at == len)
			break;
		n = jsontext_char(p + at, len - at, text, &used);
		if (n > *left)
			break;
		put(o, text, n);
		*left -= n;
		at += used;
	}
	return at;
}

static void
put_string(struct out *o, const char *s, size_t len, size_t *left)
{
	put(o, "\"", 1);
	if (put_chars(o, (const uint8_t *)s, len, left) < len)
		o->is_cut = true;
	put(o, "\"", 1);
}

/* Where what is left of p is JSON text of at most `most` bytes. */
static size_t
find_tail(const uint8_t *p, size_t len, size_t most)
{
	size_t left = SIZE_MAX, at = 0, used;
	struct out measure = { .max = 0 };
	char text[JSONTEXT_CHAR_MAX + 1];

	(void)put_chars(&measure, p, len, &left);
	while (measure.len > most && at < len) {
		measure.len -= jsontext_char(p + at, len - at, text, &used);
		at += used;
	}
	return at;
}

static void
put_path(struct out *o, const char *s, size_t len)
{
	static const char gap[] = "...";
	const uint8_t *p = (const uint8_t *)s;
	size_t left = o->cap / 4, tail;

	if (o->cap < 16 || find_tail(p, len, o->cap) == 0) {
		left = o->cap;
		put_string(o, s, len, &left);
		return;
	}
	o->is_cut = true;
	put(o, "\"", 1);
	(void)put_chars(o, p, len, &left);
	put_text(o, gap);
	tail = find_tail(p, len, o->cap - o->cap / 4 - strlen(gap));
	left = o->cap;
	(void)put_chars(o, p + tail, len - tail, &left);
	put(o, "\"", 1);
}

static void
put_list(struct out *o, const struct strv *list)
{
	size_t i, left = o->cap;

	put(o, "[", 1);
	for (i = 0; i < list->n; i++) {
		/* An element costs its quotes and comma, too. */
		if (left < 3) {
			o->is_cut = true;
			break;
		}
		left -= 3;
		if (i > 0)
			put(o, ",", 1);
		put_string(o, list->v[i], strlen(list->v[i]), &left);
	}
	put(o, "]", 1);
}

static void
put_labels(struct out *o, const struct labels *l)
{
	size_t i, left = o->cap;

	put(o, "{", 1);
	for (i = 0; i < l->n; i++) {
		if (left < 6) {
			o->is_cut = true;
			break;
		}
		left -= 6;
		if (i > 0)
			put(o, ",", 1);
		put_string(o, l->v[i].key, strlen(l->v[i].key), &left);
		put(o, ":", 1);
		put_string(o, l->v[i].value, strlen(l->v[i].value), &left);
	}
	put(o, "}", 1);
}

static void
put_json(struct out *o, const char *text, size_t len)
{
	if (len > o->cap) {
		put_text(o, "{}");
		o->is_cut = true;
		return;
	}
	put(o, text, len);
}

static void
put_number(struct out *o, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	put_text(o, text);
}

static void
put_value(struct out *o, const struct event_field *f)
{
	size_t left = o->cap;

	switch (f->type) {
	case EVENT_STRING:
		put_string(o, f->value.string.p, f->value.string.len, &left);
		break;
	case EVENT_PATH:
		put_path(o, f->value.string.p, f->value.string.len);
		break;
	case EVENT_UINT:
		put_number(o, f->value.uint);
		break;
	case EVENT_BOOL:
		put_text(o, f->value.boolean ? "true" : "false");
		break;
	case EVENT_LIST:
		put_list(o, f->value.list);
		break;
	case EVENT_LABELS:
		put_labels(o, f->value.labels);
		break;
	case EVENT_JSON:
		put_json(o, f->value.string.p, f->value.string.len);
		break;
	case EVENT_OBJECT:
		put(o, "{", 1);
		break;
	case EVENT_OBJECT_END:
		put(o, "}", 1);
		break;
	}
}

/* The whole line with values of at most `cap` bytes; returns its length. */
static size_t
render(const struct event *ev, size_t cap, char *line, size_t max)
{
	struct out o = { .p = line, .max = max, .cap = cap };
	const char *cut[EVENT_FIELDS_MAX];
	size_t i, n_cut = 0;
	bool is_first = true;

	put(&o, "{", 1);
	for (i = 0; i < ev->n; i++) {
		const struct event_field *f = &ev->fields[i];

		if (f->key != NULL) {
			put_text(&o, is_first ? "\"" : ",\"");
			put_text(&o, f->key);
			put_text(&o, "\":");
		}
		o.is_cut = false;
		put_value(&o, f);
		is_first = f->type == EVENT_OBJECT;
		if (o.is_cut && f->key != NULL)
			cut[n_cut++] = f->key;
	}
	for (i = 0; i < n_cut; i++) {
		put_text(&o, i == 0 ? ",\"truncated\":[\"" : ",\"");
		put_text(&o, cut[i]);
		put(&o, "\"", 1);
	}
	put_text(&o, n_cut > 0 ? "]}" : "}");
	return o.len;
}

size_t
event_render_within(const struct event *ev, char *line, size_t max)
{
	size_t cap = max, len;

	while ((len = render(ev, cap, line, max)) > max && cap > 1)
		cap = cap * 3 / 4;
	/* Even 64 keys with empty values fit: this cannot be longer. */
	if (len > max)
		len = 0;
	line[len] = '\0';
	return len;
}

size_t
event_render(const struct event *ev, char line[EVENT_LINE_MAX + 1])
{
	return event_render_within(ev, line, EVENT_LINE_MAX);
}
