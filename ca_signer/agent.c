/* SPDX-License-Identifier: ISC */
/* The client's side of the agent protocol (draft-miller-ssh-agent 3). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "agent.h"
#include "auto.h"
#include "proc.h"
#include "unixsock.h"

enum {
	AGENT_FAILURE = 5,
	AGENT_REQUEST_IDENTITIES = 11,
	AGENT_IDENTITIES_ANSWER = 12,
	AGENT_SIGN_REQUEST = 13,
	AGENT_SIGN_RESPONSE = 14
};

struct agent {
	int fd;
	uint8_t *buf; /* an answer, maybe with more behind it */
	size_t len; /* bytes in buf */
};

void
agent_free(struct agent *a)
{
	if (a == NULL)
		return;
	if (a->fd >= 0)
		close(a->fd);
	free(a->buf);
	free(a);
}

int
agent_of_fd(int fd, struct agent **ret)
{
	struct agent *a = calloc(1, sizeof(*a));

	if (a == NULL || (a->buf = malloc(AGENT_MAX_BYTES + 4)) == NULL) {
		free(a);
		close(fd);
		return -ENOMEM;
	}
	a->fd = fd;
	*ret = a;
	return 0;
}

int
agent_connect(const char *path, struct agent **ret)
{
	AUTO(close) int fd = -1;
	struct sockaddr_un sa;
	int r;

	if ((r = unixsock_address(path, &sa)) < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	r = agent_of_fd(fd, ret);
	fd = -1;
	return r;
}

bool
agent_takes_many(const struct agent *a)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	char path[64], name[32];

	if (getsockopt(a->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)peer.pid);
	return proc_read_line(path, name, sizeof(name)) >= 0 &&
	    strcmp(name, "ssh-agent") == 0;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd pfd = { fd, events, 0 };
	int64_t left;
	int n;

	do {
		left = deadline_ms - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&pfd, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

static int
send_all(struct agent *a, const uint8_t *p, size_t len, int64_t deadline_ms)
{
	ssize_t n;
	int r;

	while (len > 0) {
		n = send(a->fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			if ((r = wait_for(a->fd, POLLOUT, deadline_ms)) < 0)
				return r;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
send_message(struct agent *a, const struct writer *body, unsigned timeout_s)
{
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;

	writer_string(&w, body->p, body->len);
	if (writer_error(&w) < 0)
		return writer_error(&w);
	return send_all(a, w.p, w.len, now_ms() + timeout_s * 1000LL);
}

/* Until `want` bytes are in the buffer. */
static int
fill(struct agent *a, size_t want, int64_t deadline_ms)
{
	ssize_t n;
	int r;

	while (a->len < want) {
		n = recv(a->fd, a->buf + a->len, AGENT_MAX_BYTES + 4 - a->len,
		    0);
		if (n < 0 && errno == EAGAIN) {
			if ((r = wait_for(a->fd, POLLIN, deadline_ms)) < 0)
				return r;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		a->len += (size_t)n;
	}
	return 0;
}

/* The next answer, copied out of the buffer: its type is in *ret_type, the
 * rest in body. */
static int
take_message(struct agent *a, unsigned timeout_s, uint8_t *ret_type,
    struct writer *body)
{
	int64_t deadline_ms = now_ms() + timeout_s * 1000LL;
	struct reader r;
	uint32_t len;
	int e;

	if ((e = fill(a, 4, deadline_ms)) < 0)
		return e;
	r = (struct reader){ a->buf, a->len };
	if (reader_u32(&r, &len) < 0 || len == 0 || len > AGENT_MAX_BYTES)
		return -EBADMSG;
	if ((e = fill(a, 4 + (size_t)len, deadline_ms)) < 0)
		return e;
	*ret_type = a->buf[4];
	writer_bytes(body, a->buf + 5, len - 1);
	a->len -= 4 + (size_t)len;
	memmove(a->buf, a->buf + 4 + len, a->len);
	return writer_error(body);
}

static int
check_type(uint8_t type, uint8_t wanted)
{
	if (type == wanted)
		return 0;
	return type == AGENT_FAILURE ? -EPERM : -EBADMSG;
}

/* A count, then key blobs, each with a comment. */
static int
read_identities(const struct writer *body, struct writer *ret)
{
	struct reader r = { body->p, body->len }, blob, comment;
	uint32_t n, i;

	if (reader_u32(&r, &n) < 0 || n > AGENT_MAX_IDENTITIES)
		return -EBADMSG;
	for (i = 0; i < n; i++) {
		if (reader_string(&r, &blob) < 0 ||
		    reader_string(&r, &comment) < 0)
			return -EBADMSG;
		writer_string(ret, blob.p, blob.left);
	}
	return reader_end(&r) < 0 ? -EBADMSG : writer_error(ret);
}

int
agent_list(struct agent *a, struct writer *ret)
{
	AUTO_CLEAR(writer_clear) struct writer ask = WRITER_INIT;
	AUTO_CLEAR(writer_clear) struct writer body = WRITER_INIT;
	uint8_t type;
	int r;

	writer_u8(&ask, AGENT_REQUEST_IDENTITIES);
	if ((r = send_message(a, &ask, AGENT_LIST_TIMEOUT_S)) < 0 ||
	    (r = take_message(a, AGENT_LIST_TIMEOUT_S, &type, &body)) < 0 ||
	    (r = check_type(type, AGENT_IDENTITIES_ANSWER)) < 0)
		return r;
	return read_identities(&body, ret);
}

int
agent_ask_signature(struct agent *a, const struct reader *key, const void *data,
    size_t len, uint32_t flags, unsigned timeout_s)
{
	AUTO_CLEAR(writer_clear) struct writer ask = WRITER_INIT;

	writer_u8(&ask, AGENT_SIGN_REQUEST);
	writer_string(&ask, key->p, key->left);
	writer_string(&ask, data, len);
	writer_u32(&ask, flags);
	if (writer_error(&ask) < 0)
		return writer_error(&ask);
	return send_message(a, &ask, timeout_s);
}

int
agent_take_signature(struct agent *a, unsigned timeout_s, struct writer *ret)
{
	AUTO_CLEAR(writer_clear) struct writer body = WRITER_INIT;
	struct reader r, signature;
	uint8_t type;
	int e;

	if ((e = take_message(a, timeout_s, &type, &body)) < 0 ||
	    (e = check_type(type, AGENT_SIGN_RESPONSE)) < 0)
		return e;
	r = (struct reader){ body.p, body.len };
	if (reader_string(&r, &signature) < 0 || reader_end(&r) < 0)
		return -EBADMSG;
	writer_bytes(ret, signature.p, signature.left);
	return writer_error(ret);
}
