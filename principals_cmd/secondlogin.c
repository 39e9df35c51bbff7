/* SPDX-License-Identifier: ISC */
/* Is this a login that shows that the hooks work? */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "secondlogin.h"
#include "uuid.h"

#define ANCESTORS_MAX 64

/* The PAM module of that monitor has said hello to a keeper. */
static bool
has_keeper(pid_t pid, const char *run_dir)
{
	char path[PATH_MAX];
	struct uuid id;

	if (uuid_of_connection(pid, &id) < 0)
		return false;
	snprintf(path, sizeof(path), "%s/conn/%s.sock", run_dir, id.text);
	return access(path, F_OK) == 0;
}

int
second_login_name(pid_t monitor, char *ret, size_t size)
{
	char path[PATH_MAX], title[512], *name, *end;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)monitor);
	if ((r = proc_read_words(path, title, sizeof(title))) < 0)
		return r;
	if ((name = strstr(title, ": ")) == NULL ||
	    ((end = strstr(name, " [priv]")) == NULL &&
		(end = strrchr(name, '@')) == NULL))
		return -EBADMSG;
	*end = '\0';
	return snprintf(ret, size, "%s", name + 2) < (int)size ? 0 : -EBADMSG;
}

enum second_login
second_login_since(uint64_t then_us, const char *run_dir, pid_t *ret_monitor)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	enum second_login found = LOGIN_NONE;
	struct proc_stat st;
	pid_t pid = getpid();
	int i;

	for (i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (proc_stat(pid, &st) < 0)
			break;
		if (proc_is_sshd(pid) &&
		    st.start_ticks * USEC_PER_SEC / hz > then_us) {
			if (has_keeper(pid, run_dir)) {
				*ret_monitor = pid;
				return LOGIN_BY_HOOKS;
			}
			found = LOGIN_WITHOUT_KEEPER;
		}
		pid = st.ppid;
	}
	return found;
}
