/* SPDX-License-Identifier: ISC */
/* /proc/PID/fd of an account's processes. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holders.h"

struct wanted {
	dev_t dev[KEEPERMSG_MAX_FDS];
	ino_t ino[KEEPERMSG_MAX_FDS];
};

/* The session's end of it, and not sshd's: that has each channel's, and so has,
 * for a moment, each child that it starts for another. */
static bool
is_one(const struct wanted *w, const struct stat *pipe, mode_t access)
{
	size_t i;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++)
		if (S_ISFIFO(pipe->st_mode) && w->dev[i] == pipe->st_dev &&
		    w->ino[i] == pipe->st_ino &&
		    (access & (i == 0 ? S_IRUSR : S_IWUSR)) != 0)
			return true;
	return false;
}

static bool
holds(const struct wanted *w, pid_t pid)
{
	const struct dirent *entry;
	bool is_found = false;
	char path[64];
	struct stat link, st;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	if ((d = opendir(path)) == NULL)
		return false;
	/* Pipes only: nothing else is asked of what may lie anywhere. */
	while (!is_found && (entry = readdir(d)) != NULL) {
		char target[16];
		ssize_t n =
		    readlinkat(dirfd(d), entry->d_name, target, sizeof(target));

		is_found = n > 5 && target[0] == 'p' && target[4] == ':' &&
		    fstatat(dirfd(d), entry->d_name, &link,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		    fstatat(dirfd(d), entry->d_name, &st, 0) == 0 &&
		    is_one(w, &st, link.st_mode);
	}
	closedir(d);
	return is_found;
}

/* The post-auth sshd holds the other ends. A process that is not dumpable is
 * shown as root's, whoever's it is. */
static bool
is_others(pid_t pid, uid_t uid, pid_t wrapper, pid_t sshd)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return pid != wrapper && pid != sshd && stat(path, &st) == 0 &&
	    (st.st_uid == uid || st.st_uid == 0) && pid != getpid();
}

bool
others_hold(const int channel[KEEPERMSG_MAX_FDS], uid_t uid, pid_t wrapper,
    pid_t sshd)
{
	const struct dirent *entry;
	struct wanted w = { .dev = { 0 } };
	bool is_found = false;
	struct stat st;
	size_t i;
	pid_t pid;
	DIR *d;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++)
		if (fstat(channel[i], &st) == 0) {
			w.dev[i] = st.st_dev;
			w.ino[i] = st.st_ino;
		}
	if ((d = opendir("/proc")) == NULL)
		return false;
	while (!is_found && (entry = readdir(d)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		is_found = is_others(pid, uid, wrapper, sshd) && holds(&w, pid);
	}
	closedir(d);
	return is_found;
}
