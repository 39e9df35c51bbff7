/* SPDX-License-Identifier: ISC */
/* The last reference is a child's, which the kernel closes at its exit: a socket
 * does not linger then (inet_release(), PF_EXITING). */
#include <fcntl.h>
#include <unistd.h>

#include "aside.h"

void
close_aside(int fd)
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		close(fd);
		return;
	}
	if ((pid = fork()) == 0) {
		close(ends[1]);
		/* Until ours is closed. */
		(void)!read(ends[0], &c, 1);
		_exit(0);
	}
	close(fd);
	close(ends[0]);
	close(ends[1]);
}
