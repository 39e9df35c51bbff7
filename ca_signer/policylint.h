/* SPDX-License-Identifier: ISC */
/* What is allowed to be written in a policy and cannot have been meant. */
#ifndef CS_POLICYLINT_H
#define CS_POLICYLINT_H

#include "policyfile.h"

enum lint_level {
	LINT_NOTE, /* worth knowing */
	LINT_WARNING /* most likely a mistake */
};

struct lint {
	enum lint_level level;
	size_t line, column; /* 0: not known */
	char *where; /* "roles.web.allow" */
	char *text;
};

struct lints {
	struct lint *v;
	size_t n;
};

/* In the order of the roles' names, then of the locks. 0 or -ENOMEM; the
 * caller clears. */
int policylint(const struct policyfile *p, uint64_t now_s, struct lints *ret);
void lints_clear(struct lints *l);

#endif
