/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "ascii.h"
#include "auto.h"
#include "clock.h"
#include "dedup.h"
#include "eventtime.h"
#include "stream.h"

/* An event further ahead than this does not move the clock alone: three that
 * agree do. A quiet night, and a day, are nothing strange. */
#define AHEAD_US     (UINT64_C(26) * 3600 * USEC_PER_SEC)
#define AHEAD_ENOUGH 3
/* Events may be late by days, but not all of them. */
#define BEHIND_US     (UINT64_C(7) * 24 * 3600 * USEC_PER_SEC)
#define BEHIND_ENOUGH 1000
/* What floods is counted among the windows of alerts, as keys of its own. */
#define FLOOD_MIX UINT64_C(0x9e3779b97f4a7c15)

struct stream {
	struct engine *engine;
	struct correlate *correlate;
	struct stream_out out;
	struct dedup *dedup;
	struct stream_stats stats;
	uint64_t now_us; /* the latest time that is believed */
	uint64_t ahead_us;
	unsigned ahead; /* events in a row that say it is later */
	unsigned behind; /* or much earlier */
	int time;
	/* The event at hand. */
	const struct record *record;
	uint64_t time_us, count_us;
	const char *line;
	size_t len;
};

static void take_correlated(void *context, const struct correlated *c);

struct stream *
stream_new(struct engine *e, struct correlate *c, const struct stream_out *out)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->engine = e;
	s->correlate = c;
	correlate_reset(c);
	correlate_to(c, &(struct correlate_out){ take_correlated, s });
	s->out = *out;
	s->time = engine_find_field(e, "time");
	if ((s->dedup = dedup_new()) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	dedup_free(s->dedup);
	free(s);
}

const struct stream_stats *
stream_stats(struct stream *s)
{
	s->stats.lost = correlate_lost(s->correlate) + dedup_lost(s->dedup);
	return &s->stats;
}

static void
emit(struct stream *s, const struct sigma_rule *rule, char *line, bool is_alert)
{
	AUTO(free) char *owned = line;

	if (owned != NULL && s->out.take != NULL)
		s->out.take(s->out.context,
		    &(struct stream_told){ owned, strlen(owned), rule, is_alert,
			false });
}

static void
tell_count(void *context, const struct dedup_window *w)
{
	struct stream *s = context;

	emit(s, engine_rule(s->engine, w->rule),
	    alert_render_count(engine_rule(s->engine, w->rule), w, w->count),
	    false);
}

/* A clock that was ahead is put back by so many in a row that are far behind. */
static void
move_back(struct stream *s)
{
	if (s->time_us + BEHIND_US >= s->now_us) {
		s->behind = 0;
		return;
	}
	if (++s->behind < BEHIND_ENOUGH)
		return;
	s->now_us = s->time_us;
	s->behind = 0;
}

static void
move_clock(struct stream *s)
{
	move_back(s);
	if (s->now_us == 0 || s->time_us <= s->now_us + AHEAD_US) {
		s->ahead = 0;
		if (s->time_us > s->now_us)
			s->now_us = s->time_us;
		return;
	}
	s->stats.future++;
	if (s->ahead == 0 || s->time_us < s->ahead_us)
		s->ahead_us = s->time_us;
	if (++s->ahead < AHEAD_ENOUGH)
		return;
	s->now_us = s->ahead_us;
	s->ahead = 0;
}

/* The same in every run, whatever other rules there are. */
static uint64_t
rule_hash(const struct sigma_rule *rule)
{
	const char *name = sigma_rule_name(rule);
	uint64_t h = fnv_bytes(FNV_BEGIN, name, strlen(name));

	return h ^ (h >> 29);
}

/* What holds for the event at hand. */
struct found {
	size_t rule;
	uint64_t key, time_us, count;
	enum sigma_level level;
	const struct uuid *const *uids; /* of what was counted */
	size_t n_uids;
};

/* More alerts of a rule from one source than it may have in an hour are counted
 * and not told, but for what is more severe than all that was told. */
static bool
is_flooded(struct stream *s, const struct found *f,
    const struct sigma_rule *rule)
{
	uint64_t key =
	    (alert_source(s->engine, s->record) ^ rule_hash(rule)) * FLOOD_MIX;
	struct dedup_window *w;
	bool is_new;

	if (rule->alerting.flood == 0)
		return false;
	w = dedup_count(s->dedup, (uint32_t)f->rule, key, ALERT_FLOOD_US,
	    f->time_us, &is_new);
	if (w == NULL)
		return false;
	if (is_new)
		w->is_muted = true; /* it has been no flood so far */
	if (w->count <= rule->alerting.flood || f->level > w->level) {
		if (f->level > w->level)
			w->level = (uint8_t)f->level;
		return false;
	}
	s->stats.flooded++;
	if (!w->is_muted)
		return true;
	w->is_muted = false;
	w->where = alert_where(s->engine, s->record, s->line, s->len);
	alert_uid(rule, key, rule->level, w, &w->alert);
	emit(s, rule,
	    alert_render_flood(s->engine, rule, w, s->record, f->time_us),
	    false);
	return true;
}

static void
raise_new(struct stream *s, const struct found *f, struct dedup_window *w)
{
	const struct sigma_rule *rule = engine_rule(s->engine, f->rule);
	const struct alert_event event = { s->record, s->line, s->len,
		f->time_us, f->count, f->uids, f->n_uids };
	AUTO(free) char *line = NULL;

	w->level = (uint8_t)f->level;
	w->told = w->count;
	if (w->where == NULL)
		w->where = alert_where(s->engine, s->record, s->line, s->len);
	alert_uid(rule, f->key, f->level, w, &w->alert);
	line = alert_render(s->engine, rule, w, &event);
	s->stats.alerts += !w->is_muted;
	if (line != NULL && s->out.take != NULL)
		s->out.take(s->out.context,
		    &(struct stream_told){ line, strlen(line), rule, true,
			w->is_muted });
}

/* What a more severe one takes the place of ends with its count. */
static void
end_milder(struct stream *s, const struct sigma_rule *rule,
    const struct dedup_window *w)
{
	if (!w->is_muted)
		emit(s, rule, alert_render_count(rule, w, w->count - 1), false);
}

/* An alert, or one more event under it. */
static void
raise(struct stream *s, const struct found *f)
{
	const struct sigma_rule *rule = engine_rule(s->engine, f->rule);
	uint64_t key = f->key ^ rule_hash(rule);
	uint64_t window_us = rule->alerting.window_s * USEC_PER_SEC;
	struct dedup_window *w;
	bool is_new, is_due, is_muted = false;

	if (s->out.hold != NULL) {
		s->out.hold(s->out.context, f->rule, f->time_us, s->line,
		    s->len);
		return;
	}
	w = dedup_find(s->dedup, key, window_us, f->time_us);
	is_due = w == NULL || f->level > w->level ||
	    (w->is_muted && f->time_us >= w->muted_until_us);
	/* Before the window is ours: counting may move it. */
	if (is_due)
		is_muted = is_flooded(s, f, rule);
	w = dedup_count(s->dedup, (uint32_t)f->rule, key, window_us, f->time_us,
	    &is_new);
	if (w == NULL)
		return;
	if (!is_due) {
		s->stats.suppressed++;
		return;
	}
	if (!is_new && !is_muted)
		end_milder(s, rule, w);
	w->is_muted = is_muted;
	if (is_muted) {
		w->level = (uint8_t)f->level;
		w->muted_until_us =
		    (f->time_us / ALERT_FLOOD_US + 1) * ALERT_FLOOD_US;
	}
	/* Nobody hears of it, but who is to act on it does. */
	if (!is_muted || rule->alerting.n_respond > 0)
		raise_new(s, f, w);
}

static bool
is_told(const struct stream *s, size_t rule)
{
	return s->out.hold != NULL || !correlate_is_part(s->correlate, rule);
}

static void
take_rule(void *context, size_t i, const struct program *p)
{
	struct stream *s = context;

	if (is_told(s, i))
		raise(s,
		    &(struct found){ i,
			alert_key(s->engine, engine_rule(s->engine, i),
			    s->record),
			s->time_us, 1, engine_level(s->engine, p), NULL, 0 });
	correlate_feed(s->correlate, i, p, s->record, s->count_us, s->line,
	    s->len);
}

static void
take_correlated(void *context, const struct correlated *c)
{
	struct stream *s = context;
	struct record *record;

	if (!is_told(s, c->rule))
		return;
	if (c->line != NULL) {
		/* Of an event that is long past: its record again. */
		if (engine_read(s->engine, c->line, c->len, &record) < 0 ||
		    record == NULL)
			return;
		engine_make_all(s->engine);
		s->record = record;
		s->line = c->line;
		s->len = c->len;
	}
	raise(s,
	    &(struct found){ c->rule, c->key, c->time_us, c->count,
		engine_rule(s->engine, c->rule)->level, c->uids, c->n_uids });
}

static void
read_time(struct stream *s, const struct record *record)
{
	const struct value *time = record_get(record, s->time);

	s->time_us = s->now_us;
	if (time == NULL ||
	    eventtime_parse(time->p, time->len, s->now_us, &s->time_us) < 0)
		s->stats.timeless++;
	else
		move_clock(s);
	/* One that is not believed has a window of its own, but among what is
	 * counted it is of now: it must not take the place of what is. */
	s->count_us = s->ahead > 0 ? s->now_us : s->time_us;
}

void
stream_line(struct stream *s, const char *line, size_t len)
{
	struct record *record;

	s->stats.lines++;
	s->stats.bytes += len + 1;
	if (engine_read(s->engine, line, len, &record) < 0) {
		s->stats.unreadable++;
		return;
	}
	if (record == NULL)
		return;
	read_time(s, record);
	dedup_advance(s->dedup, s->now_us, tell_count, s);
	/* What is told then takes the record's place. */
	if (correlate_advance(s->correlate, s->now_us))
		(void)engine_read(s->engine, line, len, &record);
	s->record = record;
	s->line = line;
	s->len = len;
	engine_ask(s->engine, take_rule, s);
}

void
stream_end(struct stream *s)
{
	correlate_end(s->correlate);
	dedup_end(s->dedup, tell_count, s);
}

/* ---- over a restart ------------------------------------------------------------ */

#define SAVE_MAGIC   UINT64_C(0x3154434554454443) /* "CDETECT1" */
#define SAVE_VERSION 2
#define RULES_MAX    1000000

int
stream_save(struct stream *s, FILE *f)
{
	struct savefile to = { f, false };
	size_t i, n = engine_rules(s->engine);

	save_u64(&to, SAVE_MAGIC);
	save_u64(&to, SAVE_VERSION);
	save_u64(&to, s->now_us);
	save_u64(&to, n);
	for (i = 0; i < n; i++)
		save_text(&to, sigma_rule_name(engine_rule(s->engine, i)));
	dedup_save(s->dedup, &to);
	correlate_save(s->correlate, &to);
	return to.is_bad ? -EIO : 0;
}

static uint32_t
find_rule(const struct stream *s, const char *name)
{
	size_t i;

	for (i = 0; i < engine_rules(s->engine); i++)
		if (strcmp(sigma_rule_name(engine_rule(s->engine, i)), name) ==
		    0)
			return (uint32_t)i;
	return UINT32_MAX;
}

static void
load_all(struct stream *s, struct savefile *from)
{
	AUTO(free) uint32_t *rules = NULL;
	size_t i, n;
	char *name;

	if (load_u64(from) != SAVE_MAGIC || load_u64(from) != SAVE_VERSION)
		from->is_bad = true;
	s->now_us = load_u64(from);
	n = (size_t)load_count(from, RULES_MAX);
	if ((rules = calloc(n + 1, sizeof(*rules))) == NULL)
		from->is_bad = true;
	for (i = 0; i < n && !from->is_bad; i++) {
		if ((name = load_text(from, 1024)) != NULL)
			rules[i] = find_rule(s, name);
		free(name);
	}
	if (from->is_bad)
		return;
	dedup_load(s->dedup, from, rules, n);
	correlate_load(s->correlate, from);
}

int
stream_load(struct stream *s, FILE *f)
{
	struct savefile from = { f, false };
	struct dedup *fresh;

	load_all(s, &from);
	if (!from.is_bad)
		return 0;
	s->now_us = 0;
	correlate_reset(s->correlate);
	if ((fresh = dedup_new()) != NULL) {
		dedup_free(s->dedup);
		s->dedup = fresh;
	}
	return -EBADMSG;
}
