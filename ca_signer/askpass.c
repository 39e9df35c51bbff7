/* SPDX-License-Identifier: ISC */
/* Passphrases for the OpenSSH programs that we run (ssh-add(1), SSH_ASKPASS).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include "askpass.h"
#include "auto.h"
#include "proc.h"
#include "show.h"
#include "unixsock.h"

#define PROMPT_MAX_BYTES 4096

/* Whoever owns the folder above can put another in the place of ours, and would
 * be given the CA's key: after su or sudo that may be somebody else. */
static bool
is_ours_alone(const char *path)
{
	struct stat st;

	return path != NULL && path[0] == '/' && stat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 022) == 0;
}

char *
askpass_make_dir(void)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	char *dir = NULL;

	if (!is_ours_alone(base))
		base = "/tmp";
	if (asprintf(&dir, "%s/countersign.XXXXXX", base) < 0)
		return NULL;
	if (mkdtemp(dir) == NULL) {
		free(dir);
		return NULL;
	}
	return dir;
}

/* One line into buf, at most size - 1 bytes, without its newline. */
static int
read_secret_line(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len < size - 1) {
		n = read(fd, buf + len, 1);
		if (n < 0)
			return -errno;
		if (n == 0 || buf[len] == '\n')
			break;
		len++;
	}
	buf[len] = '\0';
	return n == 0 && len == 0 ? -ECANCELED : 0;
}

static volatile sig_atomic_t caught;

static void catch (int signal)
{
	caught = signal;
}

/* Whoever is interrupted at the prompt gets the echo back first. */
static const int caught_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
	SIGTSTP };

static void
catch_all(struct sigaction before[ARRAY_SIZE(caught_signals)])
{
	struct sigaction on = { .sa_handler = catch };
	size_t i;

	caught = 0;
	sigemptyset(&on.sa_mask);
	for (i = 0; i < ARRAY_SIZE(caught_signals); i++)
		sigaction(caught_signals[i], &on, &before[i]);
}

static void
release_all(const struct sigaction before[ARRAY_SIZE(caught_signals)])
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(caught_signals); i++)
		sigaction(caught_signals[i], &before[i], NULL);
	if (caught != 0)
		raise(caught);
}

static int
ask_terminal(int tty, const char *prompt, char *buf, size_t size)
{
	struct sigaction before_signals[ARRAY_SIZE(caught_signals)];
	struct termios before, silent;
	int r;

	if (tcgetattr(tty, &before) < 0)
		return -errno;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	catch_all(before_signals);
	dprintf(tty, "%s", prompt);
	if (tcsetattr(tty, TCSADRAIN, &silent) < 0)
		r = -errno;
	else
		r = read_secret_line(tty, buf, size);
	tcsetattr(tty, TCSADRAIN, &before);
	dprintf(tty, "\n");
	release_all(before_signals);
	return r;
}

static int
ask_program(const char *program, const char *prompt, char *buf, size_t size)
{
	int fds[2], status, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if ((pid = fork()) == 0) {
		dup2(fds[1], STDOUT_FILENO);
		unsetenv(ASKPASS_ENV);
		execlp(program, program, prompt, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	r = pid < 0 ? -errno : read_secret_line(fds[0], buf, size);
	close(fds[0]);
	if (pid > 0 &&
	    (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		WEXITSTATUS(status) != 0))
		return -ECANCELED;
	return r;
}

/* Which one is asked, as OpenSSH's read_passphrase() chooses. */
static int
ask_into(const char *prompt, char *buf, size_t size)
{
	const char *program = getenv("SSH_ASKPASS");
	const char *require = getenv("SSH_ASKPASS_REQUIRE");
	AUTO(close) int tty = -1;

	if (program != NULL && program[0] != '\0' && require != NULL &&
	    (strcasecmp(require, "force") == 0 ||
		strcasecmp(require, "prefer") == 0))
		return ask_program(program, prompt, buf, size);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty >= 0)
		return ask_terminal(tty, prompt, buf, size);
	if (program != NULL && program[0] != '\0')
		return ask_program(program, prompt, buf, size);
	return -ENXIO;
}

int
askpass_person(const char *prompt, char **ret)
{
	char *buf = sodium_malloc(ASKPASS_MAX_BYTES);
	int r;

	if (buf == NULL)
		return -ENOMEM;
	if ((r = ask_into(prompt, buf, ASKPASS_MAX_BYTES)) < 0) {
		sodium_free(buf);
		return r;
	}
	*ret = buf;
	return 0;
}

static int
listen_on(const char *path)
{
	struct sockaddr_un sa;
	int fd, r;

	if ((r = unixsock_address(path, &sa)) < 0)
		return r;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 1) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* The helper has told its prompt whole when it has closed its side. */
static void
answer_one(int listener, askpass_answer *answer, void *ctx)
{
	AUTO(close) int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char prompt[PROMPT_MAX_BYTES];
	const char *secret;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return;
	while (len < sizeof(prompt) - 1 &&
	    (n = read(fd, prompt + len, sizeof(prompt) - 1 - len)) > 0)
		len += (size_t)n;
	prompt[len] = '\0';
	if ((secret = answer(prompt, ctx)) != NULL)
		(void)!send(fd, secret, strlen(secret), MSG_NOSIGNAL);
}

static void
exec_helper(const char *socket_path, const char *agent, const char *const *argv,
    int err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (n < 0 || null < 0)
		_exit(127);
	self[n] = '\0';
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	setenv("SSH_ASKPASS", self, 1);
	setenv("SSH_ASKPASS_REQUIRE", "force", 1);
	setenv(ASKPASS_ENV, socket_path, 1);
	if (agent != NULL)
		setenv("SSH_AUTH_SOCK", agent, 1);
	dprintf(STDERR_FILENO, "cannot run '%s': %s\n", argv[0],
	    strerror(-proc_exec(argv)));
	_exit(127);
}

/* Its stderr's beginning; what is more is read and dropped. */
static bool
collect(int fd, char *err, size_t size, size_t *len)
{
	char rest[512];
	ssize_t n;

	if (*len + 1 < size) {
		n = read(fd, err + *len, size - 1 - *len);
		if (n > 0)
			*len += (size_t)n;
	} else {
		n = read(fd, rest, sizeof(rest));
	}
	err[*len] = '\0';
	return n > 0;
}

static void
serve(int listener, int pidfd, int err_fd, askpass_answer *answer, void *ctx,
    char *err, size_t err_size)
{
	struct pollfd fds[] = { { pidfd, POLLIN, 0 }, { listener, POLLIN, 0 },
		{ err_fd, POLLIN, 0 } };
	size_t len = 0;

	err[0] = '\0';
	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents != 0)
			answer_one(listener, answer, ctx);
		if (fds[2].revents != 0 &&
		    !collect(err_fd, err, err_size, &len))
			fds[2].fd = -1;
		if (fds[0].revents != 0 && fds[2].revents == 0)
			return;
	}
}

int
askpass_run(const char *dir, const char *agent, const char *const *argv,
    askpass_answer *answer, void *ctx, char *err, size_t err_size)
{
	AUTO(free) char *path = NULL;
	AUTO(close) int listener = -1;
	AUTO(close) int pidfd = -1;
	AUTO(close) int err_fd = -1;
	int fds[2], status;
	pid_t pid;

	if (asprintf(&path, "%s/ask", dir) < 0)
		return -ENOMEM;
	if ((listener = listen_on(path)) < 0)
		return listener;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if ((pid = fork()) == 0)
		exec_helper(path, agent, argv, fds[1]);
	err_fd = fds[0];
	close(fds[1]);
	if (pid < 0)
		return -errno;
	if ((pidfd = pidfd_open(pid, 0)) >= 0)
		serve(listener, pidfd, err_fd, answer, ctx, err, err_size);
	else
		kill(pid, SIGKILL);
	unlink(path);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int
askpass_main(const char *socket_path, const char *prompt)
{
	AUTO(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char secret[ASKPASS_MAX_BYTES];
	struct sockaddr_un sa;
	size_t len = 0;
	ssize_t n;

	if (fd < 0 || unixsock_address(socket_path, &sa) < 0 ||
	    connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    send(fd, prompt, strlen(prompt), MSG_NOSIGNAL) < 0 ||
	    shutdown(fd, SHUT_WR) < 0)
		return EXIT_INPUT;
	while (len < sizeof(secret) &&
	    (n = read(fd, secret + len, sizeof(secret) - len)) > 0)
		len += (size_t)n;
	n = len > 0 ? write(STDOUT_FILENO, secret, len) : -1;
	sodium_memzero(secret, sizeof(secret));
	return n > 0 ? EXIT_DONE : EXIT_REFUSED;
}
