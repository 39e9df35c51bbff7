/* SPDX-License-Identifier: ISC */
/* Structs over a socket pair. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "recorderlink.h"

#define ACTIVITY_USEC USEC_PER_SEC

void
recorderlink_say(struct recorder_report *m, const struct recorder_count *count)
{
	m->version = RECORDERMSG_VERSION;
	m->tx = count->tx;
	m->rx = count->rx;
	(void)send(RECORDER_CONTROL, m, sizeof(*m),
	    MSG_DONTWAIT | MSG_NOSIGNAL);
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
