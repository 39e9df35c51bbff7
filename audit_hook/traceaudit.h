/* SPDX-License-Identifier: ISC */
/* Linux's audit (libaudit, libauparse): what processes of an audit session run
 * and connect to, by rules of ours. */
#ifndef CS_TRACEAUDIT_H
#define CS_TRACEAUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "tracerecord.h"

struct traceaudit;

/* What the kernel says of a syscall of ours: the record, whose `member` is not
 * set, and whose it is. */
struct traceaudit_origin {
	uint32_t pid, parent;
	uint32_t session; /* the audit session */
};

typedef void traceaudit_reader(void *context,
    const struct traceaudit_origin *from, struct trace_head *record,
    uint32_t n);

/*
 * With is_check nothing is changed, and nothing can be read. Beside auditd(8), or where there is none in its place. 0, or -errno: -ESRCH
 * there is no auditd, -EBUSY there is one, -EPERM the rules are locked, or
 * others' keep ours from working, or this
 * is not the first PID namespace. Rules that a killed one has left are removed; how
 * audit was set before us is in run_dir, for whoever comes after a killed one.
 */
int traceaudit_open(bool is_beside, bool is_check, const char *run_dir,
    traceaudit_reader *read, void *context, struct traceaudit **ret);
/* What a killed one has left that stood in auditd's place. */
void traceaudit_tidy(const char *run_dir);
/* Takes its rules back. */
void traceaudit_free(struct traceaudit *a);
int traceaudit_fd(const struct traceaudit *a);
/* One message. false: there is none now. */
bool traceaudit_read(struct traceaudit *a);
/* Rules for one audit session. 1, 0 if they are there already, or -errno. */
int traceaudit_watch(struct traceaudit *a, uint32_t session);
void traceaudit_forget(struct traceaudit *a, uint32_t session);
/* Records that the kernel had no room for since the start. */
uint64_t traceaudit_lost(struct traceaudit *a);

#endif
