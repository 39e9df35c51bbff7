/* SPDX-License-Identifier: ISC */
/* Who is at the other end of a check-in. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"
#include "proc.h"

static int
program_of(pid_t pid, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, ret) < 0 ? -errno : 0;
}

int
peer_credentials(int fd, struct ucred *ret)
{
	socklen_t len = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &len) < 0 ? -errno
								      : 0;
}

int
monitor_of(int fd, struct monitor *ret)
{
	struct ucred cred;
	struct stat st;
	int r;

	if ((r = peer_credentials(fd, &cred)) < 0)
		return r;
	if (cred.uid != 0)
		return -EPERM;
	if ((r = program_of(cred.pid, &st)) < 0)
		return r;
	*ret = (struct monitor){ cred.pid, st.st_dev, st.st_ino };
	return 0;
}

static bool
runs_sshd_of(const struct monitor *m, pid_t pid)
{
	struct stat st;

	return program_of(pid, &st) == 0 && st.st_dev == m->dev &&
	    st.st_ino == m->ino;
}

/* The wrapper's parent: the monitor's child, or for root, who has no other
 * sshd, the monitor itself; and in either case sshd's own program. */
static bool
is_post_auth_sshd(pid_t pid, const struct monitor *m)
{
	struct proc_stat ps;

	/* Before its program is asked for, which may lie on a disk that hangs. */
	if (m->pid <= 0 || proc_stat(pid, &ps) < 0 ||
	    (pid != m->pid && ps.ppid != m->pid))
		return false;
	return runs_sshd_of(m, pid);
}

static bool
is_orphan_of(const struct monitor *m, pid_t pid, uint32_t audit_session_id)
{
	char path[64], title[4096];
	struct proc_stat ps;
	uint32_t session;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	return audit_session_id != UINT32_MAX &&
	    proc_audit_session(pid, &session) == 0 &&
	    session == audit_session_id && runs_sshd_of(m, pid) &&
	    !runs_sshd_of(m, m->pid) && proc_stat(pid, &ps) == 0 &&
	    !runs_sshd_of(m, ps.ppid) &&
	    proc_read_words(path, title, sizeof(title)) == 0 &&
	    strstr(title, "[listener]") == NULL;
}

bool
peer_runs_wrapper(pid_t pid, gid_t session_gid)
{
	struct stat st;

	/* Of whichever version: nobody else can make such a file. */
	return program_of(pid, &st) == 0 && st.st_uid == 0 &&
	    st.st_gid == session_gid && (st.st_mode & S_ISGID) != 0;
}

bool
monitor_has_sshd(const struct monitor *m, pid_t pid, uint32_t audit_session_id)
{
	return is_post_auth_sshd(pid, m) ||
	    is_orphan_of(m, pid, audit_session_id);
}

const char *
peer_refusal(int fd, const struct monitor *m, uid_t uid, gid_t gid,
    struct peer *ret)
{
	struct proc_stat ps;
	struct ucred cred;
	bool is_traced;

	*ret = (struct peer){ 0 };
	if (peer_credentials(fd, &cred) < 0)
		return "its credentials cannot be read";
	*ret = (struct peer){ .pid = cred.pid, .uid = cred.uid };
	if (cred.gid != gid)
		return "it is not the session wrapper";
	if (cred.uid != uid)
		return "it is another account's";
	if (proc_is_traced(cred.pid, &is_traced) < 0 || is_traced)
		return "it is being traced";
	if (proc_stat(cred.pid, &ps) < 0 || !is_post_auth_sshd(ps.ppid, m))
		return "it was not started by this connection's sshd";
	ret->sshd = ps.ppid;
	return NULL;
}
