/* SPDX-License-Identifier: ISC */
/* Where trace(8) learns what runs: the best that this kernel allows. Each is
 * told which processes belong to whom, and hands over records (tracerecord.h).
 */
#ifndef CS_TRACESOURCE_H
#define CS_TRACESOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"
#include "tracemsg.h"
#include "tracerecord.h"

/* Takes one record, which is borrowed. false: no more for now. */
typedef bool tracesource_reader(void *context, const struct trace_head *head,
    uint32_t n);

/* What it can show here. */
struct tracesource_can {
	bool connects; /* where processes connect to */
	bool sends; /* the first datagram to somewhere, unconnected */
	bool results; /* whether TCP came up */
	bool raw_sockets, binds, unix_sockets;
	const char *cgroup; /* where connects are seen; NULL: not by cgroup */
};

struct tracesource_ops {
	void (*free)(void *source);
	/* To be polled for reading. */
	int (*fd)(const void *source);
	/* Hands over at most so many records. true: there may be more. */
	bool (*read)(void *source, unsigned most);
	/* This process, and from now on its children. 0 or -errno. */
	int (*add)(void *source, uint32_t pid, struct trace_member m);
	/* Whose it is, or was a moment ago. */
	bool (
	    *find)(const void *source, uint32_t pid, struct trace_member *ret);
	void (*remove)(void *source, uint32_t pid);
	/* Whatever is of this audit session. 0 or -errno. */
	int (*add_audit)(void *source, uint32_t session, struct trace_member m);
	void (*forget_audit)(void *source, uint32_t session);
	/* What a person runs who has this login uid is told even if it is of no
	 * connection; or not any more. */
	void (*watch_uid)(void *source, uint32_t uid, bool is_watched);
	/* Marks each connection that has a process: used[number], of n. */
	void (*used)(const void *source, bool *used, uint32_t n);
	/* How much is lost since the start: records, and processes whose
	 * children are not known. */
	void (*lost)(const void *source, uint64_t *ret_records,
	    uint64_t *ret_members);
	/* How many of the records were of this connection, since the last time
	 * it was asked. NULL: that is not known. */
	uint64_t (*take_lost_of)(void *source, uint32_t connection);
};

struct tracesource {
	const struct tracesource_ops *ops;
	void *of;
	enum trace_level level;
	int no_ebpf; /* why it is not that: -errno */
	struct tracesource_can can;
	uint64_t capabilities; /* what it needs from now on: a bit each */
};

/* The best one, or the one that is asked for (TRACE_LEVEL_NONE: the best). 0, or
 * -errno, of eBPF if none can be had: *ret is to be freed then, too. The settings are
 * kept. is_check: only to say what there is; nothing is changed. */
int tracesource_open(enum trace_level level, bool is_check,
    const struct settings *host, tracesource_reader *read, void *context,
    struct tracesource *ret);
void tracesource_free(struct tracesource *s);

#endif
