/* SPDX-License-Identifier: ISC */
/* Files as root makes them; the recorder only has them open for appending. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "castwriter.h"
#include "clock.h"
#include "path.h"
#include "recording.h"
#include "unixsock.h"

#define KILLED_MS 100
#define CREATE_MS 2000
#define RECORDER  CS_LIBEXEC "/recorder"

void
recording_init(struct recording *r)
{
	*r = (struct recording){ .fd = -1, .control = -1, .pidfd = -1 };
}

/* path, which ends before at, and so on to its end: a folder after the other. */
static int
make_folders(char *path, size_t at, gid_t readers)
{
	char *slash = path + at;
	int r = 0;

	while (r == 0 && (slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		if (mkdir(path, 0750) == 0)
			r = chown(path, 0, readers) < 0 ? -errno : 0;
		else if (errno != EEXIST)
			r = -errno;
		*slash = '/';
	}
	return r;
}

static int
name_file(struct recording *r, const struct settings *host,
    const struct uuid *sid, uint64_t now_usec)
{
	time_t t = (time_t)(now_usec / USEC_PER_SEC);
	char day[32];
	struct tm tm;
	int n;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(day, sizeof(day), "%Y/%m/%d", &tm) == 0)
		return -EINVAL;
	n = snprintf(r->path, sizeof(r->path), "%s/%s/%s.cast",
	    host->recording_dir, day, sid->text);
	return n < 0 || (size_t)n >= sizeof(r->path) ? -ENAMETOOLONG : 0;
}

static int
fill_file(const struct recording *r, const struct recording_owner *owner,
    const char *header)
{
	int e;

	if (fchown(r->fd, 0, owner->readers) < 0 || fchmod(r->fd, 0640) < 0)
		return -errno;
	if ((e = path_write_all(r->fd, header, strlen(header))) < 0)
		return e;
	return path_write_all(r->fd, "\n", 1);
}

static int
make_file(struct recording *r, const struct settings *host,
    const struct recording_owner *owner, const char *header)
{
	int e;

	if ((e = make_folders(r->path, strlen(host->recording_dir) - 1,
		 owner->readers)) < 0)
		return e;
	r->fd = open(r->path,
	    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (r->fd < 0)
		return -errno;
	/* Held until the last of keeper and recorder has let go of it. */
	(void)flock(r->fd, LOCK_SH | LOCK_NB);
	if ((e = fill_file(r, owner, header)) < 0) {
		unlink(r->path);
		close(r->fd);
		r->fd = -1;
	}
	return e;
}

/* A file that nobody waits for any more is none. */
static _Noreturn void
make_file_for(int to, struct recording *r, const struct settings *host,
    const struct recording_owner *owner, const char *header)
{
	int e;

	if (dup2(to, STDIN_FILENO) < 0)
		_exit(1);
	closefrom(STDIN_FILENO + 1);
	e = make_file(r, host, owner, header);
	if (unixsock_send_fd(STDIN_FILENO, e, r->fd) < 0 && e == 0)
		unlink(r->path);
	_exit(0);
}

/* A disk that does not answer keeps a child waiting, and nobody else. */
static int
have_file_made(struct recording *r, const struct settings *host,
    const struct recording_owner *owner, const char *header)
{
	int ends[2], e, told = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if ((pid = fork()) == 0)
		make_file_for(ends[1], r, host, owner, header);
	e = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (e == 0)
		e = unixsock_receive_fd(ends[0], CREATE_MS, &told, &r->fd);
	close(ends[0]);
	if (e == 0 && told == 0 && r->fd < 0)
		return -EBADF;
	return e < 0 ? e : told;
}

int
recording_create(struct recording *r, const struct settings *host,
    const struct recording_owner *owner, const struct uuid *sid,
    uint64_t now_usec, const char *header)
{
	int e;

	if ((e = name_file(r, host, sid, now_usec)) < 0)
		return e;
	r->start_usec = clock_boot_usec();
	return have_file_made(r, host, owner, header);
}

int
recording_reopen(struct recording *r, const char *path, uint64_t start_usec)
{
	int n = snprintf(r->path, sizeof(r->path), "%.*s",
	    (int)sizeof(r->path) - 1, path);

	if (n < 0)
		return -EINVAL;
	r->start_usec = start_usec;
	r->fd = open(r->path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (r->fd < 0)
		return -errno;
	(void)flock(r->fd, LOCK_SH | LOCK_NB);
	return 0;
}

/* Descriptors to their places, from above so that none is run over. */
static int
place_descriptors(const int from[RECORDER_FDS])
{
	int high[RECORDER_FDS], i;

	for (i = 0; i < RECORDER_FDS; i++)
		if (from[i] >= 0 &&
		    (high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, RECORDER_FDS)) <
			0)
			return -1;
	for (i = 0; i < RECORDER_FDS; i++) {
		close(i);
		if (from[i] >= 0 && dup2(high[i], i) < 0)
			return -1;
	}
	closefrom(RECORDER_FDS);
	return 0;
}

/* The outer terminal tells its size to whoever leads the session on it. */
static int
become_nobody(const struct recording_owner *owner, bool has_tty)
{
	if (setsid() < 0 ||
	    (has_tty && ioctl(RECORDER_OUTER, TIOCSCTTY, 0) < 0) ||
	    setgroups(0, NULL) < 0 ||
	    setresgid(owner->gid, owner->gid, owner->gid) < 0 ||
	    setresuid(owner->uid, owner->uid, owner->uid) < 0)
		return -1;
	return 0;
}

static bool
has_typed(const struct recording_manner *how)
{
	return how->typed != NULL &&
	    how->typed->n_typed + how->typed->n_rest > 0;
}

/* Before anything else, and before there is anybody to read it. Lost, it would
 * be input that a plain sshd does not lose. */
static int
say_typed(int fd, const struct recording_manner *how)
{
	if (!has_typed(how))
		return 0;
	how->typed->version = RECORDERMSG_VERSION;
	return send(fd, how->typed, sizeof(*how->typed),
		   MSG_DONTWAIT | MSG_NOSIGNAL) < 0
	    ? -errno
	    : 0;
}

static void
exec_recorder(const struct recording *r, const struct settings *host,
    const struct recording_manner *how)
{
	char start[32], reserve[32], most[32];
	static char name[] = "recorder", start_flag[] = "--start",
		    reserve_flag[] = "--reserve", strict[] = "--strict",
		    streams[] = "--streams", max_flag[] = "--max",
		    tap_flag[] = "--tap", input[] = "--input",
		    typed[] = "--typed";
	char *argv[14] = { name, start_flag, start, reserve_flag, reserve };
	char *envp[] = { NULL };
	size_t n = 5;

	snprintf(start, sizeof(start), "%llu",
	    (unsigned long long)r->start_usec);
	snprintf(reserve, sizeof(reserve), "%llu",
	    (unsigned long long)host->recording_reserve_bytes);
	snprintf(most, sizeof(most), "%llu",
	    (unsigned long long)how->max_bytes);
	if (how->is_strict)
		argv[n++] = strict;
	if (how->has_tty && how->has_input)
		argv[n++] = input;
	if (has_typed(how))
		argv[n++] = typed;
	if (!how->has_tty) {
		argv[n++] = streams;
		argv[n++] = max_flag;
		argv[n++] = most;
	}
	if (how->tap != FILE_TAP_NONE) {
		argv[n++] = tap_flag;
		argv[n++] = (char *)(uintptr_t)file_tap_name(how->tap);
	}
	argv[n] = NULL;
	execve(RECORDER, argv, envp);
}

static _Noreturn void
run_recorder(const struct recording *r, const struct settings *host,
    const struct recording_owner *owner, const int fds[RECORDER_FDS],
    const struct recording_manner *how)
{
	struct rlimit most = { host->recording_max_bytes,
		host->recording_max_bytes };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (place_descriptors(fds) == 0 &&
	    become_nobody(owner, how->has_tty) == 0 &&
	    setrlimit(RLIMIT_FSIZE, &most) == 0)
		exec_recorder(r, host, how);
	_exit(127);
}

int
recording_can_start(void)
{
	return access(RECORDER, X_OK) < 0 ? -errno : 0;
}

int
recording_start(struct recording *r, const struct settings *host,
    const struct recording_owner *owner, int fds[RECORDER_FDS],
    const struct recording_manner *how)
{
	int ends[2], e;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if (r->start_usec == 0)
		r->start_usec = clock_boot_usec();
	r->active_ms = clock_boot_ms();
	fds[RECORDER_CONTROL] = ends[1];
	fds[RECORDER_FILE] = r->fd;
	pid = -1;
	if ((e = say_typed(ends[0], how)) == 0 && (pid = fork()) == 0)
		run_recorder(r, host, owner, fds, how);
	if (e == 0 && pid < 0)
		e = -errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return e;
	}
	r->pidfd = pidfd_open(pid, 0);
	r->control = ends[0];
	return 0;
}

static void
let_go(struct recording *r)
{
	if (r->control >= 0)
		close(r->control);
	r->control = -1;
	if (r->pidfd >= 0) {
		/* It has ended mostly; should it hang, on a disk, it is not
		 * waited for. */
		(void)pidfd_send_signal(r->pidfd, SIGKILL, NULL, 0);
		/* So that nothing is appended to what is closed now. */
		(void)poll(&(struct pollfd){ r->pidfd, POLLIN, 0 }, 1,
		    KILLED_MS);
		close(r->pidfd);
	}
	r->pidfd = -1;
}

/* n bytes of it came: do the texts fill what is there? */
static bool
point_to_texts(struct recorder_fileop *m, size_t n)
{
	size_t at = 0, i;

	if (n < offsetof(struct recorder_fileop, bytes))
		return false;
	n -= offsetof(struct recorder_fileop, bytes);
	for (i = 0; i < FILEOP_TEXTS; i++) {
		struct fileop_text *t = &m->op.texts[i];

		if (t->n > FILEOP_TEXT_MAX || t->n > n - at)
			return false;
		t->p = m->bytes + at;
		at += t->n;
	}
	return at == n && m->op.action > 0 && m->op.action < FILEOP_ACTIONS;
}

static bool
is_sound(struct recorder_fileop *m, size_t n)
{
	if (n < sizeof(m->report) || m->report.version != RECORDERMSG_VERSION)
		return false;
	return m->report.type == RECORDER_FILE_OP ? point_to_texts(m, n)
						  : n == sizeof(m->report);
}

int
recording_hear(struct recording *r, struct recorder_fileop *ret)
{
	const struct recorder_report *m = &ret->report;
	ssize_t n = recv(r->control, ret, sizeof(*ret), MSG_DONTWAIT);

	/* Said once, before its last words, if it went with an order unread
	 * (unix_release_sock). */
	if (n < 0 && errno == ECONNRESET)
		n = recv(r->control, ret, sizeof(*ret), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		let_go(r);
		return -ECONNRESET;
	}
	if (!is_sound(ret, (size_t)n))
		return 0;
	r->tx = m->tx;
	r->rx = m->rx;
	r->not_told = m->not_told;
	if (m->type == RECORDER_ACTIVITY)
		r->active_ms = clock_boot_ms();
	if (m->type == RECORDER_END)
		r->why = m->why;
	return 1;
}

void
recording_say(const struct recording *r, enum recorder_order_type type,
    const char *text)
{
	struct recorder_order m = { .version = RECORDERMSG_VERSION,
		.type = (uint8_t)type };
	size_t n = 0;

	if (r->control < 0)
		return;
	for (; *text != '\0' && n < sizeof(m.text) - 1; text++) {
		m.text[n] = '?';
		if (*text >= ' ' && *text <= '~' && *text != '"' &&
		    *text != '\\')
			m.text[n] = *text;
		n++;
	}
	(void)send(r->control, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL);
}

const char *
recording_error(int error)
{
	return error == ETIMEDOUT ? "the disk does not answer"
				  : strerror(error);
}

void
recording_close(struct recording *r, const char *exit_text, char *last_line,
    size_t size)
{
	uint64_t now = clock_boot_usec();

	(void)castwriter_text(now > r->start_usec ? now - r->start_usec : 0,
	    'x', exit_text, last_line, size);
	recording_clear(r);
}

void
recording_clear(struct recording *r)
{
	let_go(r);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}
