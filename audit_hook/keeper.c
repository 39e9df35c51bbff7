/* SPDX-License-Identifier: ISC */
/* keeper(8): one process for each connection, started by its socket. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>

#include "auto.h"
#include "connection.h"
#include "listener.h"

DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: keeper [--listen]\n"
    "\n"
    "Supervises one SSH connection on the socket that is its stdin, as systemd\n"
    "starts it (countersign-keeper.socket). With --listen it makes the socket\n"
    "itself and serves every connection: for hosts without systemd.\n";

static int
find_session_group(gid_t *ret)
{
	const struct group *gr = getgrnam(SESSION_GROUP);

	if (gr == NULL)
		return -ENOENT;
	*ret = gr->gr_gid;
	return 0;
}

static int
serve(int fd, const struct settings *host, gid_t gid)
{
	int r = connection_serve(fd, host, gid);

	if (r < 0)
		syslog(LOG_ERR, "cannot supervise a connection: %s",
		    strerror(-r));
	return r < 0 ? 1 : 0;
}

static int
serve_stdin(const struct settings *host, gid_t gid)
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
	return serve(fd, host, gid);
}

static void
fork_keeper(int listener, int fd, const struct settings *host, gid_t gid)
{
	switch (fork()) {
	case -1:
		syslog(LOG_ERR, "fork: %m");
		break;
	case 0:
		close(listener);
		signal(SIGCHLD, SIG_DFL);
		_exit(serve(fd, host, gid));
	default:
		break;
	}
	close(fd);
}

static int
serve_listener(int listener, const struct settings *host, gid_t gid)
{
	struct pollfd p = { listener, POLLIN, 0 };
	int fd;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return 1;
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			fork_keeper(listener, fd, host, gid);
	}
}

static int
listen_forever(const struct settings *host, gid_t gid)
{
	char path[PATH_MAX];
	int listener;

	snprintf(path, sizeof(path), "%s/" KEEPER_SOCKET, host->run_dir);
	if ((listener = listener_open(path, 0600)) < 0) {
		fprintf(stderr, "keeper: cannot listen on '%s': %s\n", path,
		    strerror(-listener));
		return 1;
	}
	return serve_listener(listener, host, gid);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "listen", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	AUTO(settings_free) struct settings *host = NULL;
	struct conf_error e = { 0 };
	bool is_listener = false;
	gid_t gid;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'l') {
			is_listener = true;
			continue;
		}
		fputs(usage, opt == 'h' ? stdout : stderr);
		return opt == 'h' ? 0 : 2;
	}
	openlog("countersign-keeper", LOG_NDELAY, LOG_AUTHPRIV);
	umask(022);
	if ((host = settings_load_host(&e)) == NULL) {
		syslog(LOG_ERR, "%s", e.what);
		fprintf(stderr, "keeper: %s\n", e.what);
		return 1;
	}
	/* Asked once: a connection's login waits for no name service. */
	if (find_session_group(&gid) < 0) {
		syslog(LOG_ERR, "there is no group " SESSION_GROUP);
		fputs("keeper: there is no group " SESSION_GROUP "\n", stderr);
		return 1;
	}
	return is_listener ? listen_forever(host, gid) : serve_stdin(host, gid);
}
