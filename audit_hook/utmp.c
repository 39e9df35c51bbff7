/* SPDX-License-Identifier: ISC */
/* utmpx (getutxent(3)), as sshd's loginrec.c writes it. */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <utmpx.h>

#include "auto.h"
#include "clock.h"
#include "utmp.h"

#define DEV "/dev/"

/* An entry for a terminal; its id is the end of its name. */
static struct utmpx
entry_of(const char *path, short type)
{
	struct utmpx u = { .ut_type = type };
	const char *line =
	    strncmp(path, DEV, strlen(DEV)) == 0 ? path + strlen(DEV) : path;
	size_t n = strlen(line);
	uint64_t now = clock_now_usec();

	/* Not strings: a full one has no NUL (utmp(5)). */
	memcpy(u.ut_line, line, n < sizeof(u.ut_line) ? n : sizeof(u.ut_line));
	line += n > sizeof(u.ut_id) ? n - sizeof(u.ut_id) : 0;
	memcpy(u.ut_id, line, strnlen(line, sizeof(u.ut_id)));
	u.ut_tv.tv_sec = (int32_t)(now / USEC_PER_SEC);
	u.ut_tv.tv_usec = (int32_t)(now % USEC_PER_SEC);
	return u;
}

/* In a process of its own: anybody who may read the file may hold a lock on it,
 * and glibc waits for that. */
static void
put_all(const struct utmpx *u, size_t n)
{
	if (fork() != 0)
		return;
	closefrom(STDERR_FILENO + 1);
	setutxent();
	for (; n > 0; n--)
		(void)pututxline(u++);
	_exit(0);
}

void
utmp_end(const char *path)
{
	struct utmpx u = entry_of(path, DEAD_PROCESS);

	put_all(&u, 1);
}

void
utmp_move(const char *outer_path, const char *path, pid_t leader,
    const char *login, const char *remote)
{
	struct utmpx both[2] = { entry_of(outer_path, DEAD_PROCESS),
		entry_of(path, USER_PROCESS) };
	struct utmpx *u = &both[1];
	const char *port = strrchr(remote, ':');
	size_t n = port != NULL ? (size_t)(port - remote) : strlen(remote);

	u->ut_pid = leader;
	u->ut_session = leader;
	memcpy(u->ut_user, login, strnlen(login, sizeof(u->ut_user)));
	memcpy(u->ut_host, remote,
	    n < sizeof(u->ut_host) ? n : sizeof(u->ut_host));
	put_all(both, ARRAY_SIZE(both));
}
