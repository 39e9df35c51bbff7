/* SPDX-License-Identifier: ISC */
/* The settings reader. */
#include "fuzz.h"
#include "settings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct settings *s = settings_new();
	struct conf_error e;

	if (s != NULL)
		(void)conf_parse((const char *)p, len, settings_keys,
		    settings_n_keys, s, &e);
	settings_free(s);
	return 0;
}
