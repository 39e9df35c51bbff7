/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "auto.h"
#include "rulefile.h"
#include "ruleset.h"

static void
tell(const char *path, const struct conf_error *e)
{
	AUTO(free) char *text = conf_error_text(e, path);

	fprintf(stderr, "%s\n", text != NULL ? text : path);
}

static void
fail(void *context, const char *path, const struct conf_error *e)
{
	struct ruleset *r = context;

	r->bad++;
	tell(path, e);
	if (r->failed != NULL)
		r->failed(r->context, path, e);
}

static int
take_placeholders(void *context, const struct yamlnode *map,
    struct conf_error *reterr)
{
	struct ruleset *r = context;

	return placeholders_add(&r->placeholders, map, reterr);
}

static void
add(struct ruleset *r, struct sigma_rule *rule)
{
	AUTO(free) char *path = strdup(rule->path);
	struct conf_error e = { 0 };

	if (alert_fields(r->engine, rule) < 0) {
		sigmarule_free(rule);
		(void)conf_error(&e, 0, "out of memory");
		fail(r, path != NULL ? path : "", &e);
		return;
	}
	if (engine_add(r->engine, rule, &e) < 0)
		fail(r, path != NULL ? path : "", &e);
}

/* What a rule wants may stand in a file after it. */
static bool
wait_for(struct ruleset *r, struct sigma_rule *rule)
{
	struct sigma_rule **grown;

	if (!placeholders_wanted(rule))
		return false;
	grown = reallocarray(r->waiting, r->n_waiting + 1,
	    sizeof(struct sigma_rule *));
	if (grown == NULL)
		return false;
	r->waiting = grown;
	r->waiting[r->n_waiting++] = rule;
	return true;
}

static void
take(void *context, struct sigma_rule *rule)
{
	struct ruleset *r = context;

	if (!wait_for(r, rule))
		add(r, rule);
}

static void
add_waiting(struct ruleset *r)
{
	struct sigma_rule *rule;
	size_t i;

	for (i = 0; i < r->n_waiting; i++) {
		struct conf_error e = { 0 };

		rule = TAKE(r->waiting[i]);
		if (placeholders_expand(rule, &r->placeholders, &e) == 0) {
			add(r, rule);
			continue;
		}
		if (*e.what == '\0')
			(void)conf_error(&e, 0, "out of memory");
		fail(r, rule->path, &e);
		sigmarule_free(rule);
	}
}

int
ruleset_load(struct ruleset *r)
{
	const struct rulefile_reader reader = { take, take_placeholders, fail,
		r };
	const char *logsources =
	    r->logsources != NULL ? r->logsources : CS_LOGSOURCES;
	struct conf_error e = { 0 };
	size_t i;
	int x;

	if ((x = engine_new(logsources, &r->engine, &e)) < 0) {
		if (x != -EINVAL)
			(void)conf_error(&e, 0, "cannot be read: %s",
			    strerror(-x));
		tell(logsources, &e);
		return x;
	}
	if (r->paths.n == 0 && (x = strv_add(&r->paths, CS_RULES)) < 0)
		return x;
	for (i = 0; i < r->paths.n; i++)
		if ((x = rulefile_read(r->paths.v[i], &reader)) < 0) {
			fprintf(stderr,
			    "countersign-detect: cannot open '%s': %s\n",
			    r->paths.v[i], strerror(-x));
			return x;
		}
	add_waiting(r);
	if ((x = engine_filter(r->engine, fail, r)) < 0)
		return x;
	if ((x = correlate_new(r->engine, fail, r, &r->correlate)) < 0)
		return x;
	if ((x = engine_compile(r->engine, &e)) < 0)
		tell("rules", &e);
	return x;
}

void
ruleset_clear(struct ruleset *r)
{
	correlate_free(r->correlate);
	engine_free(r->engine);
	strv_clear(&r->paths);
	placeholders_clear(&r->placeholders);
	while (r->n_waiting > 0)
		sigmarule_free(r->waiting[--r->n_waiting]);
	free(r->waiting);
}
