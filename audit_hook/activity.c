/* SPDX-License-Identifier: ISC */
/* TCP_INFO (tcp(7)) of the connection's socket. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "activity.h"
#include "clock.h"
#include "parse.h"

void
activity_init(struct activity *a, int tcp, uint64_t limit_s)
{
	*a = (struct activity){ .tcp = tcp,
		.limit_ms = limit_s * 1000,
		.active_ms = clock_boot_ms(),
		.look_ms = clock_boot_ms() };
}

static bool
ask(struct activity *a)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (a->tcp < 0 ||
	    getsockopt(a->tcp, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
	    len < offsetof(struct tcp_info, tcpi_segs_out))
		return false;
	a->rx = info.tcpi_bytes_received;
	a->tx = info.tcpi_bytes_acked;
	return true;
}

static uint64_t
left_of(uint64_t end_ms)
{
	uint64_t now = clock_boot_ms();

	return end_ms > now ? end_ms - now : 0;
}

int
activity_due_ms(const struct activity *a)
{
	uint64_t look = left_of(a->look_ms + ACTIVITY_LOOK_MS);
	uint64_t end = left_of(a->active_ms + a->limit_ms);

	if (a->limit_ms == 0)
		return -1;
	return (int)(look < end ? look : end);
}

void
activity_typed(struct activity *a, uint64_t ms)
{
	if (ms > a->active_ms)
		a->active_ms = ms;
}

static void
look(struct activity *a, bool has_streams)
{
	uint64_t rx = a->rx, tx = a->tx;

	a->look_ms = clock_boot_ms();
	if (!ask(a))
		return;
	if (a->rx - rx >= ACTIVITY_BYTES ||
	    (has_streams && a->tx - tx >= ACTIVITY_BYTES))
		a->active_ms = a->look_ms;
}

bool
activity_is_idle(struct activity *a, bool has_streams, char *ret_why,
    size_t size)
{
	char text[PARSE_NUMBER_TEXT_MAX];

	if (a->limit_ms == 0)
		return false;
	if (left_of(a->look_ms + ACTIVITY_LOOK_MS) == 0 ||
	    left_of(a->active_ms + a->limit_ms) == 0)
		look(a, has_streams);
	if (left_of(a->active_ms + a->limit_ms) != 0)
		return false;
	snprintf(ret_why, size, "idle for %s",
	    format_duration(a->limit_ms / 1000, text));
	return true;
}

bool
activity_close(struct activity *a)
{
	bool is_known = ask(a);

	if (a->tcp >= 0)
		close(a->tcp);
	a->tcp = -1;
	return is_known;
}
