/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "tracemsg.h"

static const char *const names[TRACE_LEVELS] = {
	[TRACE_LEVEL_NONE] = "none",
	[TRACE_LEVEL_EBPF] = "ebpf",
	[TRACE_LEVEL_AUDIT_MULTICAST] = "audit_multicast",
	[TRACE_LEVEL_AUDIT_UNICAST] = "audit_unicast",
	[TRACE_LEVEL_PROC_CONNECTOR] = "proc_connector",
};

const char *
trace_level_name(enum trace_level level)
{
	return names[(unsigned)level < TRACE_LEVELS ? level : TRACE_LEVEL_NONE];
}

enum trace_level
trace_level_of(const char *name)
{
	unsigned i;

	for (i = 1; i < TRACE_LEVELS; i++)
		if (strcmp(names[i], name) == 0)
			return (enum trace_level)i;
	return TRACE_LEVEL_NONE;
}
