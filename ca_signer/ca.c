/* SPDX-License-Identifier: ISC */
/* A CA's directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "auto.h"
#include "ca.h"
#include "parse.h"
#include "path.h"
#include "proc.h"

char *
ca_path(const char *dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

int
ca_lock(const char *dir)
{
	AUTO(free) char *path = ca_path(dir, CA_LOCK);
	int fd, r;

	if (path == NULL)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	do
		r = flock(fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	if (r < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int
ca_next_serial(const char *dir, uint64_t *ret)
{
	AUTO(free) char *path = ca_path(dir, CA_SERIAL);
	char text[32];
	uint64_t last;
	int r, n;

	if (path == NULL)
		return -ENOMEM;
	if ((r = proc_read_line(path, text, sizeof(text))) < 0)
		return r;
	if (parse_uint(text, 0, UINT64_MAX - 1, &last) < 0)
		return -EBADMSG;
	n = snprintf(text, sizeof(text), "%llu\n",
	    (unsigned long long)last + 1);
	if ((r = path_write_atomic(path, text, (size_t)n, 0600, 0)) < 0)
		return r;
	*ret = last + 1;
	return 0;
}

/* A line that was half written when the disk was full would spoil the next. */
static int
append_whole(int fd, const char *line, size_t len)
{
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n;

	if (end < 0)
		return -errno;
	n = write(fd, line, len);
	if (n == (ssize_t)len && fsync(fd) == 0)
		return 0;
	n = n < 0 ? -errno : -ENOSPC;
	if (ftruncate(fd, end) < 0)
		return -EIO;
	return (int)n;
}

int
ca_ledger_append(const char *dir, const char *line)
{
	AUTO(free) char *path = ca_path(dir, CA_LEDGER), *text = NULL;
	AUTO(close) int fd = -1;
	int n;

	if (path == NULL || (n = asprintf(&text, "%s\n", line)) < 0)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	return append_whole(fd, text, (size_t)n);
}

void
cert_create_init(struct cert_create *cc, const struct cert *c,
    const struct strv *roles)
{
	cc->cert = c;
	cc->roles = roles;
	clock_rfc3339(c->valid_before, cc->expires);
	sshkey_fingerprint(c->key, c->key_len, cc->fingerprint);
	sshkey_fingerprint(c->ca, c->ca_len, cc->ca_fingerprint);
}

void
cert_create_event(struct event *ev, const struct event_context *ctx,
    const struct cert_create *cc)
{
	const struct cert *c = cc->cert;

	event_init(ev, ctx, "cert.create", "TC000I");
	event_string(ev, "cert_type", c->kind == CERT_HOST ? "host" : "user");
	event_object(ev, "identity");
	event_string(ev, "user", c->key_id);
	if (cc->roles != NULL)
		event_list(ev, "roles", cc->roles);
	event_list(ev, "principals", &c->principals);
	event_string(ev, "expires", cc->expires);
	event_object_end(ev);
	event_uint(ev, "serial", c->serial);
	event_string(ev, "fingerprint", cc->fingerprint);
	event_string(ev, "ca_fingerprint", cc->ca_fingerprint);
}
