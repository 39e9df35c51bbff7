/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert.h"
#include "ascii.h"
#include "auto.h"
#include "clock.h"
#include "jsontext.h"
#include "textbuf.h"

#define LINE_MAX_BYTES 4096 /* of the event, in the alert */
#define TEXT_MAX_BYTES 1024

/* What of an event stands in its alert as it is. */
static const char *const copied[] = { "user", "login", "connection_id", "sid",
	"server_hostname", "server_id", "addr.remote", "path", "cwd", "pid",
	"dst_addr", "dst_port", "serial", "reason", "error" };

/* What is looked for elsewhere: addresses, names, people, keys, sessions. */
static const struct {
	const char *name;
	const char *fields[5];
} indicators[] = {
	{ "any_ip_addresses", { "@remote_ip", "dst_addr", "src_addr" } },
	{ "any_domain_names", { "server_hostname" } },
	{ "any_usernames", { "user", "login" } },
	{ "any_hashes", { "blake2b" } },
	{ "any_fingerprints", { "fingerprint", "ca_fingerprint" } },
	{ "any_session_ids", { "sid", "connection_id" } },
};

static int
ask(struct engine *e, const char *name)
{
	int r = engine_field(e, name);

	return r == -EINVAL || r >= 0 ? 0 : r;
}

/* The names in {braces}. */
static int
ask_template(struct engine *e, const char *text)
{
	const char *p = text, *end;
	int r = 0;

	while (r == 0 && (p = strchr(p, '{')) != NULL &&
	    (end = strchr(p, '}')) != NULL) {
		AUTO(free) char *name = strndup(p + 1, (size_t)(end - p) - 1);

		if (name == NULL)
			return -ENOMEM;
		r = ask(e, name);
		p = end;
	}
	return r;
}

int
alert_fields(struct engine *e, const struct sigma_rule *rule)
{
	const struct sigma_alerting *a = &rule->alerting;
	size_t i, k;
	int r = ask(e, "uid");

	for (i = 0; r == 0 && i < ARRAY_SIZE(copied); i++)
		r = ask(e, copied[i]);
	for (i = 0; r == 0 && i < ARRAY_SIZE(indicators); i++)
		for (k = 0; r == 0 && indicators[i].fields[k] != NULL; k++)
			r = ask(e, indicators[i].fields[k]);
	for (i = 0; r == 0 && i < a->dedup.n; i++)
		r = ask(e, a->dedup.v[i]);
	for (i = 0; r == 0 && i < a->runbook.n; i++)
		r = ask_template(e, a->runbook.v[i]);
	if (r == 0 && a->title != NULL)
		r = ask_template(e, a->title);
	return r;
}

static const struct value *
get(const struct engine *e, const struct record *r, const char *name)
{
	return record_get(r, engine_find_field(e, name));
}

uint64_t
alert_key(const struct engine *e, const struct sigma_rule *rule,
    const struct record *r)
{
	uint64_t h = FNV_BEGIN;
	const struct value *v;
	size_t i;

	/* Numbers that are no bytes stand between values and fields. */
	for (i = 0; i < rule->alerting.dedup.n; i++) {
		for (v = get(e, r, rule->alerting.dedup.v[i]); v != NULL;
		     v = v->next)
			h = fnv_number(fnv_bytes(h, v->p, v->len), 0x100);
		h = fnv_number(h, 0x101);
	}
	return h ^ (h >> 32);
}

static uint64_t
add_value(uint64_t h, const struct value *v)
{
	return v == NULL ? h : fnv_number(fnv_bytes(h, v->p, v->len), 0x100);
}

/* What anybody can claim is no source: who has logged in is one. */
uint64_t
alert_source(const struct engine *e, const struct record *r)
{
	uint64_t h = add_value(FNV_BEGIN, get(e, r, "server_hostname"));

	h = add_value(h,
	    get(e, r, get(e, r, "sid") != NULL ? "user" : "@remote_ip"));
	return h ^ (h >> 31);
}

void
alert_uid(const struct sigma_rule *rule, uint64_t key, enum sigma_level level,
    const struct dedup_window *w, struct uuid *ret)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s|%016llx|%llu%s%s",
	    sigma_rule_name(rule), (unsigned long long)key,
	    (unsigned long long)w->end_us, level != rule->level ? "|" : "",
	    level != rule->level ? sigma_level_name(level) : "");

	uuid_of_bytes(text,
	    (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1, ret);
}

/* ---- texts with {field} ----------------------------------------------------- */

static bool
is_plain_word(const struct value *v)
{
	size_t i;

	for (i = 0; i < v->len; i++)
		if (strchr(
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"0123456789@%+=:,./_-",
			v->p[i]) == NULL ||
		    v->p[i] == '\0')
			return false;
	return v->len > 0 && v->p[0] != '-';
}

/* As a word of a shell, whatever is in it: people copy these. */
static void
put_quoted(struct textbuf *t, const struct value *v)
{
	size_t i, n = v->len < TEXT_MAX_BYTES ? v->len : TEXT_MAX_BYTES;

	if (is_plain_word(v)) {
		textbuf_put(t, v->p, n);
		return;
	}
	textbuf_put(t, "'", 1);
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)v->p[i];

		if (c == '\'')
			textbuf_put(t, "'\\''", 4);
		else
			textbuf_put(t, c < 0x20 || c == 0x7f ? "?" : &v->p[i],
			    1);
	}
	textbuf_put(t, "'", 1);
}

/* NULL: of a command, that the event does not say what it wants. */
static json_t *
fill(const struct engine *e, const char *text, const struct record *r,
    bool is_command)
{
	struct textbuf t = { 0 };
	const char *p = text, *end;
	json_t *j;

	while (*p != '\0') {
		size_t n = strcspn(p, "{");
		char name[FIELDTREE_NAME_MAX + 1];
		const struct value *v;

		textbuf_put(&t, p, n);
		p += n;
		if (*p == '\0')
			break;
		if ((end = strchr(p, '}')) == NULL ||
		    (size_t)(end - p) - 1 >= sizeof(name)) {
			textbuf_put(&t, p++, 1);
			continue;
		}
		memcpy(name, p + 1, (size_t)(end - p) - 1);
		name[end - p - 1] = '\0';
		v = get(e, r, name);
		if (v == NULL && is_command) {
			free(t.p);
			return NULL;
		}
		if (v == NULL)
			textbuf_put(&t, "-", 1);
		else if (is_command)
			put_quoted(&t, v);
		else
			textbuf_put(&t, v->p,
			    v->len < TEXT_MAX_BYTES ? v->len : TEXT_MAX_BYTES);
		p = end + 1;
	}
	j = t.is_bad ? NULL : jsontext_string(t.p != NULL ? t.p : "", t.n);
	free(t.p);
	return j;
}

/* ---- the line ---------------------------------------------------------------- */

static void
set(json_t *j, const char *key, json_t *value)
{
	(void)json_object_set_new(j, key, value);
}

static void
set_text(json_t *j, const char *key, const char *text)
{
	if (text != NULL)
		set(j, key, jsontext_string(text, strlen(text)));
}

static void
set_list(json_t *j, const char *key, const struct strv *list)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < list->n; i++)
		(void)json_array_append_new(a,
		    jsontext_string(list->v[i], strlen(list->v[i])));
	if (list->n > 0)
		set(j, key, a);
	else
		json_decref(a);
}

static json_t *
json_value(const struct value *v)
{
	size_t n = v->len < TEXT_MAX_BYTES ? v->len : TEXT_MAX_BYTES;
	char text[24];
	json_t *j;

	if (v->kind == VALUE_BOOLEAN)
		return json_boolean(v->p[0] == 't');
	if (v->kind == VALUE_NUMBER && v->len < sizeof(text)) {
		memcpy(text, v->p, v->len);
		text[v->len] = '\0';
		if ((j = json_loads(text, JSON_DECODE_ANY, NULL)) != NULL)
			return j;
	}
	return jsontext_string(v->p, n);
}

static void
set_time(json_t *j, const char *key, uint64_t us)
{
	char text[CLOCK_TEXT_MAX];

	set(j, key, json_string(clock_rfc3339_usec(us, text)));
}

/* "CS100I", W from medium on, E from high on. */
static void
set_head(json_t *j, const char *event, const char *code, enum sigma_level level,
    uint64_t time_us, const char *uid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%s%c", code,
	    level >= SIGMA_HIGH		? 'E'
		: level >= SIGMA_MEDIUM ? 'W'
					: 'I');
	set(j, "event", json_string(event));
	set(j, "code", json_string(text));
	set_time(j, "time", time_us);
	set(j, "uid", json_string(uid));
	set(j, "emitter", json_string("detect"));
	set(j, "v", json_integer(1));
}

static void
set_rule(json_t *j, const struct sigma_rule *rule, enum sigma_level level)
{
	set_text(j, "rule_id", rule->id);
	set_text(j, "rule_title", rule->title);
	set(j, "level", json_string(sigma_level_name(level)));
	set_text(j, "author", rule->author);
	set_list(j, "tags", &rule->tags);
}

static void
set_indicators(json_t *j, const struct engine *e, const struct record *r)
{
	const struct value *v;
	json_t *list;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(indicators); i++) {
		list = json_array();
		for (k = 0; indicators[i].fields[k] != NULL; k++)
			for (v = get(e, r, indicators[i].fields[k]); v != NULL;
			     v = v->next)
				(void)json_array_append_new(list,
				    json_value(v));
		if (json_array_size(list) > 0)
			set(j, indicators[i].name, list);
		else
			json_decref(list);
	}
}

/* What routes may ask for: as it stands in the event. */
static void
set_labels(json_t *j, const char *line, size_t len)
{
	const char *begin = memchr(line, '{', len);
	json_auto_t *event = begin == NULL
	    ? NULL
	    : json_loadb(begin, len - (size_t)(begin - line), 0, NULL);
	json_t *labels = json_object_get(event, "server_labels");

	if (json_is_object(labels) && json_object_size(labels) <= 64)
		(void)json_object_set(j, "server_labels", labels);
}

char *
alert_where(const struct engine *e, const struct record *r, const char *line,
    size_t len)
{
	json_auto_t *j = json_object();
	const struct value *v = get(e, r, "server_hostname");
	char *text;

	if (v == NULL)
		return NULL;
	set(j, "server_hostname", json_value(v));
	set_labels(j, line, len);
	text = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text == NULL || strlen(text) < DEDUP_WHERE_MAX)
		return text;
	free(text);
	json_object_del(j, "server_labels");
	text = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text == NULL || strlen(text) < DEDUP_WHERE_MAX)
		return text;
	free(text);
	return NULL;
}

static void
set_dedup(json_t *j, const struct engine *e, const struct sigma_rule *rule,
    const struct record *r)
{
	json_t *d = json_object();
	const struct value *v;
	size_t i;

	for (i = 0; i < rule->alerting.dedup.n; i++)
		if ((v = get(e, r, rule->alerting.dedup.v[i])) != NULL)
			set(d, rule->alerting.dedup.v[i], json_value(v));
	set(j, "dedup", d);
}

static void
set_runbook(json_t *j, const struct engine *e, const struct sigma_rule *rule,
    const struct record *r)
{
	json_t *list = json_array(), *step;
	size_t i;

	/* A step about what the event does not say is none. */
	for (i = 0; i < rule->alerting.runbook.n; i++)
		if ((step = fill(e, rule->alerting.runbook.v[i], r, true)) !=
		    NULL)
			(void)json_array_append_new(list, step);
	if (json_array_size(list) > 0)
		set(j, "runbook", list);
	else
		json_decref(list);
}

/* As a responder reads it. */
static void
set_respond(json_t *j, const struct sigma_rule *rule)
{
	static const char *const actions[] = { [SIGMA_END] = "end",
		[SIGMA_LOCK] = "lock",
		[SIGMA_RUN] = "run" };
	const struct sigma_alerting *a = &rule->alerting;
	json_t *list, *one;
	size_t i;

	if (a->n_respond == 0)
		return;
	list = json_array();
	for (i = 0; i < a->n_respond; i++) {
		one = json_pack("{s:s, s:s}", "action",
		    actions[a->respond[i].action], "what", a->respond[i].what);
		if (a->respond[i].action == SIGMA_LOCK)
			set(one, "for_s",
			    json_integer((json_int_t)a->respond[i].for_s));
		(void)json_array_append_new(list, one);
	}
	set(j, "respond", list);
}

static void
set_uids(json_t *j, const struct engine *e, const struct alert_event *event)
{
	const struct value *v = get(e, event->record, "uid");
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < event->n_uids; i++)
		(void)json_array_append_new(list,
		    json_string(event->uids[i]->text));
	if (event->n_uids == 0 && v != NULL)
		(void)json_array_append_new(list, json_value(v));
	if (json_array_size(list) > 0)
		set(j, "event_uids", list);
	else
		json_decref(list);
}

char *
alert_render(const struct engine *e, const struct sigma_rule *rule,
    const struct dedup_window *w, const struct alert_event *event)
{
	const struct record *r = event->record;
	const char *title =
	    rule->alerting.title != NULL ? rule->alerting.title : rule->title;
	json_auto_t *j = json_object();
	const struct value *v;
	size_t i;

	if (j == NULL)
		return NULL;
	set_head(j, "alert", "CS100", w->level, event->time_us, w->alert.text);
	set(j, "title", fill(e, title, r, false));
	set_rule(j, rule, w->level);
	set_text(j, "description", rule->description);
	set_list(j, "falsepositives", &rule->falsepositives);
	set_list(j, "references", &rule->references);
	set_dedup(j, e, rule, r);
	set_time(j, "window_start",
	    w->end_us - rule->alerting.window_s * USEC_PER_SEC);
	set_time(j, "window_end", w->end_us);
	set(j, "event_count", json_integer((json_int_t)event->count));
	for (i = 0; i < ARRAY_SIZE(copied); i++)
		if ((v = get(e, r, copied[i])) != NULL)
			set(j, copied[i], json_value(v));
	set_uids(j, e, event);
	set_labels(j, event->line, event->len);
	set_indicators(j, e, r);
	set_runbook(j, e, rule, r);
	set_respond(j, rule);
	set(j, "line",
	    jsontext_string(event->line,
		event->len < LINE_MAX_BYTES ? event->len : LINE_MAX_BYTES));
	return json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
}

char *
alert_render_count(const struct sigma_rule *rule, const struct dedup_window *w,
    uint64_t count)
{
	json_auto_t *j = json_object(), *where = NULL;
	struct uuid uid;
	char text[128];
	int n = snprintf(text, sizeof(text), "%s|%llu", w->alert.text,
	    (unsigned long long)count);

	if (j == NULL)
		return NULL;
	uuid_of_bytes(text, (size_t)n, &uid);
	set_head(j, "alert.count", "CS101", SIGMA_INFORMATIONAL, w->last_us,
	    uid.text);
	set(j, "alert", json_string(w->alert.text));
	set_rule(j, rule, w->level);
	if (w->where != NULL && (where = json_loads(w->where, 0, NULL)) != NULL)
		(void)json_object_update(j, where);
	set(j, "event_count", json_integer((json_int_t)count));
	set_time(j, "first", w->first_us);
	set_time(j, "last", w->last_us);
	return json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
}

char *
alert_render_flood(const struct engine *e, const struct sigma_rule *rule,
    const struct dedup_window *w, const struct record *r, uint64_t time_us)
{
	static const char *const known[] = { "server_hostname", "server_id",
		"user", "addr.remote" };
	json_auto_t *j = json_object(), *where = NULL;
	const struct value *v;
	char title[256];
	size_t i;

	if (j == NULL)
		return NULL;
	(void)snprintf(title, sizeof(title),
	    "Over %llu alerts in an hour from one source: %.160s",
	    (unsigned long long)rule->alerting.flood, rule->title);
	set_head(j, "alert.flood", "CS102", w->level, time_us, w->alert.text);
	set_text(j, "title", title);
	set_rule(j, rule, w->level);
	set_time(j, "window_start", w->end_us - ALERT_FLOOD_US);
	set_time(j, "window_end", w->end_us);
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if ((v = get(e, r, known[i])) != NULL)
			set(j, known[i], json_value(v));
	if (w->where != NULL && (where = json_loads(w->where, 0, NULL)) != NULL)
		(void)json_object_update(j, where);
	set_indicators(j, e, r);
	return json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
}

char *
alert_render_failed(const char *path, const struct conf_error *why)
{
	json_auto_t *j = json_object();
	AUTO(free) char *text = conf_error_text(why, path);
	char host[256] = "", *title;
	struct uuid uid;

	if (j == NULL || text == NULL ||
	    asprintf(&title, "A rule cannot be used: %s", text) < 0)
		return NULL;
	uuid_of_bytes(title, strlen(title), &uid);
	set_head(j, "alert.rule_failed", "CS103", SIGMA_HIGH, clock_now_usec(),
	    uid.text);
	set_text(j, "title", title);
	free(title);
	set(j, "level", json_string(sigma_level_name(SIGMA_HIGH)));
	if (gethostname(host, sizeof(host) - 1) == 0)
		set_text(j, "server_hostname", host);
	set_text(j, "path", path);
	set_text(j, "error", why->what);
	return json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
}
