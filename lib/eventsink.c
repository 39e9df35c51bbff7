/* SPDX-License-Identifier: ISC */
/* Syslog datagrams (RFC 3164 as /dev/log speaks it) without ever blocking. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "auto.h"
#include "eventsink.h"
#include "parse.h"
#include "unixsock.h"

#define PREFIX_MAX 64
#define LOOK_USEC  USEC_PER_SEC
#define LOST_MAX   1000000000ULL
#define CLOSED_US  20000 /* many events in a row ask once for a listener */

void
eventsink_init(struct eventsink *s, const struct settings *host,
    const char *emitter)
{
	*s = (struct eventsink){ .fd = -1,
		.host = host,
		.emitter = emitter,
		.fallback = EVENTSINK_FALLBACK,
		.wait_ms = 50 };
}

static int
connect_to(const char *path)
{
	struct sockaddr_un sa;
	int fd, r;

	if ((r = unixsock_address(path, &sa)) < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* Whoever is not root would only seem to have sent: rsyslog believes nobody
 * else on the fallback. */
static int
open_fallback(struct eventsink *s)
{
	if (s->fd >= 0)
		return 0;
	if (geteuid() != 0)
		return -ECONNREFUSED;
	if ((s->fd = connect_to(s->fallback)) < 0)
		return s->fd;
	s->is_fallback = true;
	return 0;
}

static int
open_socket(struct eventsink *s)
{
	int fd, r;

	if (s->fd >= 0 && !s->is_fallback)
		return 0;
	if (s->fd < 0 && clock_now_usec() < s->closed_until_us)
		return -ENOENT;
	if ((fd = connect_to(s->host->event_socket)) < 0) {
		if ((r = open_fallback(s)) < 0 && s->spool_max_bytes == 0)
			s->closed_until_us = clock_now_usec() + CLOSED_US;
		return r;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	s->is_fallback = false;
	return 0;
}

static int
send_once(struct eventsink *s, const char *p, size_t len)
{
	struct pollfd pfd;
	int r;

	if ((r = open_socket(s)) < 0)
		return r;
	if (send(s->fd, p, len, MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EAGAIN && s->wait_ms > 0) {
		pfd = (struct pollfd){ s->fd, POLLOUT, 0 };
		if (poll(&pfd, 1, s->wait_ms) > 0 &&
		    send(s->fd, p, len, MSG_NOSIGNAL) >= 0)
			return 0;
		/* A stuck reader costs one wait, not one an event. */
		s->wait_ms = 0;
		return -EAGAIN;
	}
	r = -errno;
	if (r != -EAGAIN && r != -ENOBUFS) {
		/* The reader went away: the next try connects anew. */
		close(s->fd);
		s->fd = -1;
	}
	return r;
}

static int
send_line(struct eventsink *s, const char *p, size_t len)
{
	int r = send_once(s, p, len);

	/* A daemon that was restarted has a new socket at the same path. */
	if (r == -ECONNREFUSED || r == -ENOTCONN || r == -ECONNRESET)
		r = send_once(s, p, len);
	return r;
}

size_t
eventsink_flush(struct eventsink *s)
{
	size_t i, n = 0;

	while (n < s->spool.n &&
	    send_line(s, s->spool.v[n], strlen(s->spool.v[n])) == 0)
		n++;
	for (i = 0; i < n; i++) {
		s->spool_bytes -= strlen(s->spool.v[i]);
		free(s->spool.v[i]);
	}
	if (n > 0)
		memmove(s->spool.v, s->spool.v + n,
		    (s->spool.n - n) * sizeof(*s->spool.v));
	s->spool.n -= n;
	return s->spool.n;
}

static int
lose_or_spool(struct eventsink *s, const char *line, size_t len)
{
	if (s->spool_bytes + len <= s->spool_max_bytes &&
	    strv_add(&s->spool, line) == 0) {
		s->spool_bytes += len;
		return 0;
	}
	s->lost++;
	return -EAGAIN;
}

static int
lost_open(const struct eventsink *s, int flags)
{
	char path[512];
	int fd, n;

	n = snprintf(path, sizeof(path), "%s/lost/%s", s->host->run_dir,
	    s->emitter);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0660);
	if (fd < 0)
		return -errno;
	/* Never waited for: whoever holds it is adding to it. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static uint64_t
lost_read(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	uint64_t v;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return parse_uint(text, 1, LOST_MAX, &v) < 0 ? 0 : v;
}

static void
lost_add(const struct eventsink *s)
{
	AUTO(close) int fd = lost_open(s, O_CREAT);
	char text[32];
	uint64_t v;
	int n;

	if (fd < 0)
		return;
	v = lost_read(fd) + s->lost;
	n = snprintf(text, sizeof(text), "%llu",
	    (unsigned long long)(v > LOST_MAX ? LOST_MAX : v));
	if (n <= 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return;
}

/* What earlier processes lost, now ours to report. */
static uint64_t
lost_take(const struct eventsink *s)
{
	AUTO(close) int fd = lost_open(s, 0);
	uint64_t v;

	if (fd < 0)
		return 0;
	v = lost_read(fd);
	return ftruncate(fd, 0) < 0 ? 0 : v;
}

static int
send_json(struct eventsink *s, const char *json, size_t len)
{
	char line[PREFIX_MAX + EVENT_LINE_MAX + 1];
	time_t now = time(NULL);
	struct tm tm;
	size_t n;

	if (localtime_r(&now, &tm) == NULL || len > EVENT_LINE_MAX)
		return -EINVAL;
	n = (size_t)snprintf(line, PREFIX_MAX, "<%d>", LOG_AUTHPRIV | LOG_INFO);
	n += strftime(line + n, PREFIX_MAX - n,
	    "%b %e %H:%M:%S countersign: ", &tm);
	memcpy(line + n, json, len);
	n += len;
	line[n] = '\0';
	if (eventsink_flush(s) == 0 && send_line(s, line, n) == 0)
		return 0;
	return lose_or_spool(s, line, n);
}

static int
send_event(struct eventsink *s, const struct event *ev)
{
	char json[EVENT_LINE_MAX + 1];
	size_t len = event_render(ev, json);

	return send_json(s, json, len);
}

static void
report_gap(struct eventsink *s)
{
	struct event_context ctx = { .host = s->host, .emitter = s->emitter };
	uint64_t lost, now = clock_boot_usec();
	struct event ev;

	if (s->lost == 0 && s->looked_us != 0 && now - s->looked_us < LOOK_USEC)
		return;
	s->looked_us = now;
	if ((lost = s->lost + lost_take(s)) == 0)
		return;
	s->lost = 0;
	event_init(&ev, &ctx, "audit.gap", "CS021E");
	event_string(&ev, "reason", "the log socket took no more");
	event_uint(&ev, "lost", lost);
	if (send_event(s, &ev) < 0)
		s->lost = lost;
}

static int
report_after(struct eventsink *s, int r)
{
	if (r == 0 && s->spool.n == 0)
		report_gap(s);
	return r;
}

int
eventsink_send(struct eventsink *s, const struct event *ev)
{
	return report_after(s, send_event(s, ev));
}

int
eventsink_send_line(struct eventsink *s, const char *line, size_t len)
{
	return report_after(s, send_json(s, line, len));
}

void
eventsink_clear(struct eventsink *s)
{
	s->lost += eventsink_flush(s);
	if (s->lost > 0)
		lost_add(s);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	strv_clear(&s->spool);
	s->spool_bytes = 0;
	s->lost = 0;
}
