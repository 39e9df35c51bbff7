/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "auto.h"
#include "sigmalevel.h"

static const char *const levels[] = { [SIGMA_INFORMATIONAL] = "informational",
	[SIGMA_LOW] = "low",
	[SIGMA_MEDIUM] = "medium",
	[SIGMA_HIGH] = "high",
	[SIGMA_CRITICAL] = "critical" };

const char *
sigma_level_name(enum sigma_level level)
{
	return levels[level];
}

int
sigma_level_parse(const char *name, enum sigma_level *ret)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(levels); i++)
		if (strcmp(levels[i], name) == 0) {
			*ret = (enum sigma_level)i;
			return 0;
		}
	return -EINVAL;
}
