/* SPDX-License-Identifier: ISC */
/* archive(8), in a session and at a priority of its own. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "parse.h"
#include "seal.h"

#define PATIENCE_MS 5000
#define ARCHIVE	    CS_LIBEXEC "/archive"

void
seal_init(struct seal *s)
{
	*s = (struct seal){ .fd = -1 };
}

static _Noreturn void
run_archive(int out, const char *path, const char *last_line)
{
	char *argv[] = { (char[]){ "archive" }, (char[]){ "--last-line" },
		(char *)(uintptr_t)last_line, (char *)(uintptr_t)path, NULL };
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
seal_start(struct seal *s, const char *path, const char *last_line)
{
	int ends[2], e;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if ((pid = fork()) == 0)
		run_archive(ends[1], path, last_line);
	e = -errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return e;
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	s->fd = ends[0];
	s->moved_ms = clock_boot_ms();
	return 0;
}

int
seal_due_ms(const struct seal *s)
{
	uint64_t gone;

	if (s->fd < 0)
		return -1;
	gone = clock_boot_ms() - s->moved_ms;
	return gone < PATIENCE_MS ? (int)(PATIENCE_MS - gone) : 0;
}

/* "BYTES DIGEST". */
static void
read_line(struct seal *s)
{
	char *line = s->line, *blank;

	line[strcspn(line, "\n")] = '\0';
	if ((blank = strchr(line, ' ')) == NULL)
		return;
	*blank = '\0';
	if (strlen(blank + 1) == SEAL_DIGEST_MAX - 1 &&
	    parse_uint(line, 0, UINT64_MAX, &s->bytes) == 0)
		memcpy(s->digest, blank + 1, SEAL_DIGEST_MAX);
}

/* A dot for each piece that it has read makes room for what comes. false: there is no more. */
static bool
hear_more(struct seal *s)
{
	size_t dots;
	ssize_t n;

	n = read(s->fd, s->line + s->n, sizeof(s->line) - 1 - s->n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	s->moved_ms = clock_boot_ms();
	s->n += (size_t)n;
	s->line[s->n] = '\0';
	dots = strspn(s->line, ".");
	memmove(s->line, s->line + dots, s->n - dots + 1);
	s->n -= dots;
	return s->n < sizeof(s->line) - 1;
}

int
seal_hear(struct seal *s)
{
	bool is_late = false;

	if (hear_more(s)) {
		if (seal_due_ms(s) > 0)
			return 0;
		is_late = true;
	}
	read_line(s);
	seal_clear(s);
	return is_late ? -ETIMEDOUT : 0;
}

void
seal_clear(struct seal *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
