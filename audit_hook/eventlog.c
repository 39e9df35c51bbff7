/* SPDX-License-Identifier: ISC */
/* One JSON object a line. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "auto.h"
#include "eventlog.h"

static int
read_file(const char *path, eventlog_reader *read, void *context,
    size_t *ret_bad)
{
	AUTO(fclose) FILE *f = fopen(path, "re");
	AUTO(free) char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int r = 0;

	if (f == NULL)
		return -errno;
	while (r == 0 && (n = getline(&line, &room, f)) > 0) {
		json_t *event = json_loadb(line, (size_t)n, 0, NULL);

		if (json_is_object(event))
			r = read(event, context);
		else if (line[n - 1] == '\n') /* else it is being written */
			(*ret_bad)++;
		json_decref(event);
	}
	return r == 0 && ferror(f) ? -errno : r;
}

int
eventlog_read(const char *path, eventlog_reader *read, void *context,
    size_t *ret_bad)
{
	char older[PATH_MAX];
	int r;

	*ret_bad = 0;
	snprintf(older, sizeof(older), "%s.1", path);
	r = read_file(older, read, context, ret_bad);
	if (r != 0 && r != -ENOENT)
		return r;
	return read_file(path, read, context, ret_bad);
}

const char *
eventlog_text(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text != NULL ? text : "";
}
