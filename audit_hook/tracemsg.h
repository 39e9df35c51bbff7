/* SPDX-License-Identifier: ISC */
/* What a keeper tells trace(8): one of these structs a packet, over a
 * SOCK_SEQPACKET socket that is root's. Each is answered. While the socket is
 * open the connection is. */
#ifndef CS_TRACEMSG_H
#define CS_TRACEMSG_H

#include <stdint.h>

#include "uuid.h"

#define TRACEMSG_VERSION 1
#define TRACE_SOCKET	 "trace.sock" /* in RunDirectory */

enum tracemsg_type {
	TRACEMSG_CONNECTION = 1, /* pid: the monitor's */
	TRACEMSG_SESSION = 2 /* pid: the wrapper's; sid */
};

struct tracemsg {
	uint8_t version;
	uint8_t type;
	uint8_t is_again; /* what runs in it is running already */
	uint32_t pid;
	uint32_t audit_session_id;
	uint32_t uid; /* the login's */
	char connection_id[UUID_TEXT_LEN + 1];
	char sid[UUID_TEXT_LEN + 1];
	char user[256];
	char login[64];
};

struct tracemsg_answer {
	uint8_t version;
	uint8_t is_traced;
};

#endif
