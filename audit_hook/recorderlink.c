/* SPDX-License-Identifier: ISC */
/* Structs over a socket pair. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "recorderlink.h"

#define ACTIVITY_USEC USEC_PER_SEC

/* These are many, and each makes the one before it old. */
static bool
may_be_passed_over(enum recorder_report_type type)
{
	return type == RECORDER_RESIZE || type == RECORDER_ACTIVITY;
}

static void
send_whole(const void *p, size_t n, int flags)
{
	while (send(RECORDER_CONTROL, p, n, flags | MSG_NOSIGNAL) < 0 &&
	    errno == EINTR)
		continue;
}

void
recorderlink_say(struct recorder_report *m, const struct recorder_count *count)
{
	m->version = RECORDERMSG_VERSION;
	m->tx = count->tx;
	m->rx = count->rx;
	m->not_told = count->not_told;
	send_whole(m, sizeof(*m),
	    may_be_passed_over(m->type) ? MSG_DONTWAIT : 0);
}

void
recorderlink_say_fileop(const struct fileop *op,
    const struct recorder_count *count)
{
	static struct recorder_fileop m;
	size_t n = 0, i;

	m.report = (struct recorder_report){ .version = RECORDERMSG_VERSION,
		.type = RECORDER_FILE_OP,
		.tx = count->tx,
		.rx = count->rx,
		.not_told = count->not_told };
	m.op = *op;
	for (i = 0; i < FILEOP_TEXTS; i++) {
		if (op->texts[i].n > 0)
			memcpy(m.bytes + n, op->texts[i].p, op->texts[i].n);
		n += op->texts[i].n;
		m.op.texts[i].p = NULL;
	}
	send_whole(&m, offsetof(struct recorder_fileop, bytes) + n, 0);
}

int
recorderlink_hear(struct recorder_order *ret)
{
	ssize_t n = recv(RECORDER_CONTROL, ret, sizeof(*ret), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	return n == sizeof(*ret) && ret->version == RECORDERMSG_VERSION &&
	    memchr(ret->text, '\0', sizeof(ret->text)) != NULL;
}

int
recorderlink_hear_typed(struct recorder_typed *ret)
{
	ssize_t n = recv(RECORDER_CONTROL, ret, sizeof(*ret), MSG_DONTWAIT);

	return n == sizeof(*ret) && ret->version == RECORDERMSG_VERSION &&
		ret->n_typed <= sizeof(ret->typed) &&
		ret->n_echo <= sizeof(ret->echo) &&
		ret->n_rest <= sizeof(ret->rest)
	    ? 0
	    : -EBADMSG;
}

void
recorderlink_say_active(uint64_t *told_usec, const struct recorder_count *count)
{
	struct recorder_report m = { .type = RECORDER_ACTIVITY };
	uint64_t now = clock_boot_usec();

	if (*told_usec != 0 && now - *told_usec < ACTIVITY_USEC)
		return;
	*told_usec = now;
	recorderlink_say(&m, count);
}

_Noreturn void
recorderlink_leave(void)
{
	int fd;

	/* The file's last reference is of no interest to anybody else. */
	for (fd = 0; fd < RECORDER_FDS; fd++)
		if (fd != RECORDER_FILE)
			close(fd);
	_exit(0);
}
