/* SPDX-License-Identifier: ISC */
/* linux/connector.h, linux/cn_proc.h; messages are numbered by processor. */
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "traceproc.h"

#define BUFFER_BYTES (8 * 1024 * 1024)
#define CPUS_MAX     8192

/* netlink's header, the connector's, the word. */
static int
subscribe(int fd)
{
	const enum proc_cn_mcast_op op = PROC_CN_MCAST_LISTEN;
	const struct cn_msg message = { .id = { CN_IDX_PROC, CN_VAL_PROC },
		.len = sizeof(op) };
	char q[NLMSG_SPACE(sizeof(message) + sizeof(op))] = { 0 };
	const struct nlmsghdr head = { .nlmsg_len = sizeof(q),
		.nlmsg_type = NLMSG_DONE };

	memcpy(q, &head, sizeof(head));
	memcpy(q + NLMSG_HDRLEN, &message, sizeof(message));
	memcpy(q + NLMSG_HDRLEN + sizeof(message), &op, sizeof(op));
	return send(fd, q, sizeof(q), 0) < 0 ? -errno : 0;
}

/* The kernel answers with a message of its own. */
static int
await_answer(int fd)
{
	const struct timeval moment = { .tv_usec = 500000 };
	char buffer[4096];

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment)) <
		0 ||
	    recv(fd, buffer, sizeof(buffer), 0) < 0)
		return errno == EAGAIN ? -EOPNOTSUPP : -errno;
	return 0;
}

/* Elsewhere it says nothing, or what somebody else has asked it for, with
 * numbers that mean nothing here. Its inode is a constant of the kernel's
 * (PROC_PID_INIT_INO). */
static bool
is_first_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == 0xEFFFFFFCU;
}

int
traceproc_open(struct traceproc *p)
{
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
		.nl_groups = CN_IDX_PROC };
	const int size = BUFFER_BYTES;
	int r;

	*p = (struct traceproc){ .fd = -1 };
	if (!is_first_namespace())
		return -EOPNOTSUPP;
	*p = (struct traceproc){ .fd = socket(AF_NETLINK,
				     SOCK_DGRAM | SOCK_CLOEXEC,
				     NETLINK_CONNECTOR) };
	if (p->fd < 0)
		return -errno;
	(void)setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size));
	if (bind(p->fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		r = -errno;
	else if ((r = subscribe(p->fd)) == 0)
		r = await_answer(p->fd);
	if (r < 0)
		traceproc_close(p);
	return r;
}

void
traceproc_close(struct traceproc *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->next);
	p->next = NULL;
}

static void
count_missing(struct traceproc *p, uint32_t cpu, uint32_t number)
{
	uint32_t *grown;

	if (cpu >= CPUS_MAX)
		return;
	if (cpu >= p->n_next) {
		if ((grown = reallocarray(p->next, cpu + 1, sizeof(*grown))) ==
		    NULL)
			return;
		memset(grown + p->n_next, 0,
		    (cpu + 1 - p->n_next) * sizeof(*grown));
		p->next = grown;
		p->n_next = cpu + 1;
	}
	if (p->next[cpu] != 0)
		p->lost += (uint32_t)(number + 1 - p->next[cpu]);
	p->next[cpu] = number + 2;
}

/* The connector counts from boot without the time that it slept. */
static uint64_t
since_boot(uint64_t monotonic_ns)
{
	struct timespec now;
	uint64_t ns;

	if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return monotonic_ns;
	ns = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
	return clock_boot_usec() * 1000 - (ns - monotonic_ns);
}

/* Threads are none of ours, but for their ends. */
static bool
is_told(const struct proc_event *e, struct traceproc_event *ret)
{
	ret->time_ns = since_boot(e->timestamp_ns);
	switch (e->what) {
	case PROC_EVENT_FORK:
		ret->what = TRACEPROC_FORK;
		ret->pid = (uint32_t)e->event_data.fork.child_tgid;
		ret->parent = (uint32_t)e->event_data.fork.parent_tgid;
		return e->event_data.fork.child_pid ==
		    e->event_data.fork.child_tgid;
	case PROC_EVENT_EXEC:
		ret->what = TRACEPROC_EXEC;
		ret->pid = (uint32_t)e->event_data.exec.process_tgid;
		return true;
	case PROC_EVENT_EXIT:
		ret->what = TRACEPROC_EXIT;
		ret->pid = (uint32_t)e->event_data.exit.process_tgid;
		ret->code = e->event_data.exit.exit_code;
		ret->is_thread = e->event_data.exit.process_pid !=
		    e->event_data.exit.process_tgid;
		return true;
	default:
		return false;
	}
}

int
traceproc_read(struct traceproc *p, struct traceproc_event *ret)
{
	union {
		struct nlmsghdr head;
		char bytes[1024];
	} m;
	struct proc_event e;
	struct cn_msg cn;
	ssize_t n;

	*ret = (struct traceproc_event){ .pid = 0 };
	for (;;) {
		n = recv(p->fd, &m, sizeof(m), MSG_DONTWAIT);
		if (n < 0 && (errno == ENOBUFS || errno == EINTR))
			continue;
		if (n < 0)
			return 0;
		if ((size_t)n < NLMSG_HDRLEN + sizeof(cn) + sizeof(e) ||
		    m.head.nlmsg_pid != 0)
			continue;
		memcpy(&cn, NLMSG_DATA(&m.head), sizeof(cn));
		memcpy(&e, (char *)NLMSG_DATA(&m.head) + sizeof(cn), sizeof(e));
		/* What it answers to others is not numbered with the rest. */
		if (cn.id.idx != CN_IDX_PROC || e.what == PROC_EVENT_NONE)
			continue;
		count_missing(p, e.cpu, cn.seq);
		if (is_told(&e, ret))
			return 1;
	}
}
