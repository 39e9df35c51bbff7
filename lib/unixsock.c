/* SPDX-License-Identifier: ISC */
/* Addresses of Unix sockets, and a descriptor through one. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "unixsock.h"

int
unixsock_address(const char *path, struct sockaddr_un *ret)
{
	size_t n = strlen(path);

	if (n >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, path, n + 1);
	return 0;
}

/* Room for one descriptor (cmsg(3)). */
union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
unixsock_send_fd(int fd, int number, int passed)
{
	struct iovec iov = { &number, sizeof(number) };
	union control control = { .head = { .cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (passed >= 0) {
		memcpy(CMSG_DATA(&control.head), &passed, sizeof(passed));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int
unixsock_receive_fd(int fd, int ms, int *ret_number, int *ret_fd)
{
	struct iovec iov = { ret_number, sizeof(*ret_number) };
	union control control = { .bytes = { 0 } };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct pollfd p = { fd, POLLIN, 0 };
	const struct cmsghdr *head;
	ssize_t n;
	int r;

	*ret_fd = -1;
	while ((r = poll(&p, 1, ms)) < 0 && errno == EINTR)
		continue;
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	if ((n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)) < 0)
		return -errno;
	head = CMSG_FIRSTHDR(&m);
	if (head != NULL && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(head), sizeof(*ret_fd));
	return n == sizeof(*ret_number) ? 0 : -EPIPE;
}
