/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <hs.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "auto.h"
#include "exprguard.h"
#include "matcher.h"

#define NONE		  UINT32_MAX
#define EXPRESSION_WEIGHT 0.12

struct atom {
	int field;
	struct sigmapattern pattern;
	uint64_t hash; /* of the pattern */
	uint32_t next; /* in the same place of the table */
	bool is_needed;
	hs_database_t
	    *alone; /* of one that is only looked for when asked about */
	uint64_t asked, found; /* of such a one: in which event last */
	char guard[EXPRGUARD_MAX]; /* what it is not tried without */
	size_t guard_len;
};

/* What looks into one field. */
struct field {
	hs_database_t *database; /* NULL: whole texts only, or nothing */
	size_t expressions;
	size_t shortest; /* nothing shorter fits one of them */
	size_t longest_exact, exact; /* of whole texts; how many */
	size_t longest_last, last; /* of what follows the last slash */
};

struct matcher {
	struct atom *atoms;
	size_t n, size;
	struct field *fields;
	size_t n_fields;
	uint32_t *table; /* by hash */
	size_t table_size;
	hs_scratch_t *scratch;
	uint64_t event;
	uint32_t *found;
	size_t n_found;
	uint64_t *bits; /* the same, by number */
};

struct matcher *
matcher_new(void)
{
	return calloc(1, sizeof(struct matcher));
}

void
matcher_free(struct matcher *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < m->n; i++) {
		free(m->atoms[i].pattern.text);
		hs_free_database(m->atoms[i].alone);
	}
	for (i = 0; i < m->n_fields; i++)
		hs_free_database(m->fields[i].database);
	hs_free_scratch(m->scratch);
	free(m->atoms);
	free(m->fields);
	free(m->table);
	free(m->found);
	free(m->bits);
	free(m);
}

/* The same for texts that differ in the case of letters only. */
static uint64_t
hash_of(int field, const char *p, size_t len)
{
	return quick_hash((uint32_t)field, UINT64_C(0x2020202020202020), p,
	    len);
}

static int
grow_table(struct matcher *m)
{
	size_t i, size = m->table_size == 0 ? 1024 : m->table_size * 2;
	uint32_t *table;

	if (m->n * 2 < m->table_size)
		return 0;
	if ((table = malloc(size * sizeof(*table))) == NULL)
		return -ENOMEM;
	memset(table, 0xff, size * sizeof(*table));
	for (i = 0; i < m->n; i++) {
		struct atom *a = &m->atoms[i];

		a->next = table[a->hash & (size - 1)];
		table[a->hash & (size - 1)] = (uint32_t)i;
	}
	free(m->table);
	m->table = table;
	m->table_size = size;
	return 0;
}

static int
grow(struct matcher *m, int field)
{
	size_t size = m->size == 0 ? 256 : m->size * 2, n = (size_t)field + 1;
	struct atom *atoms;
	struct field *fields;

	if (m->n == m->size) {
		atoms = reallocarray(m->atoms, size, sizeof(*atoms));
		if (atoms == NULL)
			return -ENOMEM;
		m->atoms = atoms;
		m->size = size;
	}
	if (n > m->n_fields) {
		fields = reallocarray(m->fields, n, sizeof(*fields));
		if (fields == NULL)
			return -ENOMEM;
		memset(fields + m->n_fields, 0,
		    (n - m->n_fields) * sizeof(*fields));
		m->fields = fields;
		m->n_fields = n;
	}
	return grow_table(m);
}

static bool
is_same(const struct sigmapattern *a, const struct sigmapattern *b)
{
	return a->kind == b->kind && a->is_cased == b->is_cased &&
	    a->is_multiline == b->is_multiline &&
	    a->is_single_line_dot == b->is_single_line_dot &&
	    a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static unsigned
flags_of(const struct sigmapattern *p)
{
	return (p->is_literal ? 0U : HS_FLAG_SINGLEMATCH) | HS_FLAG_ALLOWEMPTY |
	    (p->is_cased ? 0U : HS_FLAG_CASELESS) |
	    (p->is_multiline ? HS_FLAG_MULTILINE : 0U) |
	    (p->is_single_line_dot ? 0U : HS_FLAG_DOTALL);
}

/* Is it one that Hyperscan takes? */
static int
check_expression(const struct sigmapattern *p, size_t line,
    struct conf_error *reterr)
{
	hs_compile_error_t *e = NULL;
	hs_expr_info_t *info = NULL;
	int r = 0;

	if (memchr(p->text, '\0', p->len) != NULL)
		return conf_error(reterr, line, "an expression has a NUL");
	if (hs_expression_info(p->text, flags_of(p), &info, &e) != HS_SUCCESS)
		r = conf_error(reterr, line,
		    "this expression cannot be looked for: %.150s",
		    e != NULL ? e->message : "no memory");
	free(info);
	hs_free_compile_error(e);
	return r;
}

static void
count(struct matcher *m, const struct atom *a)
{
	struct field *f = &m->fields[a->field];

	if (a->pattern.kind == SIGMAPATTERN_EXPRESSION) {
		f->expressions++;
		return;
	}
	if (a->pattern.kind == SIGMAPATTERN_LAST) {
		f->last++;
		if (a->pattern.len > f->longest_last)
			f->longest_last = a->pattern.len;
		return;
	}
	f->exact++;
	if (a->pattern.len > f->longest_exact)
		f->longest_exact = a->pattern.len;
}

int
matcher_add(struct matcher *m, int field, const struct sigmapattern *p,
    size_t line, uint32_t *ret, struct conf_error *reterr)
{
	uint64_t hash = hash_of(field, p->text, p->len);
	struct atom *a;
	uint32_t i;
	int r;

	if ((r = grow(m, field)) < 0)
		return r;
	for (i = m->table[hash & (m->table_size - 1)]; i != NONE;
	     i = m->atoms[i].next)
		if (m->atoms[i].hash == hash && m->atoms[i].field == field &&
		    is_same(&m->atoms[i].pattern, p)) {
			*ret = i;
			return 0;
		}
	if (p->kind == SIGMAPATTERN_EXPRESSION && !p->is_literal &&
	    (r = check_expression(p, line, reterr)) < 0)
		return r;
	a = &m->atoms[m->n];
	*a = (struct atom){ .field = field, .pattern = *p, .hash = hash };
	if ((a->pattern.text = malloc(p->len + 1)) == NULL)
		return -ENOMEM;
	memcpy(a->pattern.text, p->text, p->len);
	a->pattern.text[p->len] = '\0';
	a->next = m->table[hash & (m->table_size - 1)];
	m->table[hash & (m->table_size - 1)] = (uint32_t)m->n;
	count(m, a);
	*ret = (uint32_t)m->n++;
	return 0;
}

void
matcher_need(struct matcher *m, uint32_t atom)
{
	m->atoms[atom].is_needed = true;
}

/* Literals cost nothing beside others; what has more to it does. */
static bool
is_alone(const struct atom *a)
{
	return a->pattern.kind == SIGMAPATTERN_EXPRESSION && !a->is_needed &&
	    !a->pattern.is_literal;
}

static int
compile_alone(struct matcher *m, struct atom *a, struct conf_error *reterr)
{
	hs_compile_error_t *e = NULL;
	int r = 0;

	if (hs_compile(a->pattern.text, flags_of(&a->pattern), HS_MODE_BLOCK,
		NULL, &a->alone, &e) != HS_SUCCESS)
		r = conf_error(reterr, 0,
		    "'%.80s' cannot be looked for: %.120s", a->pattern.text,
		    e != NULL ? e->message : "no memory");
	hs_free_compile_error(e);
	if (r == 0 && hs_alloc_scratch(a->alone, &m->scratch) != HS_SUCCESS)
		return -ENOMEM;
	m->fields[a->field].expressions--;
	if (a->pattern.is_cased)
		a->guard_len =
		    exprguard(a->pattern.text, a->pattern.len, a->guard);
	return r;
}

/* What the shortest text is that fits it. */
static size_t
width_of(const struct atom *a)
{
	hs_compile_error_t *e = NULL;
	hs_expr_info_t *info = NULL;
	size_t width = 0;

	if (hs_expression_info(a->pattern.text, flags_of(&a->pattern), &info,
		&e) == HS_SUCCESS)
		width = info->min_width;
	free(info);
	hs_free_compile_error(e);
	return width;
}

static int
compile_field(struct matcher *m, int field, struct conf_error *reterr)
{
	struct field *f = &m->fields[field];
	AUTO(free) const char **texts = calloc(f->expressions, sizeof(*texts));
	AUTO(free) unsigned *flags = calloc(f->expressions, sizeof(*flags));
	AUTO(free) unsigned *ids = calloc(f->expressions, sizeof(*ids));
	hs_compile_error_t *e = NULL;
	unsigned n = 0;
	size_t i, width;
	int r = 0;

	if (texts == NULL || flags == NULL || ids == NULL)
		return -ENOMEM;
	f->shortest = SIZE_MAX;
	for (i = 0; i < m->n; i++)
		if (m->atoms[i].field == field &&
		    m->atoms[i].pattern.kind == SIGMAPATTERN_EXPRESSION &&
		    !is_alone(&m->atoms[i])) {
			texts[n] = m->atoms[i].pattern.text;
			flags[n] = flags_of(&m->atoms[i].pattern);
			ids[n++] = (unsigned)i;
			width = width_of(&m->atoms[i]);
			if (width < f->shortest)
				f->shortest = width;
		}
	if (hs_compile_multi(texts, flags, ids, n, HS_MODE_BLOCK, NULL,
		&f->database, &e) != HS_SUCCESS)
		r = conf_error(reterr, 0,
		    "'%.80s' cannot be looked for: %.120s",
		    e != NULL && e->expression >= 0 ? texts[e->expression] : "",
		    e != NULL ? e->message : "no memory");
	hs_free_compile_error(e);
	return r;
}

int
matcher_compile(struct matcher *m, struct conf_error *reterr)
{
	size_t i;
	int r;

	m->found = calloc(m->n + 1, sizeof(*m->found));
	m->bits = calloc(m->n / 64 + 1, sizeof(*m->bits));
	if (m->found == NULL || m->bits == NULL)
		return -ENOMEM;
	for (i = 0; i < m->n; i++)
		if (is_alone(&m->atoms[i]) &&
		    (r = compile_alone(m, &m->atoms[i], reterr)) < 0)
			return r;
	for (i = 0; i < m->n_fields; i++) {
		if (m->fields[i].expressions == 0)
			continue;
		if ((r = compile_field(m, (int)i, reterr)) < 0)
			return r;
		if (hs_alloc_scratch(m->fields[i].database, &m->scratch) !=
		    HS_SUCCESS)
			return -ENOMEM;
	}
	return 0;
}

size_t
matcher_count(const struct matcher *m)
{
	return m->n;
}

const struct sigmapattern *
matcher_pattern(const struct matcher *m, uint32_t atom)
{
	return &m->atoms[atom].pattern;
}

size_t
matcher_bytes(const struct matcher *m)
{
	size_t i, size, all = 0;

	for (i = 0; i < m->n_fields; i++)
		if (m->fields[i].database != NULL &&
		    hs_database_size(m->fields[i].database, &size) ==
			HS_SUCCESS)
			all += size;
	return all;
}

double
matcher_weight(const struct matcher *m, uint32_t atom)
{
	const struct sigmapattern *p = &m->atoms[atom].pattern;
	double length = (double)(p->literal + 1);

	/* What has more to it than a text costs more than its rarity says (as
	 * measured: tests/bench/detect). */
	if (p->kind == SIGMAPATTERN_EXPRESSION && !p->is_literal)
		return EXPRESSION_WEIGHT;
	return 1 / (length * length);
}

void
matcher_begin(struct matcher *m)
{
	m->event++;
	while (m->n_found > 0)
		m->bits[m->found[--m->n_found] / 64] = 0;
}

static void
find(struct matcher *m, uint32_t atom)
{
	uint64_t bit = UINT64_C(1) << (atom & 63);

	if ((m->bits[atom / 64] & bit) != 0)
		return;
	m->bits[atom / 64] |= bit;
	m->found[m->n_found++] = atom;
}

static int
on_match(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
	(void)from;
	(void)to;
	(void)flags;
	find(context, id);
	return 0;
}

struct found {
	struct matcher *m;
	struct atom *a;
};

static int
on_match_alone(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
	const struct found *f = context;

	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	f->a->found = f->m->event;
	return 0;
}

static bool
is_text(const struct sigmapattern *p, const char *text)
{
	size_t i;

	if (p->is_cased)
		return memcmp(p->text, text, p->len) == 0;
	for (i = 0; i < p->len; i++)
		if (ascii_lower(p->text[i]) != ascii_lower(text[i]))
			return false;
	return true;
}

static void
look_up(struct matcher *m, int field, enum sigmapattern_kind kind,
    const char *p, size_t len)
{
	uint64_t hash = hash_of(field, p, len);
	const struct atom *a;
	uint32_t i;

	for (i = m->table[hash & (m->table_size - 1)]; i != NONE; i = a->next) {
		a = &m->atoms[i];
		if (a->hash == hash && a->field == field &&
		    a->pattern.kind == kind && a->pattern.len == len &&
		    is_text(&a->pattern, p))
			find(m, i);
	}
}

static void
look_last(struct matcher *m, int field, const struct field *f,
    const struct value *v)
{
	const char *slash = memrchr(v->p, '/', v->len);
	size_t len;

	if (slash == NULL)
		return;
	len = v->len - (size_t)(slash + 1 - v->p);
	if (len <= f->longest_last)
		look_up(m, field, SIGMAPATTERN_LAST, slash + 1, len);
}

void
matcher_look(struct matcher *m, int field, const struct value *v)
{
	const struct field *f = &m->fields[field];

	for (; v != NULL; v = v->next) {
		if (f->exact > 0 && v->len <= f->longest_exact)
			look_up(m, field, SIGMAPATTERN_EXACT, v->p, v->len);
		if (f->last > 0)
			look_last(m, field, f, v);
		if (f->database != NULL && v->len >= f->shortest &&
		    v->len <= UINT32_MAX)
			(void)hs_scan(f->database, v->p, (unsigned)v->len, 0,
			    m->scratch, on_match, m);
	}
}

const uint32_t *
matcher_found(const struct matcher *m, size_t *ret_n)
{
	*ret_n = m->n_found;
	return m->found;
}

static void
look_alone(struct matcher *m, struct atom *a, const struct record *r)
{
	const struct value *v;

	a->asked = m->event;
	for (v = record_get(r, a->field); v != NULL && a->found != m->event;
	     v = v->next)
		if (v->len <= UINT32_MAX &&
		    (a->guard_len == 0 ||
			memmem(v->p, v->len, a->guard, a->guard_len) != NULL))
			(void)hs_scan(a->alone, v->p, (unsigned)v->len, 0,
			    m->scratch, on_match_alone,
			    &(struct found){ m, a });
}

bool
matcher_has(struct matcher *m, uint32_t atom, const struct record *r)
{
	struct atom *a = &m->atoms[atom];

	if (a->alone == NULL)
		return (m->bits[atom / 64] >> (atom & 63) & 1) != 0;
	if (a->asked != m->event)
		look_alone(m, a, r);
	return a->found == m->event;
}

const uint64_t *
matcher_bits(const struct matcher *m)
{
	return m->bits;
}

bool
matcher_is_asked_for(const struct matcher *m, uint32_t atom)
{
	return m->atoms[atom].alone != NULL;
}

bool
matcher_wants(const struct matcher *m, int field)
{
	return (size_t)field < m->n_fields &&
	    (m->fields[field].exact > 0 || m->fields[field].last > 0 ||
		m->fields[field].database != NULL);
}
