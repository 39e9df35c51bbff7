/* SPDX-License-Identifier: ISC */
/* Rule files; a condition holds or does not whatever has been found. */
#include <stdlib.h>

#include "fuzz.h"
#include "sigmarule.h"

static void
try_rule(const struct yamlnode *document)
{
	struct sigma_rule *rule = NULL;
	struct conf_error e = { 0 };
	bool *found;
	size_t i;

	if (sigmarule_read(document, "x.yml", &rule, &e) < 0) {
		if (e.what[0] == '\0')
			abort();
		return;
	}
	if (rule->kind == SIGMA_CORRELATION) {
		sigmarule_free(rule);
		return;
	}
	if ((found = calloc(rule->names.n + 1, sizeof(*found))) == NULL)
		abort();
	(void)sigmacond_holds(rule->condition, found);
	for (i = 0; i < rule->names.n; i++)
		found[i] = true;
	(void)sigmacond_holds(rule->condition, found);
	free(found);
	sigmarule_free(rule);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yamlnode *all = NULL;
	struct conf_error e = { 0 };
	size_t i;

	if (yamltree_read((const char *)data, size, &all, &e) < 0) {
		if (e.what[0] == '\0')
			abort();
		return 0;
	}
	for (i = 0; i < all->n; i++)
		try_rule(all->items[i]);
	yamlnode_free(all);
	return 0;
}
