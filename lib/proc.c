/* SPDX-License-Identifier: ISC */
/* What /proc says of a process (proc(5)). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auto.h"
#include "parse.h"
#include "proc.h"

#define PROC_PATH_MAX 64

static int
read_file(const char *path, char *buf, size_t size)
{
	AUTO(close) int fd = -1;
	size_t len = 0;
	ssize_t n;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return 0;
}

int
proc_read_line(const char *path, char *buf, size_t size)
{
	int r;

	if ((r = read_file(path, buf, size)) < 0)
		return r;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* Field n (1-based, as proc(5) counts) of a stat line, for n > 2. The name in
 * field 2 may hold blanks and brackets: count from the last bracket. */
static int
stat_field(const char *line, unsigned n, uint64_t *ret)
{
	const char *p = strrchr(line, ')');
	char word[32];
	size_t len;

	for (; p != NULL && n > 2; n--)
		if ((p = strchr(p, ' ')) != NULL)
			p++;
	if (p == NULL || (len = strcspn(p, " \n")) >= sizeof(word))
		return -EBADMSG;
	memcpy(word, p, len);
	word[len] = '\0';
	return parse_uint(word, 0, UINT64_MAX, ret) < 0 ? -EBADMSG : 0;
}

/* As the kernel shows a device number (new_encode_dev). */
static dev_t
device_of(uint64_t shown)
{
	return makedev((shown >> 8) & 0xfff,
	    (shown & 0xff) | ((shown >> 12) & 0xfff00));
}

int
proc_stat(pid_t pid, struct proc_stat *ret)
{
	char path[PROC_PATH_MAX], buf[1024];
	uint64_t ppid, start, tty, session;
	const char *state;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((r = read_file(path, buf, sizeof(buf))) < 0)
		return r;
	if (stat_field(buf, 4, &ppid) < 0 || stat_field(buf, 6, &session) < 0 ||
	    stat_field(buf, 7, &tty) < 0 || stat_field(buf, 22, &start) < 0 ||
	    (state = strrchr(buf, ')')) == NULL || state[1] != ' ')
		return -EBADMSG;
	*ret = (struct proc_stat){ (pid_t)ppid, start, state[2], device_of(tty),
		(pid_t)session };
	return 0;
}

int
proc_is_traced(pid_t pid, bool *ret)
{
	char path[PROC_PATH_MAX], buf[4096];
	const char *p;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if ((r = read_file(path, buf, sizeof(buf))) < 0)
		return r;
	if ((p = strstr(buf, "\nTracerPid:\t")) == NULL)
		return -EBADMSG;
	*ret = strncmp(p, "\nTracerPid:\t0\n", 14) != 0;
	return 0;
}

int
proc_same_program(pid_t a, pid_t b, bool *ret)
{
	char path[PROC_PATH_MAX];
	struct stat sa, sb;

	snprintf(path, sizeof(path), "/proc/%d/exe", a);
	if (stat(path, &sa) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/exe", b);
	if (stat(path, &sb) < 0)
		return -errno;
	*ret = sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return 0;
}

bool
proc_is_sshd(pid_t pid)
{
	char link[PROC_PATH_MAX], path[PATH_MAX], *name;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	if ((n = readlink(link, path, sizeof(path) - 1)) < 0)
		return false;
	/* "sshd (deleted)", where an upgrade has replaced it, fits too. */
	path[n] = '\0';
	name = strrchr(path, '/');
	return name != NULL && strncmp(name + 1, "sshd", 4) == 0;
}

int
proc_audit_session(pid_t pid, uint32_t *ret)
{
	char path[PROC_PATH_MAX], buf[32];
	uint64_t v;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/sessionid", pid);
	if ((r = proc_read_line(path, buf, sizeof(buf))) < 0)
		return r;
	if (parse_uint(buf, 0, UINT32_MAX, &v) < 0)
		return -EBADMSG;
	*ret = (uint32_t)v;
	return 0;
}

int
proc_read_words(const char *path, char *buf, size_t size)
{
	AUTO(fclose) FILE *f = fopen(path, "re");
	size_t n, i;

	if (f == NULL)
		return -errno;
	n = fread(buf, 1, size - 1, f);
	for (i = 0; i < n; i++)
		if (buf[i] == '\0')
			buf[i] = ' ';
	buf[n] = '\0';
	return 0;
}

int
proc_exec(const char *const *argv)
{
	union {
		const char *const *in;
		char *const *out;
	} u = { argv };

	execvp(argv[0], u.out);
	return -errno;
}
