/* SPDX-License-Identifier: ISC */
/* What the PAM module, the session wrapper and the keeper say to each other:
 * one message a packet over SOCK_SEQPACKET (docs/FORMATS.md). */
#ifndef CS_KEEPERMSG_H
#define CS_KEEPERMSG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "strv.h"

#define KEEPERMSG_VERSION   4
#define KEEPERMSG_MAX_BYTES (192U * 1024U)
#define KEEPERMSG_MAX_LIST  512
#define KEEPERMSG_MAX_FDS   3

#define KEEPER_SOCKET	    "keeper.sock" /* in RunDirectory */
#define KEEPER_CONNECTIONS  "conn" /* in RunDirectory: ID.sock each */
#define CONNECTION_VARIABLE "COUNTERSIGN_CONNECTION"
#define SESSION_GROUP	    "_countersign-session"

enum keepermsg_type {
	KEEPERMSG_HELLO = 1, /* module: a connection begins */
	KEEPERMSG_READY = 2, /* keeper: and it is supervised */
	KEEPERMSG_BYE = 3, /* module: PAM closes the session */
	KEEPERMSG_CHECKIN = 4, /* wrapper: a session begins */
	KEEPERMSG_GO = 5, /* keeper: this is how */
	KEEPERMSG_DENIED = 6, /* keeper: no, and why; also to a HELLO */
	KEEPERMSG_EXIT = 7, /* wrapper: how the program ended */
	KEEPERMSG_ENVIRONMENT = 8, /* module: PAM is done; what it set */
	KEEPERMSG_DONE = 9, /* keeper, to an EXIT: the client has all output */
	KEEPERMSG_END = 10, /* root: the connection is to end, and why */
	KEEPERMSG_UNTRACED = 11 /* keeper, to a HELLO: trace is not there */
};

/* What ends a connection or bounds it; 0: nothing does. */
struct keeper_limits {
	uint64_t expires_s; /* the certificate, or its max_session_ttl */
	uint64_t max_connection_s;
	uint64_t max_sessions; /* at a time */
	uint64_t max_connections; /* of one user on this host */
	uint64_t idle_s; /* without a word from the client */
	uint64_t record_exec_max_bytes;
	bool record_strict; /* no record, no session */
	bool record_input; /* what is typed, while it is echoed */
	bool trace_required; /* no tracing, no session */
	bool survivors_kill;
	bool no_file_copy;
};

/* Strings are owned; an absent one is empty. */
struct keeper_hello {
	char *user;
	char *login;
	char *shell;
	char *auth_method;
	char *fingerprint; /* of the subject's key */
	char *ca_fingerprint;
	char *command; /* forced; empty: none */
	char *addr_remote;
	char *addr_local;
	struct strv roles;
	char *break_glass; /* the reason it would be refused for; empty: none */
	uint64_t serial;
	uint64_t cert_expires_s; /* 0: none */
	struct keeper_limits limits;
	uint8_t *cert; /* the blob; NULL where nothing is to end it */
	size_t cert_len;
	uint32_t uid;
	uint32_t audit_session_id;
};

/* With it go the channel's three descriptors. */
struct keeper_checkin {
	char *command; /* SSH_ORIGINAL_COMMAND */
	char *term; /* TERM */
	bool has_command;
	bool has_tty;
	uint32_t columns, rows;
};

/* With `terminal` goes the descriptor of it that the program gets. */
struct keeper_go {
	char *sid;
	char *terminal; /* path; empty: sshd's own descriptors */
	char *shell;
	char *sftp_server;
	char *command; /* forced; empty: none */
	char *last_login; /* the line for a terminal; empty: none */
	bool has_motd;
	struct strv environment;
};

struct keeper_exit {
	uint32_t exit_code;
	uint32_t signal; /* 0: it exited */
};

struct keeper_message {
	enum keepermsg_type type;
	union {
		struct keeper_hello hello;
		struct keeper_checkin checkin;
		struct keeper_go go;
		struct keeper_exit exit;
		char *denied; /* for the person */
		char *end; /* the reason */
		struct strv environment; /* NAME=VALUE to give back */
	} u;
};

/* Reads one packet whole: 0, -EBADMSG or -ENOMEM. */
int keepermsg_decode(const uint8_t *p, size_t len, struct keeper_message *ret);
void keepermsg_clear(struct keeper_message *m);

/* Sends or receives one message on a socket; the socket's own timeouts count.
 * 0; -errno; -ECONNRESET at the end; -EBADMSG. */
int keepermsg_send(int fd, const struct keeper_message *m);
int keepermsg_receive(int fd, struct keeper_message *ret);
/* The same with descriptors, at most KEEPERMSG_MAX_FDS. Those received are the
 * caller's to close, close-on-exec; ret_fds has room for as many, and is -1
 * where none came. */
int keepermsg_send_fds(int fd, const struct keeper_message *m, const int *fds,
    size_t n);
int keepermsg_receive_fds(int fd, struct keeper_message *ret,
    int ret_fds[KEEPERMSG_MAX_FDS]);
/* A connected SOCK_SEQPACKET socket whose sends and receives take at most
 * timeout_ms each. Returns it, or -errno. */
int keepermsg_connect(const char *path, unsigned timeout_ms);
int keepermsg_set_timeout(int fd, unsigned timeout_ms);
/* "RunDirectory/conn/ID.sock" in buf. 0 or -ENAMETOOLONG. */
int keepermsg_connection_path(const char *run_dir, const char *id, char *buf,
    size_t size);

#endif
