/* SPDX-License-Identifier: ISC */
/* What the kernel's part of trace (trace.bpf.c) tells the other: one record of
 * these in the ring buffer. Both are built together. */
#ifndef CS_TRACERECORD_H
#define CS_TRACERECORD_H

#ifndef __bpf__
#include <stdint.h>
#endif

#define TRACE_MEMBERS  65536
#define TRACE_RING     (4 * 1024 * 1024)
#define TRACE_WAKE     (64 * 1024) /* bytes in it that wake the reader */
#define TRACE_ARGS     16384 /* bytes of argv in one record */
#define TRACE_ARGS_MAX (2 * TRACE_ARGS)
#define TRACE_PATH     4096
#define TRACE_NAME     256 /* a part of a path, with its NUL */
#define TRACE_DEPTH    40 /* parts of a path */
#define TRACE_DATA     (3 * TRACE_PATH + TRACE_ARGS)
#define TRACE_TTY      16

enum trace_type {
	TRACE_EXEC = 1,
	TRACE_ARGS_MORE, /* the bytes of argv after the first TRACE_ARGS */
	TRACE_EXIT,
	TRACE_CONNECT, /* an attempt, or the first datagram to somewhere */
	TRACE_CONNECTED, /* what came of a TCP attempt */
	TRACE_RAW_SOCKET,
	TRACE_BIND, /* to a port of its own; a struct trace_connect */
	TRACE_UNIX /* an attempt to connect to a Unix socket */
};

/* What the kernel's part has to know of the host. */
struct trace_host {
	uint32_t pid, mount; /* our namespaces, by their inodes in /proc */
	uint32_t has_cgroup; /* connects are seen there */
};

/* Whose a process is: numbers that the other part has given. */
struct trace_member {
	uint32_t connection;
	uint32_t session; /* 0: none */
};

struct trace_head {
	uint32_t type;
	struct trace_member member;
	uint32_t pid; /* as our PID namespace numbers it */
	uint64_t time_ns; /* since boot */
};

enum trace_exec_flag {
	TRACE_FILELESS = 1, /* the file has no name any more, or never had */
	TRACE_SECURE = 2, /* setuid, setgid or file capabilities */
	TRACE_NO_ARGS = 4, /* they could not be read */
	TRACE_PATH_CUT = 8,
	TRACE_BY_AUDIT_SESSION = 16, /* known only by that */
	TRACE_DETACHED = 64, /* of no connection: by a person who has one */
	TRACE_SCRIPT =
	    32, /* the program is the interpreter of what was named */
	TRACE_ARGS_RACY = 128, /* what /proc said later: it may have changed */
	TRACE_OTHER_MOUNTS = 256 /* paths are of another mount namespace */
};

/* Followed by data: the program's path, the working directory, the name that
 * exec was given, argv. Paths are parts, the last one first, with their NULs. */
struct trace_exec {
	struct trace_head head;
	uint64_t id;
	uint32_t parent;
	uint32_t uid, euid, login_uid;
	uint32_t flags;
	uint32_t path_len, cwd_len, name_len, args_len;
	uint32_t reserved;
	uint64_t args_total; /* bytes that there are */
	char tty[TRACE_TTY];
};

struct trace_args {
	struct trace_head head;
	uint64_t id; /* of the exec */
	uint32_t args_len;
	uint32_t reserved;
};

struct trace_exit {
	struct trace_head head;
	uint64_t lived_ns;
	uint32_t code; /* as wait(2) says it */
	uint32_t reserved;
};

struct trace_connect {
	struct trace_head head;
	uint64_t cookie; /* of the socket; 0: nothing more is told of it */
	uint8_t address[16]; /* network order; IPv4 has the first four */
	uint16_t port;
	uint8_t version; /* 4, 6 */
	uint8_t protocol; /* IPPROTO_* */
	uint8_t is_send;
	uint8_t reserved[3];
	char program[TRACE_TTY];
};

struct trace_unix {
	struct trace_head head;
	char program[TRACE_TTY];
	uint32_t len;
	char path[108]; /* as in sockaddr_un; abstract: it begins with a NUL */
};

struct trace_connected {
	struct trace_head head;
	uint64_t cookie;
	uint8_t address[16]; /* ours */
	uint16_t port;
	uint8_t version;
	uint8_t is_established;
	uint32_t reserved;
};

#endif
