/* SPDX-License-Identifier: ISC */
/* session(8): sshd's ForceCommand. Checks in with the connection's keeper,
 * then runs what sshd would have run. */
#include <errno.h>
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
check_in(int fd, const char *command, struct keeper_message *ret)
{
	struct keeper_message m = { .type = KEEPERMSG_CHECKIN };
	struct winsize ws = { 0 };
	int r;

	m.u.checkin.has_command = command != NULL;
	m.u.checkin.command = (char *)(uintptr_t)command;
	if (isatty(STDIN_FILENO)) {
		m.u.checkin.has_tty = true;
		ioctl(STDIN_FILENO, TIOCGWINSZ, &ws);
		m.u.checkin.columns = ws.ws_col;
		m.u.checkin.rows = ws.ws_row;
	}
	/* A keeper that refuses does not wait to hear it: its word is there,
	 * behind the error that it has closed on what it did not read. */
	if ((r = keepermsg_send(fd, &m)) < 0 && r != -EPIPE)
		return r;
	if ((r = keepermsg_receive(fd, ret)) == -ECONNRESET)
		r = keepermsg_receive(fd, ret);
	return r;
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
	(void)keepermsg_send(fd, &m);
	sessionrun_end_like(&m.u.exit);
}

int
main(void)
{
	struct keeper_message answer = { 0 };
	AUTO(free) char *command = NULL;
	AUTO(close) int fd = -1;
	const char *original = getenv("SSH_ORIGINAL_COMMAND");
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
	if ((r = check_in(fd, command, &answer)) < 0)
		return refuse("the connection's keeper does not answer");
	if (answer.type == KEEPERMSG_GO)
		return run(fd, &answer.u.go, command);
	return refuse(answer.type == KEEPERMSG_DENIED
		? answer.u.denied
		: "the connection's keeper cannot be understood");
}
