/* SPDX-License-Identifier: ISC */
/* The kernel's process connector (linux/cn_proc.h): forks, execs and exits of
 * the whole host, by number. Only in the first PID and network namespace. */
#ifndef CS_TRACEPROC_H
#define CS_TRACEPROC_H

#include <stdbool.h>
#include <stdint.h>

enum traceproc_what {
	TRACEPROC_FORK,
	TRACEPROC_EXEC,
	TRACEPROC_EXIT
};

struct traceproc_event {
	enum traceproc_what what;
	uint32_t pid; /* of the process; of a fork, the new one's */
	uint32_t parent; /* of a fork */
	bool is_thread; /* an exit, of one that is not the first */
	uint32_t code; /* of an exit, as wait(2) says it */
	uint64_t time_ns; /* since boot */
};

struct traceproc {
	int fd;
	uint64_t lost;
	uint32_t *next; /* number of each processor's next message, + 1 */
	uint32_t n_next;
};

/* 0 or -errno. */
int traceproc_open(struct traceproc *p);
void traceproc_close(struct traceproc *p);
/* 1 with an event, 0: there is none now. Numbers that are missing are counted
 * in `lost`. */
int traceproc_read(struct traceproc *p, struct traceproc_event *ret);

#endif
