/* SPDX-License-Identifier: ISC */
/* What a keeper tells trace(8): one of these structs a packet, over a
 * SOCK_SEQPACKET socket that is root's. Each is answered. While the socket is
 * open the connection is. */
#ifndef CS_TRACEMSG_H
#define CS_TRACEMSG_H

#include <stdint.h>

#include "uuid.h"

#define TRACEMSG_VERSION 2
#define TRACE_SOCKET	 "trace.sock" /* in RunDirectory */

enum tracemsg_type {
	TRACEMSG_CONNECTION = 1, /* of sshd's monitor */
	TRACEMSG_SESSION = 2 /* of the wrapper; sid */
};

/* The process comes along as SCM_CREDENTIALS (unix(7)): the kernel translates
 * its number, should trace be in another PID namespace. */
struct tracemsg {
	uint8_t version;
	uint8_t type;
	uint8_t is_again; /* what runs in it is running already */
	uint32_t audit_session_id;
	uint32_t uid; /* the login's */
	char connection_id[UUID_TEXT_LEN + 1];
	char sid[UUID_TEXT_LEN + 1];
	char user[256];
	char login[64];
};

/* How far its word can be trusted. */
enum trace_level {
	TRACE_LEVEL_NONE, /* nothing is traced */
	TRACE_LEVEL_EBPF,
	TRACE_LEVEL_AUDIT_MULTICAST, /* beside auditd(8) */
	TRACE_LEVEL_AUDIT_UNICAST, /* in auditd's place */
	TRACE_LEVEL_PROC_CONNECTOR, /* arguments are what /proc says later */
	TRACE_LEVELS
};

struct tracemsg_answer {
	uint8_t version;
	uint8_t level; /* enum trace_level */
};

/* "ebpf", "audit_multicast", ...; "none" for what is no level. */
const char *trace_level_name(enum trace_level level);
/* TRACE_LEVEL_NONE: there is none of that name. */
enum trace_level trace_level_of(const char *name);

#endif
