/* SPDX-License-Identifier: ISC */
/* Unix sockets that are listened on. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "auto.h"
#include "keepermsg.h"
#include "listener.h"
#include "unixsock.h"

#define BACKLOG	 64
#define PROBE_MS 200

static int
remove_stale(const char *path)
{
	AUTO(close) int fd = keepermsg_connect(path, PROBE_MS);

	if (fd >= 0 || fd == -EAGAIN)
		return -EADDRINUSE;
	if (fd == -ENOENT)
		return 0;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int
listener_open(const char *path, mode_t mode)
{
	struct sockaddr_un sa;
	AUTO(close) int fd = -1;
	int r, ret;

	if ((r = unixsock_address(path, &sa)) < 0 ||
	    (r = remove_stale(path)) < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	ret = fd;
	fd = -1;
	return ret;
}
