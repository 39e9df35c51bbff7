/* SPDX-License-Identifier: ISC */
/* The two ends of the TCP connection. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include "addresses.h"

#define DESCRIPTORS_TO_TRY 64

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage any;
};

static void
format_address(const union address *a, char ret[ADDRESS_TEXT_MAX])
{
	char text[INET6_ADDRSTRLEN] = "";

	if (a->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->in.sin_addr, text, sizeof(text));
		snprintf(ret, ADDRESS_TEXT_MAX, "%s:%u", text,
		    ntohs(a->in.sin_port));
		return;
	}
	/* A v4 client of a v6 socket is a v4 client. */
	if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr)) {
		inet_ntop(AF_INET, &a->in6.sin6_addr.s6_addr[12], text,
		    sizeof(text));
		snprintf(ret, ADDRESS_TEXT_MAX, "%s:%u", text,
		    ntohs(a->in6.sin6_port));
		return;
	}
	inet_ntop(AF_INET6, &a->in6.sin6_addr, text, sizeof(text));
	snprintf(ret, ADDRESS_TEXT_MAX, "[%s]:%u", text,
	    ntohs(a->in6.sin6_port));
}

static bool
is_internet(const union address *a)
{
	return a->sa.sa_family == AF_INET || a->sa.sa_family == AF_INET6;
}

void
addresses_find(struct addresses *ret)
{
	union address remote = { 0 }, local = { 0 };
	socklen_t n_remote, n_local;
	int fd;

	ret->remote[0] = ret->local[0] = '\0';
	ret->fd = -1;
	for (fd = 0; fd < DESCRIPTORS_TO_TRY; fd++) {
		n_remote = n_local = sizeof(remote);
		if (getpeername(fd, &remote.sa, &n_remote) < 0 ||
		    getsockname(fd, &local.sa, &n_local) < 0 ||
		    !is_internet(&remote) || !is_internet(&local))
			continue;
		format_address(&remote, ret->remote);
		format_address(&local, ret->local);
		ret->fd = fd;
		return;
	}
}
