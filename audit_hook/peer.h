/* SPDX-License-Identifier: ISC */
/* Is the process at the other end of a check-in the session wrapper? */
#ifndef CS_PEER_H
#define CS_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The sshd that the connection belongs to, noted when it began. */
struct monitor {
	pid_t pid;
	dev_t dev; /* of its program */
	ino_t ino;
};

/* Notes the monitor at the other end of a connected socket. 0 or -errno. */
int monitor_of(int fd, struct monitor *ret);

/* Is this process one of the connection's sshds: the monitor, its child, or,
 * once the monitor is gone, an sshd of the same audit session whose parent is no
 * sshd? An sshd that listens is not one, though it was started from there. */
bool monitor_has_sshd(const struct monitor *m, pid_t pid,
    uint32_t audit_session_id);

/* SO_PEERCRED (unix(7)). 0 or -errno. */
int peer_credentials(int fd, struct ucred *ret);

/* Does it run the session wrapper's program? */
bool peer_runs_wrapper(pid_t pid, gid_t session_gid);

struct peer {
	pid_t pid;
	uid_t uid;
	pid_t sshd; /* its parent, if it is the wrapper */
};

/*
 * NULL if the peer of fd is the wrapper: it had the wrapper's group when it
 * connected (a setgid program, which loses it if it is traced), it is the
 * account's, nobody traces it, and its parent is this connection's post-auth
 * sshd. Otherwise why not, in words. *ret says who it is in either case.
 */
const char *peer_refusal(int fd, const struct monitor *m, uid_t uid, gid_t gid,
    struct peer *ret);

#endif
