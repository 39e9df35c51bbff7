/* SPDX-License-Identifier: ISC */
/* Lines of input, and the shell text in them: what is read stays within its
 * bounds, and is the same when it is read again. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "eventread.h"
#include "eventtime.h"
#include "fuzz.h"
#include "through.h"

static struct eventread_memory *shapes;
static struct fieldtree tree;
static struct record record;

static void
take(void *context, char *const *words, size_t n)
{
	size_t i;

	if (n == 0)
		abort();
	for (i = 0; i < n; i++)
		*(size_t *)context += strlen(words[i]);
}

static void
try_shell(const uint8_t *data, size_t size)
{
	char sh[] = "sh", c[] = "-c", *text = malloc(size + 1);
	char *words[] = { sh, c, text };
	size_t bytes = 0;
	const struct through to = { take, &bytes };

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (through_read(words, 3, &to) < 0)
		abort();
	free(text);
}

static size_t
weigh(const struct record *r)
{
	const struct value *v;
	size_t i, k, n = 0;

	for (i = 0; i < r->n; i++)
		for (v = record_get(r, (int)i); v != NULL; v = v->next)
			for (k = 0; k < v->len; k++)
				n += (unsigned char)v->p[k] + i;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "event", "a", "a.b", "a.b.c",
		"argv", "time" };
	struct syslog_line line;
	uint64_t us;
	size_t i, weight;
	int r;

	if (tree.fields == 0) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (fieldtree_add(&tree, names[i]) < 0)
				abort();
		shapes = eventread_memory_new();
		if (shapes == NULL ||
		    record_init(&record, (size_t)tree.fields) < 0)
			abort();
	}
	/* The second time it knows the event's shape. */
	r = eventread_json(&tree, shapes, (const char *)data, size, &record);
	weight = weigh(&record);
	record_reset(&record);
	if (eventread_json(&tree, shapes, (const char *)data, size, &record) !=
		r ||
	    weigh(&record) != weight)
		abort();
	record_reset(&record);
	if (eventread_syslog((const char *)data, size, &line) == 0 &&
	    line.message_len > size)
		abort();
	(void)eventtime_parse((const char *)data, size, 0, &us);
	try_shell(data, size);
	return 0;
}
