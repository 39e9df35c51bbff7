/* SPDX-License-Identifier: ISC */
/* Which key of a CA signs while it is rotated. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "path.h"
#include "rotation.h"

#define ROTATION_FILE	   "rotation"
#define ROTATION_MAX_BYTES 4096

static const char *const words[] = { [ROTATION_START] = "start",
	[ROTATION_SWITCH] = "switch",
	[ROTATION_FINISH] = "finish" };

static int
parse_line(char *line, enum rotation_phase phases[CA_WHICH_COUNT])
{
	const char *name = strsep(&line, " ");
	size_t i, j;

	for (i = 0; line != NULL && i < CA_WHICH_COUNT; i++) {
		if (strcmp(ca_key_name((enum ca_which)i), name) != 0)
			continue;
		for (j = ROTATION_START; j < ARRAY_SIZE(words); j++)
			if (strcmp(words[j], line) == 0) {
				phases[i] = (enum rotation_phase)j;
				return 0;
			}
	}
	return -EBADMSG;
}

static int
load(const char *dir, enum rotation_phase phases[CA_WHICH_COUNT])
{
	AUTO(free) char *path = ca_path(dir, ROTATION_FILE);
	AUTO(free) char *text = NULL;
	AUTO(fclose) FILE *f = NULL;
	char *at, *line;
	size_t len;
	int r;

	memset(phases, 0, CA_WHICH_COUNT * sizeof(*phases));
	if (path == NULL)
		return -ENOMEM;
	if ((f = fopen(path, "re")) == NULL)
		return errno == ENOENT ? 0 : -errno;
	if ((r = path_read(f, ROTATION_MAX_BYTES, &text, &len)) < 0)
		return r;
	for (at = text; (line = strsep(&at, "\n")) != NULL;)
		if (line[0] != '\0' && (r = parse_line(line, phases)) < 0)
			return r;
	return 0;
}

int
rotation_phase(const char *dir, enum ca_which which, enum rotation_phase *ret)
{
	enum rotation_phase phases[CA_WHICH_COUNT];
	int r;

	if ((r = load(dir, phases)) < 0)
		return r;
	*ret = phases[which];
	return 0;
}

int
rotation_set_phase(const char *dir, enum ca_which which,
    enum rotation_phase phase)
{
	AUTO(free) char *path = ca_path(dir, ROTATION_FILE);
	enum rotation_phase phases[CA_WHICH_COUNT];
	char text[256] = "";
	size_t i, n = 0;
	int r;

	if (path == NULL)
		return -ENOMEM;
	if ((r = load(dir, phases)) < 0)
		return r;
	phases[which] = phase;
	for (i = 0; i < CA_WHICH_COUNT; i++)
		if (phases[i] != ROTATION_NONE)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s %s\n", ca_key_name((enum ca_which)i),
			    words[phases[i]]);
	return path_write_atomic(path, text, n, 0600, 0);
}

static char *
key_path(const char *dir, enum ca_which which, const char *suffix)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s%s", dir, ca_key_name(which), suffix) < 0
	    ? NULL
	    : path;
}

/* Where the new key is in the middle of a `finish`: still at its old name, also
 * if only its public half is here; else at its new one. */
static bool
is_before_rename(const char *dir, enum ca_which which)
{
	AUTO(free) char *old = key_path(dir, which, "");
	AUTO(free) char *next = key_path(dir, which, CA_NEXT);
	AUTO(free) char *next_pub = key_path(dir, which, CA_NEXT ".pub");

	if (old == NULL || next == NULL || next_pub == NULL)
		return false;
	return access(next, F_OK) == 0 ||
	    (access(old, F_OK) < 0 && access(next_pub, F_OK) == 0);
}

int
rotation_signing_key(const char *dir, enum ca_which which, char **ret)
{
	enum rotation_phase phase;
	bool is_next;
	int r;

	if ((r = rotation_phase(dir, which, &phase)) < 0)
		return r;
	is_next = phase == ROTATION_SWITCH ||
	    (phase == ROTATION_FINISH && is_before_rename(dir, which));
	*ret = key_path(dir, which, is_next ? CA_NEXT : "");
	return *ret == NULL ? -ENOMEM : 0;
}
