/* SPDX-License-Identifier: ISC */
/* Mapped files and open-file-description locks (fcntl(2)), which end with their
 * process: its children close the descriptor when they become another program. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "kstate.h"
#include "proc.h"

#define LOCK_NAME    ".lock" /* no connection's id */
#define LOCK_TRIES   100
#define LOCK_USEC    5000
#define COMMON_BYTES offsetof(struct kstate, sessions)

static int
path_of(const char *run_dir, const char *name, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s/" KSTATE_DIR "/%s", run_dir, name);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int
set_lock(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &l) < 0 ? -errno : 0;
}

static bool
is_locked(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &l) < 0 || l.l_type != F_UNLCK;
}

/* NULL with errno. */
static struct kstate *
map(int fd)
{
	void *p = mmap(NULL, sizeof(struct kstate), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	return p != MAP_FAILED ? p : NULL;
}

static int
make_folder(const char *run_dir)
{
	char path[PATH_MAX];
	int r;

	if ((r = path_of(run_dir, "", path, sizeof(path))) < 0)
		return r;
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* Locked, before it has the name that others look for. NULL with *ret_error, a
 * negative errno. */
static struct kstate *
prepare(int fd, const struct uuid *id, int *ret_error)
{
	struct kstate *k = NULL;
	int r;

	/* Its memory is there now, as a session's is before it is used: a full
	 * /run is no signal later. */
	if ((r = set_lock(fd)) == 0 && ftruncate(fd, sizeof(*k)) < 0)
		r = -errno;
	if (r == 0)
		r = -posix_fallocate(fd, 0,
		    COMMON_BYTES + sizeof(struct kstate_session));
	if (r == 0 && (k = map(fd)) == NULL)
		r = -errno;
	*ret_error = r;
	if (k == NULL)
		return NULL;
	k->version = KSTATE_VERSION;
	k->size = sizeof(*k);
	memcpy(k->id, id->text, sizeof(k->id));
	return k;
}

int
kstate_create(const char *run_dir, const struct uuid *id, struct kstate **ret,
    int *ret_fd)
{
	char path[PATH_MAX], new[PATH_MAX], name[UUID_TEXT_LEN + 8];
	struct kstate *k;
	int fd, r;

	snprintf(name, sizeof(name), "%s.new", id->text);
	if ((r = make_folder(run_dir)) < 0 ||
	    (r = path_of(run_dir, id->text, path, sizeof(path))) < 0 ||
	    (r = path_of(run_dir, name, new, sizeof(new))) < 0)
		return r;
	fd = open(new, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return -errno;
	k = prepare(fd, id, &r);
	if (k != NULL && rename(new, path) < 0) {
		r = -errno;
		munmap(k, sizeof(*k));
		k = NULL;
	}
	if (k == NULL) {
		unlink(new);
		close(fd);
		return r;
	}
	*ret = k;
	*ret_fd = fd;
	return 0;
}

struct kstate_session *
kstate_add_session(struct kstate *k, int fd)
{
	size_t i;

	for (i = 0; i < KSTATE_SESSIONS && k->sessions[i].is_open; i++)
		continue;
	if (i == KSTATE_SESSIONS ||
	    posix_fallocate(fd,
		(off_t)(COMMON_BYTES + i * sizeof(k->sessions[0])),
		sizeof(k->sessions[0])) != 0)
		return NULL;
	k->sessions[i] = (struct kstate_session){ .is_open = false };
	return &k->sessions[i];
}

void
kstate_close(struct kstate *k, int fd, const char *run_dir)
{
	char path[PATH_MAX];

	if (path_of(run_dir, k->id, path, sizeof(path)) == 0)
		unlink(path);
	munmap(k, sizeof(*k));
	close(fd);
}

void
kstate_bury(struct kstate *k, int fd, const char *run_dir)
{
	char path[PATH_MAX];

	if (path_of(run_dir, k->id, path, sizeof(path)) == 0)
		unlink(path);
	free(k);
	close(fd);
}

int
kstate_lock_all(const char *run_dir)
{
	AUTO(close) int fd = -1;
	char path[PATH_MAX];
	int r, i, locked;

	if ((r = make_folder(run_dir)) < 0 ||
	    (r = path_of(run_dir, LOCK_NAME, path, sizeof(path))) < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			locked = fd;
			fd = -1;
			return locked;
		}
		usleep(LOCK_USEC);
	}
	return -ETIMEDOUT;
}

void
kstate_unlock_all(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int
open_state(const char *run_dir, const char *name)
{
	char path[PATH_MAX];

	if (!is_uuid(name) || path_of(run_dir, name, path, sizeof(path)) < 0)
		return -1;
	return open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
}

static bool
is_of(int fd, const char *user)
{
	char text[KSTATE_TEXT];
	bool has_sshd;

	return pread(fd, text, sizeof(text),
		   (off_t)offsetof(struct kstate, user)) == sizeof(text) &&
	    strncmp(text, user, sizeof(text)) == 0 &&
	    pread(fd, &has_sshd, sizeof(has_sshd),
		(off_t)offsetof(struct kstate, has_sshd)) == sizeof(has_sshd) &&
	    has_sshd;
}

int
kstate_count(const char *run_dir, const char *user)
{
	const struct dirent *entry;
	char cut[KSTATE_TEXT] = "", path[PATH_MAX];
	int fd, n = 0;
	DIR *d;

	snprintf(cut, sizeof(cut), "%s", user);
	if (path_of(run_dir, "", path, sizeof(path)) < 0 ||
	    (d = opendir(path)) == NULL)
		return -errno;
	while ((entry = readdir(d)) != NULL) {
		if ((fd = open_state(run_dir, entry->d_name)) < 0)
			continue;
		n += is_of(fd, cut) && is_locked(fd);
		close(fd);
	}
	closedir(d);
	return n;
}

/* The monitor's child that runs the monitor's program: nobody else has that
 * parent. Root's is the monitor itself. */
static bool
is_sshd_of(const struct kstate *k, pid_t pid)
{
	struct proc_stat ps;
	char path[64];
	struct stat st;
	struct uuid id;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &st) < 0 || st.st_dev != k->monitor_dev ||
	    st.st_ino != k->monitor_ino || proc_stat(pid, &ps) < 0)
		return false;
	return (pid == k->monitor_pid || ps.ppid == k->monitor_pid) &&
	    uuid_of_connection(k->monitor_pid, &id) == 0 &&
	    strncmp(id.text, k->id, sizeof(k->id)) == 0;
}

int
kstate_of_sshd(const char *run_dir, pid_t sshd, struct kstate *ret)
{
	const struct dirent *entry;
	char path[PATH_MAX];
	int fd, r = -ESRCH;
	DIR *d;

	if (path_of(run_dir, "", path, sizeof(path)) < 0 ||
	    (d = opendir(path)) == NULL)
		return -ESRCH;
	while (r < 0 && (entry = readdir(d)) != NULL) {
		if ((fd = open_state(run_dir, entry->d_name)) < 0)
			continue;
		if (pread(fd, ret, COMMON_BYTES, 0) == (ssize_t)COMMON_BYTES &&
		    ret->version == KSTATE_VERSION && is_sshd_of(ret, sshd))
			r = 0;
		close(fd);
	}
	closedir(d);
	return r;
}

int
kstate_read(const char *run_dir, const char *id, struct kstate *ret)
{
	AUTO(close) int fd = -1;
	char path[PATH_MAX];
	int r;

	if (!is_uuid(id))
		return -EINVAL;
	if ((r = path_of(run_dir, id, path, sizeof(path))) < 0)
		return r;
	/* Read, not mapped: it changes under us, and one look is enough. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return read(fd, ret, sizeof(*ret)) == sizeof(*ret) &&
		ret->version == KSTATE_VERSION && ret->size == sizeof(*ret)
	    ? 0
	    : -EBADMSG;
}

/* Of this build, and whole. */
static bool
is_readable(int fd)
{
	struct stat st;
	uint32_t head[2];

	return fstat(fd, &st) == 0 && st.st_size == sizeof(struct kstate) &&
	    pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	    head[0] == KSTATE_VERSION && head[1] == sizeof(struct kstate);
}

/* Read, not mapped: what is only looked at needs memory there, too, and a full
 * /run would be a signal. */
static int
copy(int fd, struct kstate **ret)
{
	struct kstate *k = malloc(sizeof(*k));

	if (k == NULL || pread(fd, k, sizeof(*k), 0) != (ssize_t)sizeof(*k)) {
		free(k);
		return -ENOMEM;
	}
	*ret = k;
	return 0;
}

/* Nobody may have been faster, nor its keeper have removed it by now. */
static int
take_over(const char *run_dir, const char *name, struct kstate **ret)
{
	char path[PATH_MAX];
	int fd = open_state(run_dir, name);
	struct stat st;

	if (fd < 0)
		return -1;
	if (set_lock(fd) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0) {
		if (is_readable(fd) && copy(fd, ret) == 0)
			return fd;
		if (path_of(run_dir, name, path, sizeof(path)) == 0)
			unlink(path);
	}
	close(fd);
	return -1;
}

int
kstate_next_orphan(const char *run_dir, struct kstate **ret, int *ret_fd)
{
	const struct dirent *entry;
	char path[PATH_MAX];
	int fd = -1;
	DIR *d;

	if (path_of(run_dir, "", path, sizeof(path)) < 0 ||
	    (d = opendir(path)) == NULL)
		return 0;
	while (fd < 0 && (entry = readdir(d)) != NULL)
		fd = take_over(run_dir, entry->d_name, ret);
	closedir(d);
	if (fd < 0)
		return 0;
	*ret_fd = fd;
	return 1;
}
