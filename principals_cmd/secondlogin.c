/* SPDX-License-Identifier: ISC */
/* Is this a login that came after? */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "secondlogin.h"

#define ANCESTORS_MAX 64

static bool
is_sshd(pid_t pid)
{
	char link[64], path[PATH_MAX], *name;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	if ((n = readlink(link, path, sizeof(path) - 1)) < 0)
		return false;
	path[n] = '\0';
	/* An upgrade has replaced the file under a running one. */
	if (n > 10 && strcmp(path + n - 10, " (deleted)") == 0)
		path[n - 10] = '\0';
	name = basename(path);
	return strncmp(name, "sshd", 4) == 0;
}

/* When the kernel's clock of process starts stood at 0. */
static uint64_t
boot_time_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return clock_now_usec() -
	    ((uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000);
}

bool
is_login_since(uint64_t then_us)
{
	uint64_t boot_us = boot_time_us(), hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct proc_stat st;
	pid_t pid = getpid();
	int i;

	for (i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (proc_stat(pid, &st) < 0)
			return false;
		if (is_sshd(pid) &&
		    boot_us + st.start_ticks * USEC_PER_SEC / hz > then_us)
			return true;
		pid = st.ppid;
	}
	return false;
}
