/* SPDX-License-Identifier: ISC */
/* Between two policies: who gains and who loses what. */
#ifndef CS_POLICYDIFF_H
#define CS_POLICYDIFF_H

#include "policy.h"

struct change {
	char sign; /* '+' somebody gains, '-' loses, '~' neither is clear */
	char *text;
};

struct changes {
	struct change *v;
	size_t n;
};

/* 0 or -ENOMEM; the caller clears. */
int policydiff(const struct policy *old, const struct policy *new,
    struct changes *ret);
void changes_clear(struct changes *c);

#endif
