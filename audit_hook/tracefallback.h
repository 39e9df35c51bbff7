/* SPDX-License-Identifier: ISC */
/* Where eBPF cannot be had: the process connector says who is whose child and
 * who ends, and audit what is run, or /proc where that cannot be had either. */
#ifndef CS_TRACEFALLBACK_H
#define CS_TRACEFALLBACK_H

#include "tracesource.h"

/* The level is ret->level. 0 or -errno. */
int tracefallback_open(bool is_check, const char *run_dir,
    tracesource_reader *read, void *context, struct tracesource *ret);

#endif
