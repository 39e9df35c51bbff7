/* SPDX-License-Identifier: ISC */
/* The eBPF part of trace: loaded, attached, read, told whose what is. */
#ifndef CS_TRACEKERNEL_H
#define CS_TRACEKERNEL_H

#include "tracesource.h"

/* Loads and attaches: what cannot be is left out, and said in ret->can. 0, or
 * -errno if not even fork, exec and exit can be seen. */
int tracekernel_open(bool wants_unix, tracesource_reader *read, void *context,
    struct tracesource *ret);

#endif
