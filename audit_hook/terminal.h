/* SPDX-License-Identifier: ISC */
/* The terminal that sshd made for a session, and the one that the session gets
 * instead. */
#ifndef CS_TERMINAL_H
#define CS_TERMINAL_H

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#include "recordermsg.h"

#define TERMINAL_PATH_MAX 32
#define TERMINAL_FOREIGN  (-EXDEV) /* as an error of terminal_open */

struct terminal {
	int outer; /* sshd's; -1 before terminal_seize */
	int master, slave; /* of the session's own */
	char outer_path[TERMINAL_PATH_MAX];
	char path[TERMINAL_PATH_MAX]; /* of the slave */
	gid_t group; /* which sshd gave its own, and the permissions */
	mode_t mode;
	struct termios modes;
	struct winsize size;
};

void terminal_init(struct terminal *t);
/*
 * Finds sshd's terminal, which fd is, and nothing but it: the controlling one
 * of `wrapper`, and one whose other end `sshd` holds. Opens the inner pair for
 * uid, with the same modes and size. 0, -errno, or TERMINAL_FOREIGN if fd is
 * another terminal. Nothing of sshd's is changed.
 */
int terminal_open(struct terminal *t, int fd, pid_t wrapper, pid_t sshd,
    uid_t uid);
/*
 * Takes sshd's terminal away from everybody who has it open (TIOCVHANGUP), the
 * wrapper too, which has to ignore its SIGHUP. What was typed and echoed already
 * is in the inner one then, without being echoed again; *ret_typed has it, too,
 * and what else was on its way. `sshd` is stopped for that long: it would take
 * the hang-up for the session's end. 0 or -errno.
 */
int terminal_seize(struct terminal *t, pid_t sshd,
    struct recorder_typed *ret_typed);
void terminal_clear(struct terminal *t);

#endif
