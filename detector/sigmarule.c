/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "sigmaalerting.h"
#include "sigmacorrelation.h"
#include "sigmadetection.h"
#include "sigmarule.h"
#include "yamlread.h"

DEFINE_AUTO(sigmarule_free, struct sigma_rule)

static int
read_level(const struct yamlnode *map, enum sigma_level *ret,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "level");

	*ret = SIGMA_MEDIUM;
	if (n == NULL ||
	    (n->kind == YAMLNODE_SCALAR &&
		sigma_level_parse(n->text, ret) == 0))
		return 0;
	return conf_error(reterr, n->line,
	    "'level' is one of informational, low, medium, high, critical");
}

static int
read_status(const struct sigma_rule *r, const struct yamlnode *map,
    struct conf_error *reterr)
{
	static const char *const known[] = { "stable", "test", "experimental",
		"deprecated", "unsupported" };
	size_t i;

	for (i = 0; r->status != NULL && i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i], r->status) == 0)
			return 0;
	if (r->status == NULL)
		return 0;
	return conf_error(reterr, yamlnode_get(map, "status")->line,
	    "'status' is one of stable, test, experimental, deprecated, "
	    "unsupported");
}

static int
read_logsource(struct sigma_rule *r, const struct yamlnode *map,
    struct conf_error *reterr)
{
	const struct yamlnode *n = yamlnode_get(map, "logsource");
	int x;

	if (n == NULL || n->kind != YAMLNODE_MAP)
		return conf_error(reterr, n != NULL ? n->line : map->line,
		    "a rule has a 'logsource' with a product, category or "
		    "service");
	if ((x = yamlread_text(n, "product", &r->product, reterr)) < 0 ||
	    (x = yamlread_text(n, "category", &r->category, reterr)) < 0)
		return x;
	if ((x = yamlread_text(n, "service", &r->service, reterr)) < 0)
		return x;
	if (r->product == NULL && r->category == NULL && r->service == NULL)
		return conf_error(reterr, n->line,
		    "a 'logsource' has a product, category or service");
	return 0;
}

static int
read_facts(struct sigma_rule *r, const struct yamlnode *map,
    struct conf_error *reterr)
{
	int x;

	if ((x = yamlread_text(map, "title", &r->title, reterr)) < 0 ||
	    (x = yamlread_text(map, "id", &r->id, reterr)) < 0 ||
	    (x = yamlread_text(map, "name", &r->name, reterr)) < 0 ||
	    (x = yamlread_text(map, "status", &r->status, reterr)) < 0 ||
	    (x = yamlread_text(map, "author", &r->author, reterr)) < 0 ||
	    (x = yamlread_text(map, "description", &r->description, reterr)) <
		0 ||
	    (x = yamlread_texts(map, "tags", &r->tags, reterr)) < 0 ||
	    (x = yamlread_texts(map, "references", &r->references, reterr)) <
		0 ||
	    (x = yamlread_texts(map, "falsepositives", &r->falsepositives,
		 reterr)) < 0 ||
	    (x = yamlread_texts(map, "fields", &r->fields, reterr)) < 0)
		return x;
	if (r->title == NULL)
		return conf_error(reterr, map->line, "a rule has a 'title'");
	if ((x = read_status(r, map, reterr)) < 0)
		return x;
	return read_level(map, &r->level, reterr);
}

static int
read_filter(struct sigma_rule *r, const struct yamlnode *document,
    struct conf_error *reterr)
{
	const struct yamlnode *filter = yamlnode_get(document, "filter");
	int x;

	r->kind = SIGMA_FILTER;
	if (filter->kind != YAMLNODE_MAP)
		return conf_error(reterr, filter->line,
		    "a 'filter' is a map of 'rules', searches, 'condition'");
	if ((x = yamlread_texts(filter, "rules", &r->filtered, reterr)) < 0)
		return x;
	if (r->filtered.n == 0)
		return conf_error(reterr, filter->line,
		    "a 'filter' has 'rules', by id or name, or 'any'");
	if ((x = read_logsource(r, document, reterr)) < 0)
		return x;
	return sigmadetection_read(r, filter, "rules", reterr);
}

/* What it has says what it is. */
static int
read_kind(struct sigma_rule *r, const struct yamlnode *document,
    struct conf_error *reterr)
{
	const struct yamlnode *d = yamlnode_get(document, "detection");
	int x;

	if (yamlnode_get(document, "correlation") != NULL) {
		r->kind = SIGMA_CORRELATION;
		return sigmacorrelation_read(&r->correlation, document, reterr);
	}
	if (yamlnode_get(document, "filter") != NULL)
		return read_filter(r, document, reterr);
	if ((x = read_logsource(r, document, reterr)) < 0)
		return x;
	if (d == NULL || d->kind != YAMLNODE_MAP)
		return conf_error(reterr, d != NULL ? d->line : document->line,
		    "a rule has a 'detection' with searches and a "
		    "'condition'");
	return sigmadetection_read(r, d, NULL, reterr);
}

/* The searches that `levels` names are the rule's. */
static int
check_severe(const struct sigma_rule *r, struct conf_error *reterr)
{
	const struct strv *names;
	size_t level, i;

	for (level = 0; level < ARRAY_SIZE(r->alerting.severe); level++) {
		names = &r->alerting.severe[level];
		for (i = 0; i < names->n; i++)
			if (!strv_has(&r->names, names->v[i]))
				return conf_error(reterr, r->line,
				    "'levels' names '%.60s', which is no "
				    "search of this rule",
				    names->v[i]);
		if (names->n > 0 && level <= r->level)
			return conf_error(reterr, r->line,
			    "'levels' has %s, which is not above the rule's "
			    "own level",
			    sigma_level_name((enum sigma_level)level));
	}
	return 0;
}

int
sigmarule_read(const struct yamlnode *document, const char *path,
    struct sigma_rule **ret, struct conf_error *reterr)
{
	AUTO(sigmarule_free) struct sigma_rule *r = calloc(1, sizeof(*r));
	int x;

	if (r == NULL || (r->path = strdup(path)) == NULL)
		return -ENOMEM;
	r->line = document->line;
	if (document->kind != YAMLNODE_MAP)
		return conf_error(reterr, document->line,
		    "a rule is a map of 'title', 'logsource', 'detection'");
	if ((x = read_facts(r, document, reterr)) < 0 ||
	    (x = sigmaalerting_read(&r->alerting, document, reterr)) < 0 ||
	    (x = read_kind(r, document, reterr)) < 0 ||
	    (x = check_severe(r, reterr)) < 0)
		return x;
	*ret = TAKE(r);
	return 0;
}

int
sigma_rule_each_item(const struct sigma_rule *r,
    int (*f)(struct sigma_item *item, void *context), void *context)
{
	size_t i, k, j;
	int x;

	for (i = 0; i < r->names.n; i++)
		for (k = 0; k < r->searches[i].n; k++)
			for (j = 0; j < r->searches[i].groups[k].n; j++)
				if ((x = f(&r->searches[i].groups[k].items[j],
					 context)) != 0)
					return x;
	return 0;
}

const char *
sigma_rule_name(const struct sigma_rule *r)
{
	return r->id != NULL ? r->id : r->title;
}

bool
sigma_rule_is(const struct sigma_rule *r, const char *name)
{
	return (r->name != NULL && strcmp(r->name, name) == 0) ||
	    (r->id != NULL && strcmp(r->id, name) == 0);
}

void
sigmarule_free(struct sigma_rule *r)
{
	if (r == NULL)
		return;
	sigmadetection_clear(r);
	sigmaalerting_clear(&r->alerting);
	free(r->path);
	free(r->title);
	free(r->id);
	free(r->name);
	sigmacorrelation_clear(&r->correlation);
	strv_clear(&r->filtered);
	free(r->status);
	free(r->author);
	free(r->description);
	free(r->product);
	free(r->category);
	free(r->service);
	strv_clear(&r->tags);
	strv_clear(&r->references);
	strv_clear(&r->falsepositives);
	strv_clear(&r->fields);
	free(r);
}
