/* SPDX-License-Identifier: ISC */
/* The messages around the keeper, in SSH wire data. */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "auto.h"
#include "keepermsg.h"
#include "unixsock.h"
#include "wire.h"

static void
put_list(struct writer *w, const struct strv *list)
{
	size_t i;

	writer_u32(w, (uint32_t)list->n);
	for (i = 0; i < list->n; i++)
		writer_cstring(w, list->v[i]);
}

static int
get_list(struct reader *r, struct strv *ret)
{
	uint32_t n;
	char *item;
	int e;

	if (reader_u32(r, &n) < 0 || n > KEEPERMSG_MAX_LIST)
		return -EBADMSG;
	for (; n > 0; n--)
		if ((e = reader_cstring(r, &item)) < 0 ||
		    (e = strv_add_take(ret, item)) < 0)
			return e;
	return 0;
}

static int
get_bool(struct reader *r, bool *ret)
{
	uint8_t v;

	if (reader_u8(r, &v) < 0 || v > 1)
		return -EBADMSG;
	*ret = v == 1;
	return 0;
}

static void
put_string(struct writer *w, const char *s)
{
	writer_cstring(w, s != NULL ? s : "");
}

static void
put_limits(struct writer *w, const struct keeper_limits *l)
{
	writer_u64(w, l->expires_s);
	writer_u64(w, l->max_connection_s);
	writer_u64(w, l->max_sessions);
	writer_u64(w, l->max_connections);
	writer_u64(w, l->idle_s);
	writer_u64(w, l->record_exec_max_bytes);
	writer_u8(w, l->record_strict);
	writer_u8(w, l->record_input);
	writer_u8(w, l->trace_required);
	writer_u8(w, l->survivors_kill);
	writer_u8(w, l->no_file_copy);
}

static int
get_limits(struct reader *r, struct keeper_limits *l)
{
	int e;

	if (reader_u64(r, &l->expires_s) < 0 ||
	    reader_u64(r, &l->max_connection_s) < 0 ||
	    reader_u64(r, &l->max_sessions) < 0 ||
	    reader_u64(r, &l->max_connections) < 0 ||
	    reader_u64(r, &l->idle_s) < 0 ||
	    reader_u64(r, &l->record_exec_max_bytes) < 0)
		return -EBADMSG;
	if ((e = get_bool(r, &l->record_strict)) < 0 ||
	    (e = get_bool(r, &l->record_input)) < 0 ||
	    (e = get_bool(r, &l->trace_required)) < 0 ||
	    (e = get_bool(r, &l->survivors_kill)) < 0)
		return e;
	return get_bool(r, &l->no_file_copy);
}

static void
put_hello(struct writer *w, const struct keeper_hello *h)
{
	put_string(w, h->user);
	put_string(w, h->login);
	put_string(w, h->shell);
	put_string(w, h->auth_method);
	put_string(w, h->fingerprint);
	put_string(w, h->ca_fingerprint);
	put_string(w, h->command);
	put_string(w, h->addr_remote);
	put_string(w, h->addr_local);
	put_string(w, h->break_glass);
	put_list(w, &h->roles);
	writer_u64(w, h->serial);
	writer_u64(w, h->cert_expires_s);
	put_limits(w, &h->limits);
	writer_string(w, h->cert, h->cert_len);
	writer_u32(w, h->uid);
	writer_u32(w, h->audit_session_id);
}

static int
get_hello(struct reader *r, struct keeper_hello *h)
{
	char **const strings[] = { &h->user, &h->login, &h->shell,
		&h->auth_method, &h->fingerprint, &h->ca_fingerprint,
		&h->command, &h->addr_remote, &h->addr_local, &h->break_glass };
	struct reader cert;
	size_t i;
	int e;

	for (i = 0; i < ARRAY_SIZE(strings); i++)
		if ((e = reader_cstring(r, strings[i])) < 0)
			return e;
	if ((e = get_list(r, &h->roles)) < 0)
		return e;
	if (reader_u64(r, &h->serial) < 0 ||
	    reader_u64(r, &h->cert_expires_s) < 0 ||
	    get_limits(r, &h->limits) < 0 || reader_string(r, &cert) < 0 ||
	    reader_u32(r, &h->uid) < 0 ||
	    reader_u32(r, &h->audit_session_id) < 0)
		return -EBADMSG;
	if (cert.left == 0)
		return 0;
	if ((h->cert = malloc(cert.left)) == NULL)
		return -ENOMEM;
	memcpy(h->cert, cert.p, cert.left);
	h->cert_len = cert.left;
	return 0;
}

static void
put_checkin(struct writer *w, const struct keeper_checkin *c)
{
	put_string(w, c->command);
	put_string(w, c->term);
	writer_u8(w, c->has_command);
	writer_u8(w, c->has_tty);
	writer_u32(w, c->columns);
	writer_u32(w, c->rows);
}

static int
get_checkin(struct reader *r, struct keeper_checkin *c)
{
	int e;

	if ((e = reader_cstring(r, &c->command)) < 0 ||
	    (e = reader_cstring(r, &c->term)) < 0 ||
	    (e = get_bool(r, &c->has_command)) < 0 ||
	    (e = get_bool(r, &c->has_tty)) < 0)
		return e;
	if (reader_u32(r, &c->columns) < 0 || reader_u32(r, &c->rows) < 0)
		return -EBADMSG;
	return 0;
}

static void
put_go(struct writer *w, const struct keeper_go *g)
{
	put_string(w, g->sid);
	put_string(w, g->terminal);
	put_string(w, g->shell);
	put_string(w, g->sftp_server);
	put_string(w, g->command);
	put_string(w, g->last_login);
	writer_u8(w, g->has_motd);
	put_list(w, &g->environment);
}

static int
get_go(struct reader *r, struct keeper_go *g)
{
	int e;

	if ((e = reader_cstring(r, &g->sid)) < 0 ||
	    (e = reader_cstring(r, &g->terminal)) < 0 ||
	    (e = reader_cstring(r, &g->shell)) < 0 ||
	    (e = reader_cstring(r, &g->sftp_server)) < 0 ||
	    (e = reader_cstring(r, &g->command)) < 0 ||
	    (e = reader_cstring(r, &g->last_login)) < 0 ||
	    (e = get_bool(r, &g->has_motd)) < 0)
		return e;
	return get_list(r, &g->environment);
}

static int
get_exit(struct reader *r, struct keeper_exit *x)
{
	if (reader_u32(r, &x->exit_code) < 0 || reader_u32(r, &x->signal) < 0)
		return -EBADMSG;
	return 0;
}

static void
encode(struct writer *w, const struct keeper_message *m)
{
	writer_u8(w, KEEPERMSG_VERSION);
	writer_u8(w, (uint8_t)m->type);
	switch (m->type) {
	case KEEPERMSG_HELLO:
		put_hello(w, &m->u.hello);
		break;
	case KEEPERMSG_CHECKIN:
		put_checkin(w, &m->u.checkin);
		break;
	case KEEPERMSG_GO:
		put_go(w, &m->u.go);
		break;
	case KEEPERMSG_DENIED:
		put_string(w, m->u.denied);
		break;
	case KEEPERMSG_END:
		put_string(w, m->u.end);
		break;
	case KEEPERMSG_EXIT:
		writer_u32(w, m->u.exit.exit_code);
		writer_u32(w, m->u.exit.signal);
		break;
	case KEEPERMSG_ENVIRONMENT:
		put_list(w, &m->u.environment);
		break;
	case KEEPERMSG_READY:
	case KEEPERMSG_BYE:
	case KEEPERMSG_DONE:
	case KEEPERMSG_UNTRACED:
		break;
	}
}

static int
get_body(struct reader *r, struct keeper_message *m)
{
	switch (m->type) {
	case KEEPERMSG_HELLO:
		return get_hello(r, &m->u.hello);
	case KEEPERMSG_CHECKIN:
		return get_checkin(r, &m->u.checkin);
	case KEEPERMSG_GO:
		return get_go(r, &m->u.go);
	case KEEPERMSG_DENIED:
		return reader_cstring(r, &m->u.denied);
	case KEEPERMSG_END:
		return reader_cstring(r, &m->u.end);
	case KEEPERMSG_EXIT:
		return get_exit(r, &m->u.exit);
	case KEEPERMSG_ENVIRONMENT:
		return get_list(r, &m->u.environment);
	case KEEPERMSG_READY:
	case KEEPERMSG_BYE:
	case KEEPERMSG_DONE:
	case KEEPERMSG_UNTRACED:
		return 0;
	}
	return -EBADMSG;
}

int
keepermsg_decode(const uint8_t *p, size_t len, struct keeper_message *ret)
{
	struct keeper_message m = { 0 };
	struct reader r = { p, len };
	uint8_t version, type;
	int e;

	if (reader_u8(&r, &version) < 0 || version != KEEPERMSG_VERSION ||
	    reader_u8(&r, &type) < 0)
		return -EBADMSG;
	m.type = type;
	if ((e = get_body(&r, &m)) == 0)
		e = reader_end(&r);
	if (e < 0) {
		keepermsg_clear(&m);
		return e;
	}
	*ret = m;
	return 0;
}

static void
hello_clear(struct keeper_hello *h)
{
	free(h->user);
	free(h->login);
	free(h->shell);
	free(h->auth_method);
	free(h->fingerprint);
	free(h->ca_fingerprint);
	free(h->command);
	free(h->addr_remote);
	free(h->addr_local);
	free(h->break_glass);
	free(h->cert);
	strv_clear(&h->roles);
}

static void
go_clear(struct keeper_go *g)
{
	free(g->sid);
	free(g->terminal);
	free(g->shell);
	free(g->sftp_server);
	free(g->command);
	free(g->last_login);
	strv_clear(&g->environment);
}

void
keepermsg_clear(struct keeper_message *m)
{
	switch (m->type) {
	case KEEPERMSG_HELLO:
		hello_clear(&m->u.hello);
		break;
	case KEEPERMSG_CHECKIN:
		free(m->u.checkin.command);
		free(m->u.checkin.term);
		break;
	case KEEPERMSG_GO:
		go_clear(&m->u.go);
		break;
	case KEEPERMSG_DENIED:
		free(m->u.denied);
		break;
	case KEEPERMSG_END:
		free(m->u.end);
		break;
	case KEEPERMSG_ENVIRONMENT:
		strv_clear(&m->u.environment);
		break;
	case KEEPERMSG_EXIT:
	case KEEPERMSG_READY:
	case KEEPERMSG_BYE:
	case KEEPERMSG_DONE:
	case KEEPERMSG_UNTRACED:
		break;
	}
	*m = (struct keeper_message){ 0 };
}

/* Room for descriptors beside a message (cmsg(3)). */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(KEEPERMSG_MAX_FDS * sizeof(int))];
};

static void
attach(struct msghdr *h, union control *control, const int *fds, size_t n)
{
	struct cmsghdr *head;

	if (n == 0)
		return;
	memset(control, 0, sizeof(*control));
	h->msg_control = control->room;
	h->msg_controllen = CMSG_SPACE(n * sizeof(int));
	head = CMSG_FIRSTHDR(h);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(head), fds, n * sizeof(int));
}

/* The kernel has made descriptors of ours of all that there was room for. */
static void
detach(struct msghdr *h, int ret_fds[KEEPERMSG_MAX_FDS])
{
	struct cmsghdr *head = CMSG_FIRSTHDR(h);
	size_t n;

	if (head == NULL || head->cmsg_level != SOL_SOCKET ||
	    head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(0))
		return;
	n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n > KEEPERMSG_MAX_FDS)
		n = KEEPERMSG_MAX_FDS;
	memcpy(ret_fds, CMSG_DATA(head), n * sizeof(int));
}

int
keepermsg_send_fds(int fd, const struct keeper_message *m, const int *fds,
    size_t n_fds)
{
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	union control control;
	struct iovec all;
	struct msghdr h = { .msg_iov = &all, .msg_iovlen = 1 };
	ssize_t n;
	int r;

	if (n_fds > KEEPERMSG_MAX_FDS)
		return -EINVAL;
	encode(&w, m);
	if ((r = writer_error(&w)) < 0)
		return r;
	if (w.len > KEEPERMSG_MAX_BYTES)
		return -EMSGSIZE;
	all = (struct iovec){ w.p, w.len };
	attach(&h, &control, fds, n_fds);
	do
		n = sendmsg(fd, &h, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int
keepermsg_send(int fd, const struct keeper_message *m)
{
	return keepermsg_send_fds(fd, m, NULL, 0);
}

static void
close_all(const int fds[KEEPERMSG_MAX_FDS])
{
	size_t i;

	for (i = 0; i < KEEPERMSG_MAX_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* A packet into buf: its length, or -errno. */
static ssize_t
receive(int fd, struct msghdr *h)
{
	bool was_reset = false, is_reset;
	ssize_t n;

	/* A peer that has closed on what it did not read: its last word is there,
	 * behind that error. */
	do {
		n = recvmsg(fd, h, MSG_TRUNC | MSG_CMSG_CLOEXEC);
		is_reset = n < 0 && errno == ECONNRESET && !was_reset;
		was_reset |= is_reset;
	} while (n < 0 && (errno == EINTR || is_reset));
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ECONNRESET;
	return (size_t)n > KEEPERMSG_MAX_BYTES ? -EBADMSG : n;
}

int
keepermsg_receive_fds(int fd, struct keeper_message *ret,
    int ret_fds[KEEPERMSG_MAX_FDS])
{
	AUTO(free) uint8_t *buf = malloc(KEEPERMSG_MAX_BYTES);
	struct iovec all = { buf, KEEPERMSG_MAX_BYTES };
	union control control;
	struct msghdr h = { .msg_iov = &all,
		.msg_iovlen = 1,
		.msg_control = control.room,
		/* Not the padding: one more would fit there. */
		.msg_controllen = CMSG_LEN(KEEPERMSG_MAX_FDS * sizeof(int)) };
	int fds[KEEPERMSG_MAX_FDS] = { -1, -1, -1 };
	ssize_t n;
	int r;

	if (buf == NULL)
		return -ENOMEM;
	if ((n = receive(fd, &h)) < 0 && n != -EBADMSG)
		return (int)n;
	detach(&h, fds);
	r = n < 0 ? (int)n : keepermsg_decode(buf, (size_t)n, ret);
	if (r < 0) {
		close_all(fds);
		return r;
	}
	memcpy(ret_fds, fds, sizeof(fds));
	return 0;
}

int
keepermsg_receive(int fd, struct keeper_message *ret)
{
	int fds[KEEPERMSG_MAX_FDS];
	int r = keepermsg_receive_fds(fd, ret, fds);

	if (r == 0)
		close_all(fds);
	return r;
}

int
keepermsg_set_timeout(int fd, unsigned timeout_ms)
{
	struct timeval tv = { .tv_sec = timeout_ms / 1000,
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0)
		return -errno;
	return 0;
}

int
keepermsg_connect(const char *path, unsigned timeout_ms)
{
	struct sockaddr_un sa;
	AUTO(close) int fd = -1;
	int r, ret;

	if ((r = unixsock_address(path, &sa)) < 0)
		return r;
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) < 0)
		return -errno;
	/* SO_SNDTIMEO bounds connect(2) as well when the backlog is full. */
	if ((r = keepermsg_set_timeout(fd, timeout_ms)) < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	ret = fd;
	fd = -1;
	return ret;
}

int
keepermsg_connection_path(const char *run_dir, const char *id, char *buf,
    size_t size)
{
	int n = snprintf(buf, size, "%s/" KEEPER_CONNECTIONS "/%s.sock",
	    run_dir, id);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
