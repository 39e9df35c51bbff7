/* SPDX-License-Identifier: ISC */
/* Which hosts: patterns by label key, as a policy writes them. */
#ifndef CS_LABELRULE_H
#define CS_LABELRULE_H

#include "jsonread.h"
#include "labels.h"
#include "strv.h"

struct label_rule {
	char *key; /* "*": any host, also one without labels */
	struct strv values; /* patterns */
};

struct label_rules {
	struct label_rule *v;
	size_t n;
};

jsonread_reader label_rules_read; /* struct label_rules */
void label_rules_clear(struct label_rules *l);

/* One of the key's patterns fits the host's value. */
bool label_rule_fits(const struct label_rule *rule, const struct labels *host);
/* Every key fits; without keys nothing does. */
bool label_rules_all_fit(const struct label_rules *l,
    const struct labels *host);
bool label_rules_any_fits(const struct label_rules *l,
    const struct labels *host);

#endif
