/* SPDX-License-Identifier: ISC */
/* Files that the user names, or "-". */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "input.h"
#include "path.h"

int
input_read(const char *path, size_t max_bytes, char **ret)
{
	AUTO(fclose) FILE *opened = NULL;
	AUTO(free) char *text = NULL;
	FILE *f = stdin;
	size_t len;
	int r;

	if (strcmp(path, "-") != 0) {
		if ((opened = fopen(path, "re")) == NULL)
			return -errno;
		f = opened;
	}
	if ((r = path_read(f, max_bytes, &text, &len)) < 0)
		return r;
	if (strlen(text) != len)
		return -EBADMSG;
	*ret = TAKE(text);
	return 0;
}
