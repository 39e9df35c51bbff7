/* SPDX-License-Identifier: ISC */
/* archive(8), in a session and at a priority of its own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "seal.h"

#define ARCHIVE CS_LIBEXEC "/archive"

void
seal_init(struct seal *s)
{
	*s = (struct seal){ .fd = -1 };
}

static _Noreturn void
run_archive(int out, const char *path)
{
	char *argv[] = { (char[]){ "archive" }, (char *)(uintptr_t)path, NULL };
	char *envp[] = { NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (setsid() >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0) {
		closefrom(STDERR_FILENO + 1);
		execve(ARCHIVE, argv, envp);
	}
	_exit(127);
}

int
seal_start(struct seal *s, const char *path)
{
	int ends[2], e;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if ((pid = fork()) == 0)
		run_archive(ends[1], path);
	e = -errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return e;
	}
	s->fd = ends[0];
	return 0;
}

void
seal_hear(struct seal *s)
{
	char line[128], *blank;
	ssize_t n = read(s->fd, line, sizeof(line) - 1);

	close(s->fd);
	s->fd = -1;
	if (n <= 0)
		return;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if ((blank = strchr(line, ' ')) == NULL)
		return;
	*blank = '\0';
	if (strlen(blank + 1) == SEAL_DIGEST_MAX - 1 &&
	    parse_uint(line, 0, UINT64_MAX, &s->bytes) == 0)
		memcpy(s->digest, blank + 1, SEAL_DIGEST_MAX);
}

void
seal_clear(struct seal *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
