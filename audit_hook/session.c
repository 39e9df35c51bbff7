/* SPDX-License-Identifier: ISC */
/* session(8): sshd's ForceCommand. Checks in with the connection's keeper,
 * then runs what sshd would have run. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "auto.h"
#include "greeting.h"
#include "keepermsg.h"
#include "parse.h"
#include "sessionenv.h"
#include "sessionrun.h"

#define KEEPER_TIMEOUT_MS 5000
#define EXIT_REFUSED	  254 /* what sshd gives if PAM did not open a session */

static int
refuse(const char *why)
{
	fprintf(stderr, "countersign: no session: %s\r\n", why);
	return EXIT_REFUSED;
}

/* The group that proves who we are to the keeper must not reach the user. */
static int
drop_group(void)
{
	gid_t gid = getgid(), r, e, s;

	if (setresgid(gid, gid, gid) < 0 || getresgid(&r, &e, &s) < 0)
		return -errno;
	return r == gid && e == gid && s == gid ? 0 : -EPERM;
}

/* While the group is still ours. A false id leads to somebody else's keeper,
 * who looks at our parent. */
static int
connect_keeper(void)
{
	const char *id = getenv(CONNECTION_VARIABLE);
	char path[108];
	int r;

	if (id == NULL || !is_uuid(id))
		return -ENOENT;
	if ((r = keepermsg_connection_path(CS_RUN_DIR, id, path,
		 sizeof(path))) < 0)
		return r;
	return keepermsg_connect(path, KEEPER_TIMEOUT_MS);
}

static int
check_in(int fd, const char *command, struct keeper_message *ret,
    int ret_fds[KEEPERMSG_MAX_FDS])
{
	const int channel[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	struct keeper_message m = { .type = KEEPERMSG_CHECKIN };
	struct winsize ws = { 0 };
	int r;

	m.u.checkin.has_command = command != NULL;
	m.u.checkin.command = (char *)(uintptr_t)command;
	m.u.checkin.term = getenv("TERM");
	if (isatty(STDIN_FILENO)) {
		m.u.checkin.has_tty = true;
		ioctl(STDIN_FILENO, TIOCGWINSZ, &ws);
		m.u.checkin.columns = ws.ws_col;
		m.u.checkin.rows = ws.ws_row;
	}
	/* A keeper that refuses does not wait to hear it. */
	r = keepermsg_send_fds(fd, &m, channel, ARRAY_SIZE(channel));
	if (r < 0 && r != -EPIPE)
		return r;
	return keepermsg_receive_fds(fd, ret, ret_fds);
}

/* The channel is the recorder's now. */
static int
move_to_streams(const int fds[KEEPERMSG_MAX_FDS])
{
	int i;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++) {
		if (fds[i] < 0 || dup2(fds[i], i) < 0)
			return -1;
		close(fds[i]);
	}
	return 0;
}

/* sshd's terminal is the keeper's now, hung up for everybody else; this one is
 * the session's. */
static int
move_to_terminal(const char *path, int terminal)
{
	int fd;

	if (terminal < 0)
		return -1;
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(terminal, fd) < 0)
			return -1;
	close(terminal);
	return setenv("SSH_TTY", path, 1);
}

/* To what the keeper has given in place of sshd's descriptors. */
static int
move(const struct keeper_go *go, const int fds[KEEPERMSG_MAX_FDS])
{
	if (go->terminal[0] != '\0')
		return move_to_terminal(go->terminal, fds[0]);
	return fds[0] >= 0 ? move_to_streams(fds) : 0;
}

/* However slow the client takes it, and no longer than there is a keeper. */
static void
await_done(int fd)
{
	struct keeper_message m = { 0 };
	int r;

	while ((r = keepermsg_receive(fd, &m)) == -EAGAIN)
		continue;
	if (r == 0)
		keepermsg_clear(&m);
}

static int
run(int fd, const struct keeper_go *go, const char *command)
{
	struct keeper_message m = { .type = KEEPERMSG_EXIT };

	if (sessionenv_restore(&go->environment, go->command[0] != '\0') < 0)
		return refuse("out of memory");
	greeting_print(go, command);
	if (sessionrun(go, command, &m.u.exit) < 0)
		return refuse("cannot start a process");
	if (keepermsg_send(fd, &m) == 0 && go->terminal[0] != '\0')
		await_done(fd);
	sessionrun_end_like(&m.u.exit);
}

int
main(void)
{
	struct keeper_message answer = { 0 };
	int fds[KEEPERMSG_MAX_FDS] = { -1, -1, -1 };
	AUTO(free) char *command = NULL;
	AUTO(close) int fd = -1;
	const char *original = getenv("SSH_ORIGINAL_COMMAND");
	void (*hangup)(int);
	int r;

	fd = connect_keeper();
	if (drop_group() < 0)
		return refuse("cannot drop the wrapper's group");
	prctl(PR_SET_DUMPABLE, 0);
	if (fd < 0)
		return refuse("this connection has no keeper: are both "
			      "pam_countersign lines in /etc/pam.d/sshd?");
	if (original != NULL && (command = strdup(original)) == NULL)
		return refuse("out of memory");
	/* That of sshd's terminal, which the keeper takes away. */
	hangup = signal(SIGHUP, SIG_IGN);
	r = check_in(fd, command, &answer, fds);
	if (r == 0 && answer.type == KEEPERMSG_GO)
		r = move(&answer.u.go, fds);
	signal(SIGHUP, hangup);
	if (r < 0)
		return refuse("the connection's keeper does not answer");
	if (answer.type == KEEPERMSG_GO)
		return run(fd, &answer.u.go, command);
	return refuse(answer.type == KEEPERMSG_DENIED
		? answer.u.denied
		: "the connection's keeper cannot be understood");
}
