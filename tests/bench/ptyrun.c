/* SPDX-License-Identifier: ISC */
/*
 * ptyrun [--recorder PROGRAM --file FILE] [--keys N] COMMAND [ARG...]: how long
 * a command takes until all that it shows has been read at the other end of a
 * pty, as sshd reads it; with --recorder, of a second pty behind our recorder,
 * set up as the keeper does it. Prints seconds and bytes. --keys: the median
 * time of N keys until their echo is there, in microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "recordermsg.h"

struct pair {
	int master, slave;
};

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct pair
open_pair(bool is_raw)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct termios modes;
	struct pair p;

	if (openpty(&p.master, &p.slave, NULL, NULL, &size) < 0)
		die("openpty");
	fcntl(p.master, F_SETFD, FD_CLOEXEC);
	fcntl(p.slave, F_SETFD, FD_CLOEXEC);
	if (is_raw) {
		tcgetattr(p.slave, &modes);
		cfmakeraw(&modes);
		tcsetattr(p.slave, TCSANOW, &modes);
	}
	return p;
}

static void
nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Returns our end of its control socket. */
static int
start_recorder(const char *program, const char *file, int outer, int inner)
{
	int ends[2], fds[RECORDER_FDS], i;
	char start[32];

	snprintf(start, sizeof(start), "%.0f", now(CLOCK_BOOTTIME) * 1e6);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		die("socketpair");
	nonblocking(outer);
	nonblocking(inner);
	fds[RECORDER_CONTROL] = ends[1];
	fds[RECORDER_OUTER] = outer;
	fds[RECORDER_INNER] = inner;
	fds[RECORDER_FILE] =
	    open(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	if (fds[RECORDER_FILE] < 0)
		die(file);
	if (fork() == 0) {
		setsid();
		ioctl(outer, TIOCSCTTY, 0);
		for (i = 0; i < RECORDER_FDS; i++)
			fds[i] = fcntl(fds[i], F_DUPFD, 20);
		for (i = 0; i < RECORDER_FDS; i++)
			dup2(fds[i], i);
		closefrom(RECORDER_FDS);
		execl(program, "recorder", "--start", start, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	close(fds[RECORDER_FILE]);
	return ends[0];
}

static void
run(int slave, char **argv)
{
	if (fork() == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
}

/* As sshd reads: 16 KiB asked for, until nobody has the terminal open. */
static unsigned long long
read_all(int fd)
{
	static char buf[16384];
	unsigned long long total = 0;
	ssize_t n;

	while (
	    (n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		total += n > 0 ? (unsigned long long)n : 0;
	return total;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The terminal echoes; the command reads nothing of it. */
static void
time_keys(int master, unsigned n)
{
	double *took = calloc(n, sizeof(*took)), start;
	char back[64];
	unsigned i;

	usleep(200000);
	for (i = 0; i < n; i++) {
		start = now(CLOCK_MONOTONIC);
		if (write(master, "k", 1) != 1 || read(master, back, 64) < 1)
			die("key");
		took[i] = (now(CLOCK_MONOTONIC) - start) * 1e6;
		usleep(500);
		/* A line that is full echoes no more. */
		if (i % 1000 == 999 &&
		    (write(master, "\025", 1) != 1 || usleep(20000) < 0 ||
			read(master, back, 64) < 1))
			die("kill");
	}
	qsort(took, n, sizeof(*took), compare);
	printf("%.1f\n", took[n / 2]);
	exit(0);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "recorder", required_argument, NULL, 'r' },
		{ "file", required_argument, NULL, 'f' },
		{ "keys", required_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	const char *recorder = NULL, *file = "/dev/null";
	struct pair outer, inner;
	unsigned long long total;
	int opt, status, worst = 0;
	unsigned keys = 0;
	double start;

	while ((opt = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (opt == 'r')
			recorder = optarg;
		else if (opt == 'f')
			file = optarg;
		else if (opt == 'k')
			keys = (unsigned)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind == argc)
		return 2;
	outer = open_pair(recorder != NULL);
	start = now(CLOCK_MONOTONIC);
	if (recorder != NULL) {
		inner = open_pair(false);
		start_recorder(recorder, file, outer.slave, inner.master);
		run(inner.slave, argv + optind);
		close(inner.slave);
		close(inner.master);
	} else {
		run(outer.slave, argv + optind);
	}
	close(outer.slave);
	if (keys > 0)
		time_keys(outer.master, keys);
	total = read_all(outer.master);
	while (wait(&status) > 0)
		worst |= status;
	printf("%.4f %llu\n", now(CLOCK_MONOTONIC) - start, total);
	return worst == 0 ? 0 : 1;
}
