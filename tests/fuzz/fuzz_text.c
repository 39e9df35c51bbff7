/* SPDX-License-Identifier: ISC */
/* Any bytes as an event: one bounded line of valid JSON that shows nothing. */
#include <jansson.h>
#include <stdlib.h>

#include "event.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct event_context ctx = { .emitter = "keeper" };
	char line[EVENT_LINE_MAX + 1];
	struct event ev;
	size_t n, i;
	json_t *doc;

	event_init(&ev, &ctx, "exec", "T3002I");
	event_bytes(&ev, "command", p, len);
	event_bytes(&ev, "again", p, len / 2);
	n = event_render(&ev, line);
	for (i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			abort();
	if (n == 0 || (doc = json_loadb(line, n, JSON_ALLOW_NUL, NULL)) == NULL)
		abort();
	json_decref(doc);
	return 0;
}
