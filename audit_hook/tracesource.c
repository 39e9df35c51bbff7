/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "auto.h"
#include "traceaudit.h"
#include "tracefallback.h"
#include "tracekernel.h"
#include "tracesource.h"

static int
open_one(enum trace_level level, bool is_check, const struct settings *host,
    tracesource_reader *read, void *context, struct tracesource *ret)
{
	*ret = (struct tracesource){ .level = level };
	int r;

	if (level == TRACE_LEVEL_EBPF) {
		r = tracekernel_open(host->trace_unix, read, context, ret);
		if (r == 0 && !is_check)
			traceaudit_tidy(host->run_dir);
		return r;
	}
	return tracefallback_open(is_check, host->run_dir, read, context, ret);
}

int
tracesource_open(enum trace_level level, bool is_check,
    const struct settings *host, tracesource_reader *read, void *context,
    struct tracesource *ret)
{
	static const enum trace_level best_first[] = { TRACE_LEVEL_EBPF,
		TRACE_LEVEL_AUDIT_MULTICAST, TRACE_LEVEL_AUDIT_UNICAST,
		TRACE_LEVEL_PROC_CONNECTOR };
	int no_ebpf = 0, r;
	size_t i;

	if (level != TRACE_LEVEL_NONE)
		return open_one(level, is_check, host, read, context, ret);
	for (i = 0; i < ARRAY_SIZE(best_first); i++) {
		r = open_one(best_first[i], is_check, host, read, context, ret);
		if (i == 0)
			no_ebpf = r;
		ret->no_ebpf = no_ebpf;
		if (r == 0)
			return 0;
		tracesource_free(ret);
	}
	*ret = (struct tracesource){ .no_ebpf = no_ebpf };
	return no_ebpf;
}

void
tracesource_free(struct tracesource *s)
{
	if (s->of != NULL)
		s->ops->free(s->of);
	s->of = NULL;
}
