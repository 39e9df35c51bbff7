/* SPDX-License-Identifier: ISC */
/* spawn N 'A ARG...' 'B ARG...': runs the two in turn N times each and prints
 * medians and 99th percentiles of their wall-clock times, in microseconds, and
 * their peak memory, in KiB. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 16
#define RUNS_MAX 100000
#define WARMUP	 10

extern char **environ;

static void
split(char *text, char **argv)
{
	char *word;
	size_t n = 0;

	while ((word = strsep(&text, " ")) != NULL && n < ARGS_MAX)
		argv[n++] = word;
	argv[n] = NULL;
}

/* Microseconds of one run; *max_kib grows to its peak memory. */
static double
run_once(char **argv, long *max_kib)
{
	struct rusage usage;
	posix_spawn_file_actions_t fa;
	struct timespec a, b;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (posix_spawn(&pid, argv[0], &fa, NULL, argv, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid || status != 0) {
		fprintf(stderr, "spawn: '%s' failed\n", argv[0]);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	if (usage.ru_maxrss > *max_kib)
		*max_kib = usage.ru_maxrss;
	posix_spawn_file_actions_destroy(&fa);
	return (double)(b.tv_sec - a.tv_sec) * 1e6 +
	    (double)(b.tv_nsec - a.tv_nsec) / 1e3;
}

static int
compare(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

int
main(int argc, char **argv)
{
	char *a[ARGS_MAX + 1], *b[ARGS_MAX + 1];
	static double ta[RUNS_MAX], tb[RUNS_MAX];
	long n, i, ka = 0, kb = 0;

	if (argc != 4 || (n = strtol(argv[1], NULL, 10)) < 1 || n > RUNS_MAX) {
		fprintf(stderr, "usage: spawn N 'A ARG...' 'B ARG...'\n");
		return 2;
	}
	split(argv[2], a);
	split(argv[3], b);
	for (i = 0; i < WARMUP; i++) {
		run_once(a, &ka);
		run_once(b, &kb);
	}
	for (i = 0; i < n; i++) {
		ta[i] = run_once(a, &ka);
		tb[i] = run_once(b, &kb);
	}
	qsort(ta, (size_t)n, sizeof(*ta), compare);
	qsort(tb, (size_t)n, sizeof(*tb), compare);
	printf("%.1f %.1f %.1f %.1f %ld %ld\n", ta[n / 2], tb[n / 2],
	    ta[n * 99 / 100], tb[n * 99 / 100], ka, kb);
	return 0;
}
