/* SPDX-License-Identifier: ISC */
/* The kernel's part of trace: loaded, attached, read, told whose what is. */
#ifndef CS_TRACEKERNEL_H
#define CS_TRACEKERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "tracerecord.h"

struct tracekernel;

/* Takes one record, which is borrowed. */
typedef void tracekernel_reader(void *context, const struct trace_head *head,
    uint32_t n);

/* What this kernel allows. */
struct tracekernel_can {
	bool programs; /* fork, exec, exit: without them there is nothing */
	bool connects, results, raw_sockets;
	const char *cgroup; /* where connects are seen; NULL: no cgroup2 */
};

/* Loads and attaches: what cannot be is left out, and said in *ret. NULL, and
 * *ret_error is -errno, if not even `programs` can. The caller frees. */
struct tracekernel *tracekernel_open(tracekernel_reader *read, void *context,
    struct tracekernel_can *ret, int *ret_error);
void tracekernel_free(struct tracekernel *k);
/* To be polled for reading. */
int tracekernel_fd(const struct tracekernel *k);
/* Hands over at most so many records. true: there may be more. */
bool tracekernel_read(struct tracekernel *k, unsigned most);
/* This process, and from now on its children, or whatever is of this audit
 * session. 0 or -errno. */
int tracekernel_add(struct tracekernel *k, uint32_t pid, struct trace_member m);
void tracekernel_remove(struct tracekernel *k, uint32_t pid);
int tracekernel_add_audit(struct tracekernel *k, uint32_t audit_session_id,
    struct trace_member m);
void tracekernel_forget_audit(struct tracekernel *k, uint32_t audit_session_id);
/* What a person runs who has this login uid is told even if it is of no
 * connection; or not any more. */
void tracekernel_watch_uid(struct tracekernel *k, uint32_t uid,
    bool is_watched);
/* Marks each connection that has a process: used[number]. */
void tracekernel_used(const struct tracekernel *k, bool *used, uint32_t n);
/* How much has been lost since the start: records, and processes whose children
 * are not known. */
void tracekernel_lost(const struct tracekernel *k, uint64_t *ret_records,
    uint64_t *ret_members);

#endif
