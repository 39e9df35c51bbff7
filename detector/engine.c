/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "engine.h"
#include "enrich.h"
#include "eventread.h"
#include "path.h"

#define LOGSOURCES_FILE_MAX (1024U * 1024U)
#define KINDS		    64 /* names of events that are remembered */
#define KIND_NAME_MAX	    48

/* Which logsources the events of a name may be, and what is looked into. */
struct kind {
	char name[KIND_NAME_MAX];
	size_t len;
	uint64_t sources; /* by bit */
	int *fields; /* which the matcher wants of them */
	size_t n_fields;
	uint32_t made; /* of these, by bit */
};

struct engine {
	struct fields fields;
	struct eventread_memory *shapes;
	struct logsources sources;
	struct enrich *enrich;
	struct matcher *matcher;
	struct record record;
	struct sigma_rule **rules;
	size_t n_rules, rules_size;
	struct sigma_rule **filters;
	size_t n_filters, filters_size;
	struct program **programs;
	size_t n_programs, programs_size;
	uint32_t *of_rule; /* by program: the rule's number */
	uint8_t *source_of; /* by program: the logsource's */
	uint32_t *triggered, *trigger_start; /* programs by atom */
	uint32_t *always; /* programs without a trigger */
	size_t n_always;
	bool *is_fields_of[LOGSOURCES_MAX]; /* by field: is it asked for */
	struct kind kinds[KINDS];
	uint64_t *asked; /* by program: in which look last */
	uint64_t *told; /* by rule: in which event last */
	uint32_t *hold; /* programs that hold for this one, a rule's first */
	size_t n_hold;
	uint64_t looks, events;
	uint32_t wanted; /* what is made, and somebody asks for */
	const struct kind *kind; /* of the event at hand */
	const char *line;
	size_t line_len;
	int time, host, pid;
};

/* ---- making ----------------------------------------------------------------- */

static int
read_logsources(struct engine *e, const char *path, struct conf_error *reterr)
{
	AUTO(fclose) FILE *f = fopen(path, "re");
	AUTO(free) char *text = NULL;
	size_t len;
	int r;

	if (f == NULL)
		return -errno;
	if ((r = path_read(f, LOGSOURCES_FILE_MAX, &text, &len)) < 0)
		return r;
	return logsources_read(text, len, &e->fields, &e->sources, reterr);
}

int
engine_new(const char *logsources_path, struct engine **ret,
    struct conf_error *reterr)
{
	struct engine *e = calloc(1, sizeof(*e));
	int r;

	if (e == NULL)
		return -ENOMEM;
	e->matcher = matcher_new();
	e->shapes = eventread_memory_new();
	if ((r = fields_init(&e->fields)) == 0) {
		e->enrich = enrich_new(&e->fields);
		e->time = fieldtree_add(&e->fields.tree, "time");
		e->host = fieldtree_add(&e->fields.tree, "server_hostname");
		e->pid = fieldtree_add(&e->fields.tree, "pid");
		if (e->matcher == NULL || e->shapes == NULL ||
		    e->enrich == NULL || e->time < 0 || e->host < 0 ||
		    e->pid < 0)
			r = -ENOMEM;
	}
	if (r == 0)
		r = read_logsources(e, logsources_path, reterr);
	if (r < 0) {
		engine_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

void
engine_free(struct engine *e)
{
	size_t i;

	if (e == NULL)
		return;
	for (i = 0; i < e->n_programs; i++)
		program_free(e->programs[i]);
	for (i = 0; i < e->n_rules; i++)
		sigmarule_free(e->rules[i]);
	for (i = 0; i < e->n_filters; i++)
		sigmarule_free(e->filters[i]);
	free(e->filters);
	for (i = 0; i < KINDS; i++)
		free(e->kinds[i].fields);
	for (i = 0; i < LOGSOURCES_MAX; i++)
		free(e->is_fields_of[i]);
	free(e->programs);
	free(e->rules);
	free(e->of_rule);
	free(e->source_of);
	free(e->triggered);
	free(e->trigger_start);
	free(e->always);
	free(e->asked);
	free(e->told);
	free(e->hold);
	record_clear(&e->record);
	matcher_free(e->matcher);
	eventread_memory_free(e->shapes);
	enrich_free(e->enrich);
	logsources_clear(&e->sources);
	fields_clear(&e->fields);
	free(e);
}

static int
grow(void **array, size_t n, size_t *size, size_t element)
{
	size_t wanted = *size == 0 ? 64 : *size * 2;
	void *grown;

	if (n < *size)
		return 0;
	if ((grown = reallocarray(*array, wanted, element)) == NULL)
		return -ENOMEM;
	*array = grown;
	*size = wanted;
	return 0;
}

static int
add_program(struct engine *e, struct program *p, size_t source)
{
	size_t size = e->programs_size, size2 = size, size3 = size;

	if (grow((void **)&e->programs, e->n_programs, &size,
		sizeof(struct program *)) < 0 ||
	    grow((void **)&e->of_rule, e->n_programs, &size2,
		sizeof(*e->of_rule)) < 0 ||
	    grow((void **)&e->source_of, e->n_programs, &size3,
		sizeof(*e->source_of)) < 0) {
		program_free(p);
		return -ENOMEM;
	}
	e->programs_size = size;
	e->of_rule[e->n_programs] = (uint32_t)e->n_rules - 1;
	e->source_of[e->n_programs] = (uint8_t)source;
	e->programs[e->n_programs++] = p;
	return 0;
}

/* Is there a logsource for it? A field that none of them has is a mistake; one that some do not
 * have is only missing there. */
static bool
is_known_anywhere(const struct engine *e, const struct sigma_rule *rule,
    const char *field)
{
	size_t i;

	for (i = 0; i < e->sources.n; i++)
		if (logsource_fits(&e->sources.v[i], rule) &&
		    (e->sources.v[i].is_open ||
			logsource_place(&e->sources.v[i], field) != NULL))
			return true;
	return false;
}

static int
check_logsource(const struct engine *e, const struct sigma_rule *rule,
    struct conf_error *reterr)
{
	size_t i, k, j, n = 0;

	for (i = 0; i < e->sources.n; i++)
		n += logsource_fits(&e->sources.v[i], rule);
	if (n == 0)
		return conf_error(reterr, rule->line,
		    "there are no events of this logsource (%s %s %s)",
		    rule->product != NULL ? rule->product : "-",
		    rule->category != NULL ? rule->category : "-",
		    rule->service != NULL ? rule->service : "-");
	for (i = 0; i < rule->names.n; i++)
		for (k = 0; k < rule->searches[i].n; k++)
			for (j = 0; j < rule->searches[i].groups[k].n; j++) {
				const struct sigma_item *item =
				    &rule->searches[i].groups[k].items[j];

				if (item->field != NULL &&
				    !is_known_anywhere(e, rule, item->field))
					return conf_error(reterr, item->line,
					    "no event of this logsource has "
					    "the field '%.60s'",
					    item->field);
			}
	return 0;
}

static int
add_programs(struct engine *e, struct sigma_rule *rule,
    struct conf_error *reterr)
{
	const struct sigma_item *unknown;
	struct program *p;
	size_t i;
	int r;

	for (i = 0; i < e->sources.n; i++) {
		if (!logsource_fits(&e->sources.v[i], rule))
			continue;
		if ((r = program_make(rule, &e->sources.v[i], &e->fields,
			 e->matcher, &p, &unknown, reterr)) < 0 ||
		    (r = add_program(e, p, i)) < 0)
			return r;
	}
	return 0;
}

static void
drop_programs(struct engine *e, size_t n)
{
	while (e->n_programs > n)
		program_free(e->programs[--e->n_programs]);
}

static int
add_filter(struct engine *e, struct sigma_rule *filter)
{
	if (grow((void **)&e->filters, e->n_filters, &e->filters_size,
		sizeof(struct sigma_rule *)) < 0) {
		sigmarule_free(filter);
		return -ENOMEM;
	}
	e->filters[e->n_filters++] = filter;
	return 0;
}

int
engine_add(struct engine *e, struct sigma_rule *rule, struct conf_error *reterr)
{
	size_t had = e->n_programs;
	int r;

	if ((r = grow((void **)&e->rules, e->n_rules, &e->rules_size,
		 sizeof(struct sigma_rule *))) < 0) {
		sigmarule_free(rule);
		return r;
	}
	if (rule->kind == SIGMA_FILTER)
		return add_filter(e, rule);
	e->rules[e->n_rules++] = rule;
	if (rule->kind == SIGMA_CORRELATION)
		return 0;
	if ((r = check_logsource(e, rule, reterr)) < 0 ||
	    (r = add_programs(e, rule, reterr)) < 0) {
		drop_programs(e, had);
		e->n_rules--;
		sigmarule_free(rule);
	}
	return r;
}

static bool
is_filtered(const struct sigma_rule *filter, const struct sigma_rule *rule)
{
	size_t i;

	for (i = 0; i < filter->filtered.n; i++)
		if (strcmp(filter->filtered.v[i], "any") == 0 ||
		    sigma_rule_is(rule, filter->filtered.v[i]))
			return true;
	return false;
}

/* To each of the rule's programs whose events are the filter's, too. */
static int
put_filter(struct engine *e, const struct sigma_rule *filter,
    struct conf_error *reterr, size_t *ret_put)
{
	const struct sigma_item *unknown;
	struct program *f;
	size_t i;
	int r;

	for (i = 0; i < e->n_programs; i++) {
		if (!is_filtered(filter, e->programs[i]->rule) ||
		    !logsource_fits(e->programs[i]->source, filter))
			continue;
		if ((r = program_make(filter, e->programs[i]->source,
			 &e->fields, e->matcher, &f, &unknown, reterr)) < 0 ||
		    (r = program_filter(e->programs[i], f)) < 0)
			return r;
		++*ret_put;
	}
	return 0;
}

int
engine_filter(struct engine *e,
    void (*tell)(void *context, const char *path, const struct conf_error *e),
    void *context)
{
	struct conf_error error = { 0 };
	size_t i, put;
	int r, worst = 0;

	for (i = 0; i < e->n_filters; i++) {
		put = 0;
		if ((r = check_logsource(e, e->filters[i], &error)) == 0)
			r = put_filter(e, e->filters[i], &error, &put);
		if (r == 0 && put == 0)
			r = conf_error(&error, e->filters[i]->line,
			    "none of the filter's rules is here, with its "
			    "logsource");
		if (r == -EINVAL)
			tell(context, e->filters[i]->path, &error);
		if (r == -ENOMEM)
			return r;
		worst = r < 0 ? r : worst;
	}
	return worst;
}

int
engine_field(struct engine *e, const char *name)
{
	int field = fields_add(&e->fields, name);
	const struct place *place;
	size_t i;

	if (field >= 0)
		e->wanted |= enrich_bit(e->enrich, field);
	for (i = 0; i < e->sources.n; i++) {
		place = logsource_place(&e->sources.v[i], name);
		if (place != NULL && place->kind == PLACE_FIELD)
			e->wanted |= enrich_bit(e->enrich, place->field);
	}
	return field;
}

int
engine_find_field(const struct engine *e, const char *name)
{
	int made = made_find(name, strlen(name)), node;

	if (made >= 0)
		return e->fields.made[made];
	node =
	    fieldtree_find(&e->fields.tree, FIELDTREE_ROOT, name, strlen(name));
	return node >= 0 && e->fields.tree.nodes[node].field >= 0
	    ? e->fields.tree.nodes[node].field
	    : -ENOENT;
}

/* ---- compiling ---------------------------------------------------------------- */

static int
want_field(struct engine *e, size_t source, int field)
{
	size_t fields = (size_t)e->fields.tree.fields;

	if (e->is_fields_of[source] == NULL &&
	    (e->is_fields_of[source] = calloc(fields, sizeof(bool))) == NULL)
		return -ENOMEM;
	e->is_fields_of[source][field] = true;
	e->wanted |= enrich_bit(e->enrich, field);
	return 0;
}

static int
want_fields(struct engine *e, const struct program *p, size_t source)
{
	size_t i, k, j, n;
	int r = 0;

	for (i = 0; r == 0 && i < p->n_filters; i++)
		r = want_fields(e, p->filters[i], source);
	for (i = 0; i < p->rule->names.n; i++)
		for (k = 0; k < p->parts[i].n; k++)
			for (j = 0; j < p->parts[i].clauses[k].n; j++) {
				const struct term *t =
				    &p->parts[i].clauses[k].terms[j];

				for (n = 0; r == 0 && n < t->n; n++) {
					r = want_field(e, source,
					    t->tests[n].field);
					if (r == 0 &&
					    t->tests[n].kind == TEST_REF)
						r = want_field(e, source,
						    t->tests[n].other);
				}
			}
	return r;
}

static int
index_triggers(struct engine *e)
{
	size_t i, k, atoms = matcher_count(e->matcher), all = 0;
	uint32_t *start = calloc(atoms + 2, sizeof(*start));

	e->trigger_start = start;
	e->always = calloc(e->n_programs + 1, sizeof(*e->always));
	if (start == NULL || e->always == NULL)
		return -ENOMEM;
	for (i = 0; i < e->n_programs; i++) {
		all += e->programs[i]->n_triggers;
		for (k = 0; k < e->programs[i]->n_triggers; k++)
			start[e->programs[i]->triggers[k] + 2]++;
		if (e->programs[i]->is_always)
			e->always[e->n_always++] = (uint32_t)i;
	}
	for (i = 2; i < atoms + 2; i++)
		start[i] += start[i - 1];
	if ((e->triggered = calloc(all + 1, sizeof(*e->triggered))) == NULL)
		return -ENOMEM;
	for (i = 0; i < e->n_programs; i++)
		for (k = 0; k < e->programs[i]->n_triggers; k++)
			e->triggered[start[e->programs[i]->triggers[k] + 1]++] =
			    (uint32_t)i;
	return 0;
}

int
engine_compile(struct engine *e, struct conf_error *reterr)
{
	size_t i, k;
	int r;

	for (i = 0; i < e->n_programs; i++)
		if ((r = program_plan(e->programs[i], e->matcher)) < 0 ||
		    (r = want_fields(e, e->programs[i], e->source_of[i])) < 0)
			return r;
	for (i = 0; i < e->n_programs; i++)
		for (k = 0; k < e->programs[i]->n_triggers; k++)
			matcher_need(e->matcher, e->programs[i]->triggers[k]);
	if ((r = matcher_compile(e->matcher, reterr)) < 0)
		return r;
	for (i = 0; i < e->n_programs; i++)
		if ((r = program_prepare(e->programs[i], e->matcher)) < 0)
			return r;
	enrich_wants(e->enrich, e->wanted);
	e->asked = calloc(e->n_programs + 1, sizeof(*e->asked));
	e->told = calloc(e->n_rules + 1, sizeof(*e->told));
	e->hold = calloc(e->n_rules + 1, sizeof(*e->hold));
	if (e->asked == NULL || e->told == NULL || e->hold == NULL)
		return -ENOMEM;
	if ((r = index_triggers(e)) < 0)
		return r;
	return record_init(&e->record, (size_t)e->fields.tree.fields);
}

void
engine_stats(const struct engine *e, struct engine_stats *ret)
{
	*ret = (struct engine_stats){ e->n_rules, e->n_programs,
		matcher_count(e->matcher), matcher_bytes(e->matcher) };
}

const struct matcher *
engine_matcher(const struct engine *e)
{
	return e->matcher;
}

size_t
engine_rules(const struct engine *e)
{
	return e->n_rules;
}

const struct sigma_rule *
engine_rule(const struct engine *e, size_t i)
{
	return e->rules[i];
}

static const char *
first_of(const struct engine *e, size_t rule,
    const char *(*f)(const struct logsource *l, const struct sigma_rule *r))
{
	const struct sigma_rule *r = engine_rule(e, rule);
	const char *found = NULL;
	size_t i;

	if (r->kind != SIGMA_EVENT_RULE)
		return NULL;
	for (i = 0; found == NULL && i < e->sources.n; i++)
		found = f(&e->sources.v[i], r);
	return found;
}

const char *
engine_unknown(const struct engine *e, size_t rule)
{
	return first_of(e, rule, logsource_unknown);
}

const char *
engine_mistyped(const struct engine *e, size_t rule)
{
	return first_of(e, rule, logsource_mistyped);
}

bool
engine_knows(const struct engine *e, const char *field)
{
	size_t i;

	for (i = 0; i < e->sources.n; i++)
		if (logsource_knows(&e->sources.v[i], field))
			return true;
	return false;
}

bool
engine_can_hold(const struct engine *e, size_t rule)
{
	size_t i;

	for (i = 0; i < e->n_programs; i++)
		if (e->of_rule[i] == rule && !e->programs[i]->is_constant)
			return true;
	return false;
}

/* ---- kinds of events -------------------------------------------------------------------- */

static bool
when_fits(const struct when *w, const struct record *r)
{
	const struct value *v;
	size_t i;

	for (v = record_get(r, w->field); v != NULL; v = v->next)
		for (i = 0; i < w->values.n; i++)
			if (w->lengths[i] == v->len &&
			    memcmp(w->values.v[i], v->p, v->len) == 0)
				return true;
	return false;
}

/* Only the event's name is asked here, so that it can be remembered. */
static bool
may_be_of(const struct engine *e, const struct logsource *l)
{
	size_t i;

	for (i = 0; i < l->n_whens; i++)
		if (l->whens[i].field == e->fields.event &&
		    !when_fits(&l->whens[i], &e->record))
			return false;
	return true;
}

static void
make_kind(struct engine *e, struct kind *k)
{
	size_t i, fields = (size_t)e->fields.tree.fields;
	int field;

	k->sources = 0;
	k->made = 0;
	k->n_fields = 0;
	if (k->fields == NULL &&
	    (k->fields = calloc(fields, sizeof(*k->fields))) == NULL)
		return;
	for (i = 0; i < e->sources.n; i++)
		if (may_be_of(e, &e->sources.v[i]))
			k->sources |= UINT64_C(1) << i;
	for (field = 0; field < (int)fields; field++)
		for (i = 0; i < e->sources.n; i++)
			if ((k->sources >> i & 1) != 0 &&
			    e->is_fields_of[i] != NULL &&
			    e->is_fields_of[i][field]) {
				k->made |= enrich_bit(e->enrich, field);
				if (matcher_wants(e->matcher, field))
					k->fields[k->n_fields++] = field;
				break;
			}
}

static const struct kind *
kind_of(struct engine *e)
{
	static const struct value nameless = { "", 0, VALUE_TEXT, NULL };
	const struct value *v = record_get(&e->record, e->fields.event);
	struct kind *k;
	size_t i, at = 0, len;

	if (v == NULL)
		v = &nameless;
	for (i = 0; i < v->len; i++)
		at = at * 31 + (unsigned char)v->p[i];
	len = v->len < KIND_NAME_MAX ? v->len : KIND_NAME_MAX;
	k = &e->kinds[at % KINDS];
	if (k->fields != NULL && k->len == v->len && v->len < KIND_NAME_MAX &&
	    memcmp(k->name, v->p, len) == 0)
		return k;
	memcpy(k->name, v->p, len);
	k->len = v->len;
	make_kind(e, k);
	return k;
}

/* ---- reading ------------------------------------------------------------------- */

static void
set_text(struct record *r, int field, const char *p, size_t len)
{
	if (len > 0)
		record_add(r, field, p, len, VALUE_TEXT);
}

/* Our own events, also as a line of syslog or with a "@cee:" before it. */
static int
read_embedded(struct engine *e, const struct syslog_line *s)
{
	const char *p = s->message, *end = p + s->message_len;

	/* Anybody may write to syslog: only rsyslog's own name for us counts, which
	 * is still only as good as who may write there. */
	if (s->program_len != 11 || memcmp(s->program, "countersign", 11) != 0)
		return -EBADMSG;
	if (s->message_len > 5 && memcmp(p, "@cee:", 5) == 0)
		p += 5;
	while (p < end && *p == ' ')
		p++;
	if (p == end || *p != '{' ||
	    eventread_json(&e->fields.tree, e->shapes, p, (size_t)(end - p),
		&e->record) < 0) {
		record_reset(&e->record);
		return -EBADMSG;
	}
	return 0;
}

static int
read_syslog(struct engine *e, const char *line, size_t len)
{
	struct record *r = &e->record;
	struct syslog_line s;

	if (eventread_syslog(line, len, &s) < 0)
		return -EBADMSG;
	if (read_embedded(e, &s) == 0)
		return 0;
	set_text(r, e->fields.event, "syslog", 6);
	set_text(r, e->time, s.time, s.time_len);
	set_text(r, e->host, s.host, s.host_len);
	set_text(r, e->fields.program, s.program, s.program_len);
	set_text(r, e->fields.made[MADE_MESSAGE], s.message, s.message_len);
	return 0;
}

int
engine_read(struct engine *e, const char *line, size_t len, struct record **ret)
{
	int r;

	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	record_reset(&e->record);
	*ret = NULL;
	if (len == 0)
		return 0;
	r = *line == '{'
	    ? eventread_json(&e->fields.tree, e->shapes, line, len, &e->record)
	    : read_syslog(e, line, len);
	if (r < 0) {
		record_reset(&e->record);
		return r;
	}
	e->line = line;
	e->line_len = len;
	e->kind = kind_of(e);
	enrich_fill(e->enrich, &e->record, e->kind->made, line, len);
	*ret = &e->record;
	return 0;
}

/* ---- asking -------------------------------------------------------------------- */

static uint64_t
sources_of(const struct engine *e, const struct kind *k)
{
	uint64_t left = k->sources, all = left;
	size_t i, w;

	for (; left != 0; left &= left - 1) {
		i = (size_t)__builtin_ctzll(left);
		for (w = 0; w < e->sources.v[i].n_whens; w++)
			if (e->sources.v[i].whens[w].field != e->fields.event &&
			    !when_fits(&e->sources.v[i].whens[w], &e->record))
				all &= ~(UINT64_C(1) << i);
	}
	return all;
}

static void
look(struct engine *e, const struct kind *k)
{
	const struct value *v;
	size_t i;

	matcher_begin(e->matcher);
	for (i = 0; i < k->n_fields; i++)
		if ((v = record_get(&e->record, k->fields[i])) != NULL)
			matcher_look(e->matcher, k->fields[i], v);
}

struct asking {
	struct engine *e;
	const struct kind *kind;
	uint64_t sources;
	void (*take)(void *context, size_t rule, const struct program *p);
	void *context;
};

static void
ask_program(const struct asking *a, uint32_t i)
{
	struct engine *e = a->e;

	if ((a->sources >> e->source_of[i] & 1) == 0 || e->asked[i] == e->looks)
		return;
	e->asked[i] = e->looks;
	if (e->told[e->of_rule[i]] != e->events &&
	    program_holds(e->programs[i], e->matcher, &e->record)) {
		e->told[e->of_rule[i]] = e->events;
		e->hold[e->n_hold++] = i;
	}
}

void
engine_make_all(struct engine *e)
{
	enrich_fill(e->enrich, &e->record,
	    enrich_missing(e->enrich, &e->record, e->wanted & ~e->kind->made),
	    e->line, e->line_len);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* What holds for the record as it is now, in the order of the rules: the
 * matcher's order is its own. */
static void
take_holding(const struct asking *a)
{
	struct engine *e = a->e;
	size_t i;

	if (e->n_hold == 0)
		return;
	engine_make_all(e);
	qsort(e->hold, e->n_hold, sizeof(*e->hold), by_number);
	for (i = 0; i < e->n_hold; i++)
		a->take(a->context, e->of_rule[e->hold[i]],
		    e->programs[e->hold[i]]);
}

static void
ask_programs(const struct asking *a)
{
	struct engine *e = a->e;
	const uint32_t *found;
	uint32_t at;
	size_t i, n;

	e->looks++;
	e->n_hold = 0;
	look(e, a->kind);
	found = matcher_found(e->matcher, &n);
	for (i = 0; i < n; i++)
		for (at = e->trigger_start[found[i]];
		     at < e->trigger_start[found[i] + 1]; at++)
			ask_program(a, e->triggered[at]);
	for (i = 0; i < e->n_always; i++)
		ask_program(a, e->always[i]);
	take_holding(a);
}

static uint64_t
through_sources(const struct engine *e, uint64_t sources)
{
	uint64_t through = 0;
	size_t i;

	for (i = 0; i < e->sources.n; i++)
		if (e->sources.v[i].is_through)
			through |= UINT64_C(1) << i;
	return sources & through;
}

static void
ask_again(void *context)
{
	ask_programs(context);
}

void
engine_ask(struct engine *e,
    void (*take)(void *context, size_t rule, const struct program *p),
    void *context)
{
	const struct kind *k = e->kind;
	struct asking a = { e, k, sources_of(e, k), take, context };
	const struct enrich_through through = { ask_again, &a };

	e->events++;
	ask_programs(&a);
	if ((a.sources = through_sources(e, a.sources)) != 0)
		enrich_each_through(e->enrich, &e->record, k->made, &through);
}

enum sigma_level
engine_level(struct engine *e, const struct program *p)
{
	return program_level(p, e->matcher, &e->record);
}

struct looking {
	struct asking asking;
	size_t rule;
	const struct engine_look *to;
};

static void
look_again(void *context)
{
	const struct looking *l = context;
	struct engine *e = l->asking.e;
	size_t i;

	look(e, l->asking.kind);
	for (i = 0; i < e->n_programs; i++)
		if (e->of_rule[i] == l->rule &&
		    (l->asking.sources >> e->source_of[i] & 1) != 0)
			l->to->take(l->to->context, e->programs[i], e->matcher,
			    &e->record);
}

void
engine_look(struct engine *e, size_t rule, const struct engine_look *l)
{
	const struct kind *k = e->kind;
	struct looking looking = { { e, k, sources_of(e, k), NULL, NULL }, rule,
		l };
	const struct enrich_through through = { look_again, &looking };

	look_again(&looking);
	if ((looking.asking.sources =
		    through_sources(e, looking.asking.sources)) != 0)
		enrich_each_through(e->enrich, &e->record, k->made, &through);
}
