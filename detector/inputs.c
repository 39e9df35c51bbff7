/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "auto.h"
#include "inputs.h"

#define DATAGRAM_MAX  65536
#define DATAGRAMS_MAX 1024 /* in one turn */

static int
fail(const char *what, const char *path, int error)
{
	fprintf(stderr, "countersign-detect: cannot %s '%s': %s\n", what, path,
	    strerror(error));
	return -error;
}

/* The folder, since a file may be another tomorrow. */
static int
watch_folder(struct inputs *in, const char *path)
{
	AUTO(free) char *copy = strdup(path);

	if (copy == NULL)
		return -ENOMEM;
	if (inotify_add_watch(in->changes, dirname(copy),
		IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return fail("watch the folder of", path, errno);
	return 0;
}

/* Who may write there says its mode: only we and our group. */
static int
open_socket(struct inputs *in, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int size = 4 * 1024 * 1024;

	if (strlen(path) >= sizeof(sun.sun_path))
		return fail("listen on", path, ENAMETOOLONG);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	in->socket =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (in->socket < 0)
		return fail("listen on", path, errno);
	(void)unlink(path);
	(void)umask(0117);
	if (bind(in->socket, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return fail("listen on", path, errno);
	(void)umask(077);
	/* As much as we may have: a burst waits here. */
	(void)setsockopt(in->socket, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size));
	in->socket_path = strdup(path);
	return in->socket_path == NULL ? -ENOMEM : 0;
}

int
inputs_open(struct inputs *in, char *const *paths, size_t n,
    const char *socket_path)
{
	size_t i;
	int r;

	*in = (struct inputs){ .socket = -1, .changes = -1 };
	if ((r = follow_init(&in->files, paths, n)) < 0)
		return r;
	in->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (in->changes < 0)
		return fail("use", "inotify", errno);
	for (i = 0; i < n; i++)
		if ((r = watch_folder(in, paths[i])) < 0)
			return r;
	return socket_path == NULL ? 0 : open_socket(in, socket_path);
}

void
inputs_close(struct inputs *in)
{
	follow_clear(&in->files);
	if (in->changes >= 0)
		close(in->changes);
	if (in->socket >= 0)
		close(in->socket);
	if (in->socket_path != NULL)
		(void)unlink(in->socket_path);
	free(in->socket_path);
}

void
inputs_wait(struct inputs *in, int timeout_ms)
{
	struct pollfd p[2] = { { in->changes, POLLIN, 0 },
		{ in->socket, POLLIN, 0 } };
	char gone[4096];

	if (poll(p, 2, timeout_ms) > 0)
		while (read(in->changes, gone, sizeof(gone)) > 0)
			;
}

static int
read_socket(struct inputs *in,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	static char datagram[DATAGRAM_MAX];
	ssize_t n;
	int i;

	for (i = 0; i < DATAGRAMS_MAX; i++) {
		n = recv(in->socket, datagram, sizeof(datagram), MSG_TRUNC);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? i > 0
								 : -errno;
		if ((size_t)n <= sizeof(datagram))
			take(context, datagram, (size_t)n);
	}
	return 1;
}

int
inputs_read(struct inputs *in,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	int files = follow_read(&in->files, take, context), datagrams;

	if (files < 0 || in->socket < 0)
		return files;
	datagrams = read_socket(in, take, context);
	return datagrams < 0 ? datagrams : files | datagrams;
}
