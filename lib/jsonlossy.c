/* SPDX-License-Identifier: ISC */
/* Bytes from outside as jansson takes them: it refuses what is not UTF-8. Apart
 * from jsontext.c so that not everything links jansson. */
#include <string.h>

#include "auto.h"
#include "jsontext.h"

json_t *
jsontext_string(const void *p, size_t n)
{
	AUTO(free) char *clean = malloc(n + 1);
	const char *text = p;
	size_t at = 0, used;

	if (clean == NULL)
		return NULL;
	for (; n > 0; n -= used, text += used) {
		(void)utf8_decode((const uint8_t *)text, n, &used);
		if (used == 0 || *text == '\0') {
			clean[at++] = '?';
			used = 1;
			continue;
		}
		memcpy(clean + at, text, used);
		at += used;
	}
	return json_stringn(clean, at);
}
