/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "explain.h"

#define SHOWN_MAX 200

struct writer {
	FILE *out;
	const char *indent;
	size_t looked;
	bool holds;
};

static void
put_text(FILE *out, const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < SHOWN_MAX; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)p[i]);
		else
			fputc(p[i], out);
	if (len > SHOWN_MAX)
		fputs("...", out);
}

static void
put_values(FILE *out, const struct value *v)
{
	if (v == NULL) {
		fputs("it is not there", out);
		return;
	}
	fputs("it is ", out);
	for (; v != NULL; v = v->next) {
		fputc('\'', out);
		put_text(out, v->p, v->len);
		fputs(v->next != NULL ? "', " : "'", out);
	}
}

static void
put_item(struct writer *w, const struct program *p,
    const struct sigma_item *item, bool holds, const struct record *r,
    const struct term *t)
{
	const struct place *place = item->field != NULL
	    ? logsource_place(p->source, item->field)
	    : NULL;
	size_t i;

	fprintf(w->out, "%s      %s %s:", w->indent, holds ? "+" : "-",
	    item->field != NULL ? item->field : "keywords");
	for (i = 0; i < item->n && i < 5; i++) {
		fputc(' ', w->out);
		put_text(w->out, item->values[i].text, item->values[i].len);
	}
	if (item->n > 5)
		fprintf(w->out, " and %zu more", item->n - 5);
	fputs("; ", w->out);
	if (place != NULL && place->kind == PLACE_NOWHERE)
		fputs("these events do not have it", w->out);
	else if (place != NULL && place->kind == PLACE_CONSTANT)
		fprintf(w->out, "it is always '%s'",
		    place->constants.n > 0 ? place->constants.v[0] : "");
	else if (t->n > 0)
		put_values(w->out, record_get(r, t->tests[0].field));
	fputc('\n', w->out);
}

static void
put_search(struct writer *w, const struct program *p, size_t i,
    struct matcher *m, const struct record *r)
{
	const struct sigma_search *s = &p->rule->searches[i];
	const struct part *part = &p->parts[i];
	size_t k, j;

	fprintf(w->out, "%s    %s\n", w->indent, p->rule->names.v[i]);
	for (k = 0; k < part->n; k++) {
		if (part->n > 1)
			fprintf(w->out, "%s     %s\n", w->indent,
			    k == 0 ? "one of:" : "or");
		for (j = 0; j < part->clauses[k].n; j++)
			put_item(w, p, &s->groups[k].items[j],
			    term_holds(&part->clauses[k].terms[j], m, r), r,
			    &part->clauses[k].terms[j]);
	}
}

static const char *
or_any(const char *text)
{
	return text != NULL ? text : "*";
}

static void
take(void *context, const struct program *p, struct matcher *m,
    const struct record *r)
{
	struct writer *w = context;
	bool holds = program_holds(p, m, r);
	size_t i;

	w->looked++;
	w->holds = w->holds || holds;
	fprintf(w->out, "%s  as %s/%s/%s: %s\n", w->indent,
	    or_any(p->source->product), or_any(p->source->category),
	    or_any(p->source->service), holds ? "holds" : "does not hold");
	if (p->rule->service != NULL && p->source->is_open)
		fprintf(w->out, "%s    only of events '%s'\n", w->indent,
		    p->rule->service);
	for (i = 0; i < p->rule->names.n; i++)
		put_search(w, p, i, m, r);
}

bool
explain_write(struct engine *e, size_t rule, FILE *out, const char *indent)
{
	struct writer w = { out, indent, 0, false };
	const struct engine_look look = { take, &w };

	engine_look(e, rule, &look);
	if (w.looked == 0)
		fprintf(out, "%s  the event is of no logsource of the rule\n",
		    indent);
	return w.holds;
}
