/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "path.h"
#include "savefile.h"
#include "statefile.h"

#define POSITION_MAX (1024U * 1024U)

static int
write_all(FILE *to, struct stream *s, const struct follow *f)
{
	json_auto_t *position = follow_position(f);
	AUTO(free) char *text = NULL;
	struct savefile file = { to, false };

	if (position == NULL ||
	    (text = json_dumps(position, JSON_COMPACT)) == NULL)
		return -ENOMEM;
	save_text(&file, text);
	return file.is_bad ? -EIO : stream_save(s, to);
}

int
statefile_save(const char *path, struct stream *s, const struct follow *f)
{
	AUTO(free) char *bytes = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&bytes, &size);
	int r;

	if (to == NULL)
		return -errno;
	r = write_all(to, s, f);
	if (fclose(to) != 0)
		return -ENOMEM;
	return r < 0 ? r : path_write_atomic(path, bytes, size, 0600, 0);
}

int
statefile_load(const char *path, struct stream *s, struct follow *f)
{
	AUTO(fclose) FILE *from = fopen(path, "re");
	AUTO(free) char *text = NULL;
	json_auto_t *position = NULL;
	struct savefile file = { from, false };
	int r;

	if (from == NULL)
		return -errno;
	text = load_text(&file, POSITION_MAX);
	if (text == NULL || (position = json_loads(text, 0, NULL)) == NULL)
		// cppcheck-suppress resourceLeak
		return -EBADMSG;
	r = stream_load(s, from);
	if (r == 0)
		follow_resume(f, position);
	return r;
}
