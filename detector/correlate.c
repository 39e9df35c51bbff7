/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "auto.h"
#include "correlate.h"
#include "keytable.h"
#include "timecount.h"
#include "valuecount.h"
#include "waiting.h"

#define DEPTH_MAX 8 /* correlations of correlations */

/* One rule feeds one correlation. */
struct link {
	size_t correlation; /* number in links' target */
	uint32_t position; /* of the rule in it */
	struct link *next;
};

struct target {
	size_t rule; /* the engine's number of the correlation */
	const struct sigma_correlation *c;
	struct keytable keys;
	struct waiting *waiting; /* absence */
	struct recent recent; /* counting ones */
	int *fields; /* group_by, as the event's own names */
};

struct correlate {
	struct engine *engine;
	int uid; /* field */
	struct target *targets;
	size_t n;
	struct link **links; /* by the engine's number of a rule */
	bool *is_part;
	struct correlate_out out;
	/* What is being fed. */
	const struct program *program;
	const struct record *record;
	const char *line;
	size_t len;
	struct target *at;
	uint64_t key, time_us;
	size_t depth;
};

/* ---- making ------------------------------------------------------------------ */

static size_t
find_rule(const struct engine *e, const char *name)
{
	size_t i;

	for (i = 0; i < engine_rules(e); i++)
		if (sigma_rule_is(engine_rule(e, i), name))
			return i;
	return SIZE_MAX;
}

static int
add_link(struct correlate *c, size_t rule, size_t target, uint32_t position)
{
	struct link *l = malloc(sizeof(*l)), **end = &c->links[rule];

	if (l == NULL)
		return -ENOMEM;
	*l = (struct link){ target, position, NULL };
	while (*end != NULL)
		end = &(*end)->next;
	*end = l;
	return 0;
}

/* What a link's target feeds in turn, is it this again? */
static bool
comes_back(const struct correlate *c, size_t from, size_t to, size_t depth)
{
	const struct link *l;

	if (depth > DEPTH_MAX)
		return true;
	for (l = c->links[from]; l != NULL; l = l->next)
		if (c->targets[l->correlation].rule == to ||
		    comes_back(c, c->targets[l->correlation].rule, to,
			depth + 1))
			return true;
	return false;
}

static int
ask_field(struct correlate *c, const char *name, int *ret)
{
	int r = engine_field(c->engine, name);

	/* A Sigma name that no event has is looked up in the rule's
	 * logsource. */
	if (r == -ENOMEM)
		return r;
	*ret = r;
	return 0;
}

static int
make_target(struct correlate *c, size_t rule)
{
	struct target *t = &c->targets[c->n];
	const struct sigma_correlation *sc =
	    &engine_rule(c->engine, rule)->correlation;
	uint64_t count = sc->count + (sc->order == SIGMA_GT ? 1 : 0);
	size_t i, slots = TIMECOUNT_SLOTS;
	int r, ignored;

	*t = (struct target){ .rule = rule, .c = sc };
	if (sc->type == SIGMA_VALUE_COUNT)
		slots = valuecount_slots(count);
	else if (sc->type == SIGMA_TEMPORAL ||
	    sc->type == SIGMA_TEMPORAL_ORDERED)
		slots = valuecount_slots(sc->rules.n);
	else if (sc->type == SIGMA_FIRST_SEEN)
		slots = 0;
	keytable_init(&t->keys, slots);
	if (sc->type == SIGMA_ABSENCE && (t->waiting = waiting_new()) == NULL)
		return -ENOMEM;
	if ((t->fields = calloc(sc->group_by.n + 1, sizeof(*t->fields))) ==
	    NULL)
		return -ENOMEM;
	c->n++;
	for (i = 0; i < sc->group_by.n; i++)
		if ((r = ask_field(c, sc->group_by.v[i], &t->fields[i])) < 0)
			return r;
	for (i = 0; i < sc->n_aliases; i++)
		if ((r = ask_field(c, sc->aliases[i].field, &ignored)) < 0)
			return r;
	return sc->field != NULL ? ask_field(c, sc->field, &ignored) : 0;
}

static int
connect_target(struct correlate *c, size_t target, struct conf_error *reterr)
{
	const struct sigma_correlation *sc = c->targets[target].c;
	const struct sigma_rule *own =
	    engine_rule(c->engine, c->targets[target].rule);
	size_t i, rule;
	int r;

	for (i = 0; i < sc->rules.n; i++) {
		rule = find_rule(c->engine, sc->rules.v[i]);
		if (rule == SIZE_MAX)
			return conf_error(reterr, own->line,
			    "there is no rule '%.80s'", sc->rules.v[i]);
		if (rule == c->targets[target].rule ||
		    comes_back(c, c->targets[target].rule, rule, 0))
			return conf_error(reterr, own->line,
			    "the correlation depends on itself, or is deeper "
			    "than %d",
			    DEPTH_MAX);
		if ((r = add_link(c, rule, target, (uint32_t)i)) < 0)
			return r;
		c->is_part[rule] = c->is_part[rule] || !sc->generates;
	}
	return 0;
}

int
correlate_new(struct engine *e,
    void (*tell)(void *context, const char *path, const struct conf_error *e),
    void *context, struct correlate **ret)
{
	struct correlate *c = calloc(1, sizeof(*c));
	struct conf_error error = { 0 };
	size_t i, n = engine_rules(e);
	int r = 0, x;

	if (c == NULL)
		return -ENOMEM;
	c->engine = e;
	c->uid = engine_field(e, "uid");
	c->targets = calloc(n + 1, sizeof(*c->targets));
	c->links = calloc(n + 1, sizeof(struct link *));
	c->is_part = calloc(n + 1, sizeof(*c->is_part));
	if (c->targets == NULL || c->links == NULL || c->is_part == NULL)
		r = -ENOMEM;
	for (i = 0; r == 0 && i < n; i++)
		if (engine_rule(e, i)->kind == SIGMA_CORRELATION)
			r = make_target(c, i);
	for (i = 0; r != -ENOMEM && i < c->n; i++) {
		if ((x = connect_target(c, i, &error)) == -EINVAL)
			tell(context, engine_rule(e, c->targets[i].rule)->path,
			    &error);
		if (x < 0)
			r = x;
	}
	if (r < 0) {
		correlate_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void
correlate_free(struct correlate *c)
{
	struct link *l, *next;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; c->links != NULL && i < engine_rules(c->engine); i++)
		for (l = c->links[i]; l != NULL; l = next) {
			next = l->next;
			free(l);
		}
	for (i = 0; i < c->n; i++) {
		keytable_clear(&c->targets[i].keys);
		waiting_free(c->targets[i].waiting);
		recent_clear(&c->targets[i].recent);
		free(c->targets[i].fields);
	}
	free(c->targets);
	free(c->links);
	free(c->is_part);
	free(c);
}

void
correlate_reset(struct correlate *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		keytable_clear(&c->targets[i].keys);
		recent_clear(&c->targets[i].recent);
		if (c->targets[i].waiting != NULL)
			waiting_clear(c->targets[i].waiting);
	}
}

void
correlate_to(struct correlate *c, const struct correlate_out *out)
{
	c->out = *out;
}

bool
correlate_is_part(const struct correlate *c, size_t rule)
{
	return c->is_part[rule];
}

uint64_t
correlate_lost(const struct correlate *c)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < c->n; i++)
		n += c->targets[i].keys.lost +
		    (c->targets[i].waiting != NULL
			    ? waiting_lost(c->targets[i].waiting)
			    : 0);
	return n;
}

/* ---- the group --------------------------------------------------------------- */

static uint64_t
hash_bytes(uint64_t h, const char *p, size_t len)
{
	return fnv_number(fnv_bytes(h, p, len), 0x100);
}

/* What a field is called in the rule that is fed. */
static const char *
own_name(const struct target *t, const struct sigma_rule *rule,
    const char *name)
{
	size_t i;

	for (i = 0; i < t->c->n_aliases; i++)
		if (strcmp(t->c->aliases[i].name, name) == 0 &&
		    sigma_rule_is(rule, t->c->aliases[i].rule))
			return t->c->aliases[i].field;
	return name;
}

static uint64_t
hash_field(const struct correlate *c, const struct sigma_rule *rule,
    const char *name, int field, uint64_t h, bool *ret_is_there)
{
	const char *own = own_name(c->at, rule, name);
	const struct place *place = c->program != NULL
	    ? logsource_place(c->program->source, own)
	    : NULL;
	const struct value *v;
	size_t i;

	*ret_is_there = false;
	if (place != NULL && place->kind == PLACE_CONSTANT) {
		for (i = 0; i < place->constants.n; i++)
			h = hash_bytes(h, place->constants.v[i],
			    strlen(place->constants.v[i]));
		*ret_is_there = true;
		return h;
	}
	if (place != NULL)
		field = place->kind == PLACE_FIELD ? place->field : -1;
	else if (own != name)
		field = engine_find_field(c->engine, own);
	for (v = record_get(c->record, field); v != NULL; v = v->next) {
		h = hash_bytes(h, v->p, v->len);
		*ret_is_there = true;
	}
	return h * 3;
}

static uint64_t
group_key(const struct correlate *c, const struct sigma_rule *rule)
{
	uint64_t h = FNV_BEGIN;
	bool is_there;
	size_t i;

	for (i = 0; i < c->at->c->group_by.n; i++)
		h = hash_field(c, rule, c->at->c->group_by.v[i],
		    c->at->fields[i], h, &is_there);
	return h ^ (h >> 31);
}

/* ---- feeding ------------------------------------------------------------------ */

static void feed(struct correlate *c, size_t rule, uint64_t time_us);

static void
fire_at(struct correlate *c, struct target *t, uint64_t key, uint64_t time_us,
    uint64_t n, const char *line, size_t len)
{
	const struct uuid *uids[RECENT_FOUND_MAX];
	uint64_t span_us = t->c->timespan_s * 1000000;
	const struct correlated found = { t->rule, key, time_us, n, line, len,
		uids,
		recent_find(&t->recent, key,
		    time_us > span_us ? time_us - span_us : 0, time_us, uids) };

	c->out.take(c->out.context, &found);
	if (c->depth < DEPTH_MAX && line == NULL && c->links[t->rule] != NULL)
		feed(c, t->rule, time_us);
}

static void
fire(void *context, uint64_t time_ms, uint64_t n)
{
	struct correlate *c = context;

	/* The event's own time where it is its own: nothing is lost to
	 * milliseconds. */
	fire_at(c, c->at, c->key,
	    time_ms == c->time_us / 1000 ? c->time_us : time_ms * 1000, n, NULL,
	    0);
}

static struct keyentry *
entry_of(struct target *t, uint64_t key, uint64_t time_ms)
{
	uint64_t span = t->c->timespan_s * 2000;

	return keytable_get(&t->keys, key, time_ms > span ? time_ms - span : 0);
}

/* A value that its key has not had for so long. The key's first is learned. */
static void
feed_first_seen(struct correlate *c, const struct sigma_rule *rule,
    uint64_t time_ms)
{
	struct target *t = c->at;
	uint64_t span = t->c->timespan_s * 1000, value;
	struct keyentry *e;
	bool is_there, is_known, is_new;

	value = hash_field(c, rule, t->c->field,
	    engine_find_field(c->engine, t->c->field), c->key, &is_there);
	if (!is_there || (e = entry_of(t, c->key, time_ms)) == NULL)
		return;
	is_known = e->n > 0 && e->last_ms + span >= time_ms;
	e->n = 1;
	e->last_ms = time_ms > e->last_ms ? time_ms : e->last_ms;
	if ((e = entry_of(t, value, time_ms)) == NULL)
		return;
	is_new = e->n == 0 || e->last_ms + span < time_ms;
	e->n = 1;
	e->last_ms = time_ms > e->last_ms ? time_ms : e->last_ms;
	if (is_known && is_new)
		fire(c, time_ms, 1);
}

static void
remember(struct correlate *c)
{
	const struct value *uid = record_get(c->record, c->uid);

	if (uid != NULL)
		recent_add(&c->at->recent, c->key, c->time_us, uid->p,
		    uid->len);
}

static void
feed_target(struct correlate *c, const struct link *l,
    const struct sigma_rule *rule, uint64_t time_us)
{
	struct target *t = c->at;
	const struct sigma_correlation *sc = t->c;
	uint64_t ms = time_us / 1000, span = sc->timespan_s * 1000,
		 count = sc->count + (sc->order == SIGMA_GT ? 1 : 0);
	struct keyentry *e;
	bool is_there;
	uint32_t value;

	if (sc->type != SIGMA_FIRST_SEEN && sc->type != SIGMA_ABSENCE)
		remember(c);
	switch (sc->type) {
	case SIGMA_FIRST_SEEN:
		feed_first_seen(c, rule, ms);
		return;
	case SIGMA_ABSENCE:
		if (l->position == 0)
			waiting_add(t->waiting, c->key, time_us,
			    time_us + sc->timespan_s * 1000000, c->line,
			    c->len);
		else
			waiting_came(t->waiting, c->key, time_us);
		return;
	case SIGMA_EVENT_COUNT:
		if ((e = entry_of(t, c->key, ms)) != NULL)
			timecount_add(e, ms, span, count, fire, c);
		return;
	case SIGMA_VALUE_COUNT:
		value = (uint32_t)hash_field(c, rule, sc->field,
		    engine_find_field(c->engine, sc->field), 1, &is_there);
		if (is_there && (e = entry_of(t, c->key, ms)) != NULL)
			valuecount_add(e, t->keys.slots, value, ms, span, count,
			    fire, c);
		return;
	case SIGMA_TEMPORAL:
	case SIGMA_TEMPORAL_ORDERED:
		break;
	}
	if ((e = entry_of(t, c->key, ms)) == NULL)
		return;
	if (sc->type == SIGMA_TEMPORAL)
		valuecount_add(e, t->keys.slots, l->position, ms, span,
		    sc->rules.n, fire, c);
	else
		valuecount_add_ordered(e, t->keys.slots, l->position, ms, span,
		    sc->rules.n, fire, c);
}

static void
feed(struct correlate *c, size_t rule, uint64_t time_us)
{
	const struct sigma_rule *r = engine_rule(c->engine, rule);
	struct target *at = c->at;
	uint64_t key = c->key, time = c->time_us;
	const struct link *l;

	c->depth++;
	for (l = c->links[rule]; l != NULL; l = l->next) {
		c->at = &c->targets[l->correlation];
		c->time_us = time_us;
		c->key = group_key(c, r);
		feed_target(c, l, r, time_us);
	}
	c->depth--;
	c->at = at;
	c->key = key;
	c->time_us = time;
}

void
correlate_feed(struct correlate *c, size_t rule, const struct program *p,
    const struct record *r, uint64_t time_us, const char *line, size_t len)
{
	if (c->links[rule] == NULL)
		return;
	c->program = p;
	c->record = r;
	c->line = line;
	c->len = len;
	feed(c, rule, time_us);
}

struct advancing {
	struct correlate *c;
	struct target *t;
	bool has_told;
};

static void
tell_missing(void *context, uint64_t key, uint64_t deadline_us,
    const char *line, size_t len)
{
	struct advancing *a = context;

	a->has_told = true;
	fire_at(a->c, a->t, key, deadline_us, 1, line, len);
}

bool
correlate_advance(struct correlate *c, uint64_t now_us)
{
	struct advancing a = { c, NULL, false };
	size_t i;

	for (i = 0; i < c->n; i++) {
		a.t = &c->targets[i];
		if (a.t->waiting != NULL)
			waiting_advance(a.t->waiting, now_us, tell_missing, &a);
	}
	return a.has_told;
}

void
correlate_end(struct correlate *c)
{
	(void)correlate_advance(c, UINT64_MAX);
}

/* ---- over a restart -------------------------------------------------------------- */

static const char *
name_of(const struct correlate *c, const struct target *t)
{
	return sigma_rule_name(engine_rule(c->engine, t->rule));
}

void
correlate_save(const struct correlate *c, struct savefile *s)
{
	size_t i;

	save_u64(s, c->n);
	for (i = 0; i < c->n; i++) {
		save_text(s, name_of(c, &c->targets[i]));
		save_u64(s, c->targets[i].c->type);
		save_u64(s, c->targets[i].c->timespan_s);
		save_u64(s, c->targets[i].keys.slots);
		save_u64(s, c->targets[i].c->count);
		keytable_save(&c->targets[i].keys, s);
		recent_save(&c->targets[i].recent, s);
		save_u64(s, c->targets[i].waiting != NULL);
		if (c->targets[i].waiting != NULL)
			waiting_save(c->targets[i].waiting, s);
	}
}

/* One that is as it was then, or NULL. */
static struct target *
find_target(struct correlate *c, const char *name, uint64_t type,
    uint64_t timespan_s, uint64_t slots, uint64_t count)
{
	struct target *t;

	for (t = c->targets; t < c->targets + c->n; t++)
		if (strcmp(name_of(c, t), name) == 0 &&
		    (uint64_t)t->c->type == type &&
		    t->c->timespan_s == timespan_s && t->keys.slots == slots &&
		    t->c->count == count)
			return t;
	return NULL;
}

static void
load_target(struct correlate *c, struct savefile *s)
{
	char *name = load_text(s, 1024);
	uint64_t type = load_u64(s), span = load_u64(s), slots = load_u64(s),
		 count = load_u64(s);
	struct recent old = { 0 };
	struct keytable gone;
	struct waiting *nobody = waiting_new();
	struct target *t;

	if (name == NULL || nobody == NULL || slots > 4096)
		s->is_bad = true;
	t = s->is_bad ? NULL : find_target(c, name, type, span, slots, count);
	keytable_init(&gone, (size_t)slots);
	if (!s->is_bad)
		keytable_load(t != NULL ? &t->keys : &gone, s);
	if (!s->is_bad)
		recent_load(t != NULL ? &t->recent : &old, s);
	if (!s->is_bad && load_u64(s) != 0)
		waiting_load(t != NULL && t->waiting != NULL ? t->waiting
							     : nobody,
		    s);
	keytable_clear(&gone);
	recent_clear(&old);
	waiting_free(nobody);
	free(name);
}

void
correlate_load(struct correlate *c, struct savefile *s)
{
	uint64_t n = load_count(s, 1000000);

	for (; n > 0 && !s->is_bad; n--)
		load_target(c, s);
}
