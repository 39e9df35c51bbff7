/* SPDX-License-Identifier: ISC */
/* A PAM stack: ours put in are two, twice changes nothing, and taken out none
 * is left. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pamstack.h"

static size_t
count_ours(const char *text)
{
	struct pamstack s = { 0 };
	size_t n = 0, i;

	if (pamstack_parse(text, &s) < 0)
		abort();
	for (i = 0; i < s.n; i++)
		n += strcmp(s.v[i].module, PAM_MODULE) == 0;
	pamstack_clear(&s);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *text = strndup((const char *)p, len), *with, *again, *without;

	if (text == NULL)
		return 0;
	if ((with = pamstack_with_ours(text)) != NULL) {
		again = pamstack_with_ours(with);
		if (count_ours(with) != 2 || again == NULL ||
		    strcmp(with, again) != 0)
			abort();
		free(again);
	}
	without = pamstack_without_ours(with != NULL ? with : text);
	if (without == NULL || count_ours(without) != 0)
		abort();
	free(without);
	free(with);
	free(text);
	return 0;
}
