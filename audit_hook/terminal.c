/* SPDX-License-Identifier: ISC */
/* pty(7), tty_ioctl(4). A descriptor of sshd's terminal that somebody opened
 * before can be hidden anywhere: only a hang-up takes it away. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auto.h"
#include "proc.h"
#include "terminal.h"

#define PTY_SLAVE_MAJOR 136 /* Linux: Documentation/admin-guide/devices.txt */
#define PTMX		"/dev/ptmx"
#define LOOKS		400
#define LOOK_USEC	250
#define REST_LOOKS	20
/* A terminal takes no more than this until somebody reads (n_tty). */
#define TYPED_FULL (TYPED_KEPT - 256)

void
terminal_init(struct terminal *t)
{
	*t = (struct terminal){ .outer = -1, .master = -1, .slave = -1 };
}

static int
open_terminal(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The very device that `st` is of, on the devpts that this process sees. */
static bool
is_same_device(int fd, const struct stat *st)
{
	struct stat own;

	return fstat(fd, &own) == 0 && S_ISCHR(own.st_mode) &&
	    own.st_rdev == st->st_rdev && own.st_dev == st->st_dev;
}

/* "tty-index: N" stands in the fdinfo of a terminal's master. */
static bool
is_master_of(pid_t pid, const char *fd, unsigned index)
{
	char path[64], text[64], line[128];
	AUTO(fclose) FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", pid, fd);
	snprintf(text, sizeof(text), "tty-index:\t%u\n", index);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strcmp(line, text) == 0)
			return true;
	return false;
}

static bool
holds_master(pid_t pid, unsigned index)
{
	const struct dirent *entry;
	char path[64];
	bool is_found = false;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	if ((d = opendir(path)) == NULL)
		return false;
	while (!is_found && (entry = readdir(d)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			is_found = is_master_of(pid, entry->d_name, index);
	closedir(d);
	return is_found;
}

/* sshd's terminal, asked for its modes and size; it is closed again. */
static int
look_at_outer(struct terminal *t, int fd, pid_t wrapper, pid_t sshd)
{
	AUTO(close) int own = -1;
	struct proc_stat ps;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || major(st.st_rdev) != PTY_SLAVE_MAJOR)
		return TERMINAL_FOREIGN;
	if ((r = proc_stat(wrapper, &ps)) < 0)
		return r;
	if (ps.terminal != st.st_rdev || !holds_master(sshd, minor(st.st_rdev)))
		return TERMINAL_FOREIGN;
	snprintf(t->outer_path, sizeof(t->outer_path), "/dev/pts/%u",
	    minor(st.st_rdev));
	if ((own = open_terminal(t->outer_path)) < 0)
		return own;
	if (!is_same_device(own, &st))
		return TERMINAL_FOREIGN;
	t->group = st.st_gid;
	t->mode = st.st_mode & 0777;
	if (tcgetattr(own, &t->modes) < 0 ||
	    ioctl(own, TIOCGWINSZ, &t->size) < 0)
		return -errno;
	return 0;
}

static int
open_inner(struct terminal *t, uid_t uid)
{
	int unlocked = 0;
	unsigned index;

	if ((t->master = open_terminal(PTMX)) < 0)
		return t->master;
	if (ioctl(t->master, TIOCSPTLCK, &unlocked) < 0 ||
	    ioctl(t->master, TIOCGPTN, &index) < 0)
		return -errno;
	snprintf(t->path, sizeof(t->path), "/dev/pts/%u", index);
	t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0 || fchown(t->slave, uid, t->group) < 0 ||
	    fchmod(t->slave, t->mode) < 0 ||
	    tcsetattr(t->slave, TCSANOW, &t->modes) < 0 ||
	    ioctl(t->slave, TIOCSWINSZ, &t->size) < 0)
		return -errno;
	return 0;
}

int
terminal_open(struct terminal *t, int fd, pid_t wrapper, pid_t sshd, uid_t uid)
{
	int r = look_at_outer(t, fd, wrapper, sshd);

	return r < 0 ? r : open_inner(t, uid);
}

/* One that runs on another processor stops a moment later. */
static void
await_stop(pid_t pid)
{
	struct proc_stat ps;
	int i;

	for (i = 0; i < LOOKS; i++) {
		if (proc_stat(pid, &ps) < 0 || ps.state == 'T' ||
		    ps.state == 't' || ps.state == 'Z')
			return;
		usleep(LOOK_USEC);
	}
}

/* A character that means something to a terminal, and was typed not to. */
static bool
is_special(const struct termios *modes, uint8_t c)
{
	static const int specials[] = { VERASE, VKILL, VWERASE, VREPRINT, VEOF,
		VEOL, VEOL2, VLNEXT };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(specials); i++)
		if (modes->c_cc[specials[i]] == c)
			return c != _POSIX_VDISABLE;
	return false;
}

/* As n_tty echoes with ECHOCTL. */
static void
add_echo(struct recorder_typed *t, const struct termios *modes, uint8_t c)
{
	if ((modes->c_lflag & ECHO) == 0)
		return;
	if (c == '\n') {
		t->echo[t->n_echo++] = '\r';
	} else if (c == 0x7f || (c < 0x20 && c != '\t')) {
		t->echo[t->n_echo++] = '^';
		c ^= 0x40;
	}
	t->echo[t->n_echo++] = c;
}

/* As it is to be typed again, for the same to be read. */
static void
add_typed(struct recorder_typed *t, const struct termios *modes, uint8_t c)
{
	if (c != '\n' && is_special(modes, c) && (modes->c_lflag & IEXTEN) != 0)
		t->typed[t->n_typed++] = modes->c_cc[VLNEXT];
	t->typed[t->n_typed++] = c;
	add_echo(t, modes, c);
}

/* What has been echoed and is no more than a terminal keeps; the rest was on its
 * way to it. */
static void
add(struct recorder_typed *t, const struct termios *modes, const uint8_t *p,
    size_t n, size_t *kept)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((*kept)++ < TYPED_KEPT)
			add_typed(t, modes, p[i]);
		else if (t->n_rest < TYPED_REST_MAX)
			t->rest[t->n_rest++] = p[i];
}

/* What was written to a terminal is there a moment later; so is what stands
 * behind one that was full, once that is read. */
static ssize_t
read_more(int fd, uint8_t *buf, size_t size, bool was_full)
{
	ssize_t n = read(fd, buf, size);
	int i;

	for (i = was_full ? 0 : REST_LOOKS - 1;
	     i < REST_LOOKS && n < 0 && errno == EAGAIN; i++) {
		usleep(LOOK_USEC);
		n = read(fd, buf, size);
	}
	return n;
}

/*
 * What was typed ahead: lines as the terminal has made them, an end of input
 * as the character that makes one, then what there is of a line. No echo from
 * here on: the inner terminal does that. *ret_lines: bytes of them that can be
 * read as lines.
 */
static void
read_typed(int fd, const struct termios *modes, struct recorder_typed *ret,
    size_t *ret_lines)
{
	struct termios quiet = *modes;
	uint8_t buf[TYPED_KEPT];
	size_t kept = 0;
	ssize_t n;

	ret->n_typed = ret->n_echo = ret->n_rest = 0;
	*ret_lines = 0;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSANOW, &quiet) < 0)
		return;
	while ((modes->c_lflag & ICANON) != 0 && kept < TYPED_KEPT &&
	    (n = read_more(fd, buf, TYPED_KEPT - kept, false)) >= 0) {
		add(ret, modes, buf, (size_t)n, &kept);
		*ret_lines += (size_t)n;
		if ((n == 0 || buf[n - 1] != '\n') && kept++ < TYPED_KEPT)
			ret->typed[ret->n_typed++] = modes->c_cc[VEOF];
	}
	quiet.c_lflag &= ~(tcflag_t)ICANON;
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &quiet) < 0)
		return;
	while ((n = read_more(fd, buf, sizeof(buf), kept >= TYPED_FULL)) > 0)
		add(ret, modes, buf, (size_t)n, &kept);
}

/* Into the inner terminal, which has echoed it once already as the outer. */
static void
type_again(const struct terminal *t, const struct recorder_typed *typed,
    size_t lines)
{
	struct termios quiet = t->modes;
	int i, there = 0;

	if (typed->n_typed == 0)
		return;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR);
	if (tcsetattr(t->slave, TCSANOW, &quiet) < 0)
		return;
	(void)!write(t->master, typed->typed, typed->n_typed);
	/* It arrives a moment later. */
	for (i = 0; i < LOOKS && (size_t)there < lines; i++) {
		usleep(LOOK_USEC);
		if (ioctl(t->slave, FIONREAD, &there) < 0)
			break;
	}
	usleep(LOOK_USEC);
	(void)tcsetattr(t->slave, TCSANOW, &t->modes);
}

/* Root's alone from here on, and nobody else's descriptor is of any use. */
static int
take_away(struct terminal *t, struct recorder_typed *ret_typed,
    size_t *ret_lines)
{
	AUTO(close) int old = open_terminal(t->outer_path);
	struct termios raw = t->modes;

	if (old < 0)
		return old;
	if (fchown(old, 0, 0) < 0 || fchmod(old, 0600) < 0)
		return -errno;
	read_typed(old, &t->modes, ret_typed, ret_lines);
	if (ioctl(old, TIOCVHANGUP) < 0)
		return -errno;
	if ((t->outer = open_terminal(t->outer_path)) < 0)
		return t->outer;
	cfmakeraw(&raw);
	if (tcsetattr(t->outer, TCSANOW, &raw) < 0 ||
	    ioctl(t->outer, TIOCSWINSZ, &t->size) < 0)
		return -errno;
	return 0;
}

int
terminal_seize(struct terminal *t, pid_t sshd, struct recorder_typed *ret_typed)
{
	AUTO(close) int pidfd = pidfd_open(sshd, 0);
	size_t lines = 0;
	int r;

	ret_typed->n_typed = ret_typed->n_echo = ret_typed->n_rest = 0;
	if (pidfd < 0)
		return -errno;
	if (pidfd_send_signal(pidfd, SIGSTOP, NULL, 0) < 0)
		return -errno;
	await_stop(sshd);
	r = take_away(t, ret_typed, &lines);
	(void)pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
	if (r == 0)
		type_again(t, ret_typed, lines);
	return r;
}

void
terminal_clear(struct terminal *t)
{
	if (t->outer >= 0)
		close(t->outer);
	if (t->master >= 0)
		close(t->master);
	if (t->slave >= 0)
		close(t->slave);
	terminal_init(t);
}
