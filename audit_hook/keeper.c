/* SPDX-License-Identifier: ISC */
/* keeper(8): one process for each connection, started by its socket. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

#include "auto.h"
#include "bury.h"
#include "connection.h"
#include "listener.h"

DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: keeper [--listen | --bury]\n"
    "\n"
    "Supervises one SSH connection on the socket that is its stdin, as systemd\n"
    "starts it (countersign-keeper.socket). With --listen it makes the socket\n"
    "itself and serves every connection: for hosts without systemd. --bury ends\n"
    "the connections whose keeper was killed, and writes what it owed.\n";

#define DESCRIPTORS   4096
#define RECORDER_USER "_countersign-record"
#define READERS_GROUP "adm"

/* Asked once: a connection's login waits for no name service. */
struct accounts {
	gid_t session; /* the wrapper's group */
	struct recording_owner owner;
};

/* NULL, or the account that is missing. */
static const char *
find_accounts(struct accounts *ret)
{
	const struct group *gr = getgrnam(SESSION_GROUP);
	const struct passwd *pw = getpwnam(RECORDER_USER);

	if (gr == NULL)
		return "group " SESSION_GROUP;
	if (pw == NULL)
		return "user " RECORDER_USER;
	*ret = (struct accounts){ gr->gr_gid, { pw->pw_uid, pw->pw_gid, 0 } };
	/* Not every distribution has it: then root alone reads. */
	if ((gr = getgrnam(READERS_GROUP)) != NULL)
		ret->owner.readers = gr->gr_gid;
	return NULL;
}

/* Four descriptors a session, of which a connection may have 512. */
static void
allow_descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max < DESCRIPTORS ? l.rlim_max : DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

static int
serve(int fd, const struct settings *host, const struct accounts *who)
{
	int r = connection_serve(fd, host, who->session, &who->owner);

	/* That was the answer, and no failure. */
	if (r == -EUSERS)
		return 0;
	if (r < 0)
		syslog(LOG_ERR, "cannot supervise a connection: %s",
		    strerror(-r));
	return r < 0 ? 1 : 0;
}

static int
serve_stdin(const struct settings *host, const struct accounts *who)
{
	struct stat st;
	int fd;

	if (fstat(STDIN_FILENO, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fputs("keeper: stdin is not a socket (see --listen)\n", stderr);
		return 2;
	}
	/* The socket's end has to be the only one. */
	if ((fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) < 0)
		return 1;
	close(STDIN_FILENO);
	return serve(fd, host, who);
}

static void
fork_keeper(int listener, int fd, const struct settings *host,
    const struct accounts *who)
{
	switch (fork()) {
	case -1:
		syslog(LOG_ERR, "fork: %m");
		break;
	case 0:
		close(listener);
		signal(SIGCHLD, SIG_DFL);
		(void)fcntl(fd, F_SETFL, 0);
		_exit(serve(fd, host, who));
	default:
		break;
	}
	close(fd);
}

static void
on_child(int sig)
{
	(void)sig;
}

static pid_t
fork_burial(int listener, const struct settings *host,
    const struct accounts *who)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(listener);
	bury_all(host, who->session);
	_exit(0);
}

/* A keeper that was killed owes its connection's end. A burial that was is not
 * tried again until another is: it would be killed again. */
static void
reap_keepers(int listener, const struct settings *host,
    const struct accounts *who, pid_t *burial)
{
	bool was_killed = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		was_killed |= WIFSIGNALED(status) && pid != *burial;
		if (pid == *burial)
			*burial = 0;
	}
	if (was_killed)
		*burial = fork_burial(listener, host, who);
}

static int
serve_listener(int listener, const struct settings *host,
    const struct accounts *who)
{
	struct sigaction sa = { .sa_handler = on_child,
		.sa_flags = SA_NOCLDSTOP };
	struct pollfd p = { listener, POLLIN, 0 };
	sigset_t blocked, open;
	pid_t burial;
	int fd;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &open);
	sigaction(SIGCHLD, &sa, NULL);
	/* Those of an earlier one that was killed as well. */
	burial = fork_burial(listener, host, who);
	for (;;) {
		if (ppoll(&p, 1, NULL, &open) < 0 && errno != EINTR)
			return 1;
		reap_keepers(listener, host, who, &burial);
		fd =
		    accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			fork_keeper(listener, fd, host, who);
	}
}

static int
listen_forever(const struct settings *host, const struct accounts *who)
{
	char path[PATH_MAX];
	int listener;

	snprintf(path, sizeof(path), "%s/" KEEPER_SOCKET, host->run_dir);
	if ((listener = listener_open(path, 0600)) < 0) {
		fprintf(stderr, "keeper: cannot listen on '%s': %s\n", path,
		    strerror(-listener));
		return 1;
	}
	return serve_listener(listener, host, who);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "listen", no_argument, NULL, 'l' },
		{ "bury", no_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO(settings_free) struct settings *host = NULL;
	struct conf_error e = { 0 };
	bool is_listener = false, is_bury = false;
	struct accounts who = { 0 };
	const char *missing;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'l' || opt == 'b') {
			*(opt == 'l' ? &is_listener : &is_bury) = true;
			continue;
		}
		fputs(usage, opt == 'h' ? stdout : stderr);
		return opt == 'h' ? 0 : 2;
	}
	openlog("countersign-keeper", LOG_NDELAY, LOG_AUTHPRIV);
	umask(022);
	allow_descriptors();
	if ((host = settings_load_host(&e)) == NULL) {
		syslog(LOG_ERR, "%s", e.what);
		fprintf(stderr, "keeper: %s\n", e.what);
		return 1;
	}
	if (is_bury) {
		(void)find_accounts(&who);
		bury_all(host, who.session);
		return 0;
	}
	if ((missing = find_accounts(&who)) != NULL) {
		syslog(LOG_ERR, "there is no %s", missing);
		fprintf(stderr,
		    "keeper: there is no %s: run "
		    "/usr/share/countersign/prepare-host\n",
		    missing);
		return 1;
	}
	return is_listener ? listen_forever(host, &who)
			   : serve_stdin(host, &who);
}
