/* SPDX-License-Identifier: ISC */
/* Which hosts: patterns by label key, as a policy writes them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "labelrule.h"
#include "parse.h"
#include "pattern.h"

static int
read_rule(const struct jsonread_place *at, json_t *v, struct label_rule *rule)
{
	int r;

	if (!is_simple_name(rule->key) && strcmp(rule->key, "*") != 0)
		return jsonread_refuse(at, "a label's key cannot be this");
	r = jsonread_strings(at, v, pattern_is_valid,
	    "want a glob, or a valid /expression/", &rule->values);
	if (r < 0)
		return r;
	if (rule->values.n == 0)
		return jsonread_refuse(at, "want at least one value");
	/* It asks for no label: a value would look as if it did. */
	if (strcmp(rule->key, "*") == 0 &&
	    (rule->values.n > 1 || strcmp(rule->values.v[0], "*") != 0))
		return jsonread_refuse(at, "can only be [\"*\"]: any host");
	return 0;
}

int
label_rules_read(const struct jsonread_place *at, json_t *v, void *field)
{
	struct label_rules *l = field;
	struct label_rule *more;
	const char *key;
	json_t *item;
	int r;

	if (!json_is_object(v) || json_object_size(v) > JSONREAD_LIST_MAX)
		return jsonread_refuse(at, "want an object of lists");
	json_object_foreach (v, key, item) {
		struct jsonread_place here = jsonread_in(at, key);

		more = reallocarray(l->v, l->n + 1, sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		l->v = more;
		more += l->n++;
		*more = (struct label_rule){ .key = strdup(key) };
		if (more->key == NULL)
			return -ENOMEM;
		if ((r = read_rule(&here, item, more)) < 0)
			return r;
	}
	return 0;
}

void
label_rules_clear(struct label_rules *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		free(l->v[i].key);
		strv_clear(&l->v[i].values);
	}
	free(l->v);
	*l = (struct label_rules){ 0 };
}

bool
label_rule_fits(const struct label_rule *rule, const struct labels *host)
{
	const char *value;

	if (strcmp(rule->key, "*") == 0)
		return true;
	if ((value = labels_get(host, rule->key)) == NULL)
		return false;
	return pattern_match_any(&rule->values, value);
}

bool
label_rules_all_fit(const struct label_rules *l, const struct labels *host)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (!label_rule_fits(&l->v[i], host))
			return false;
	return l->n > 0;
}

bool
label_rules_any_fits(const struct label_rules *l, const struct labels *host)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (label_rule_fits(&l->v[i], host))
			return true;
	return false;
}
