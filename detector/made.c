/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "auto.h"
#include "made.h"

static const char *const names[] = { [MADE_COMMAND_LINE] = "@command_line",
	[MADE_PARENT_IMAGE] = "@parent_image",
	[MADE_PARENT_COMMAND_LINE] = "@parent_command_line",
	[MADE_REMOTE_IP] = "@remote_ip",
	[MADE_REMOTE_NET] = "@remote_net",
	[MADE_VALIDITY] = "@validity_s",
	[MADE_USER_DOMAIN] = "@user_domain",
	[MADE_FILES] = "@files",
	[MADE_LINE] = "@line",
	[MADE_MESSAGE] = "@message",
	[MADE_PROGRAM] = "@program" };

int
made_find(const char *name, size_t len)
{
	size_t i;

	if (len == 0 || *name != '@')
		return -1;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (int)i;
	if (len < 5 || len > 6 || memcmp(name, "@arg", 4) != 0)
		return -1;
	for (i = 0; i < MADE_ARGS; i++)
		if ((len == 5 && i < 10 && name[4] == (char)('0' + i)) ||
		    (len == 6 && i >= 10 && name[4] == '1' &&
			name[5] == (char)('0' + i - 10)))
			return MADE_ARG + (int)i;
	return -1;
}
