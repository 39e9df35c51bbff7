/* SPDX-License-Identifier: ISC */
/* Keeper, syslog, clock. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "auto.h"
#include "checks.h"
#include "path.h"
#include "setupjournal.h"
#include "unixsock.h"

#define KEEPER_SOCKET_PATH "/run/countersign/keeper.sock"
#define LISTENING	   "00010000" /* __SO_ACCEPTCON in /proc/net/unix */

/* Asked of the kernel: a connection would start a keeper. */
static bool
somebody_listens(const char *path)
{
	AUTO(fclose) FILE *f = fopen("/proc/net/unix", "re");
	AUTO(free) char *line = NULL;
	size_t size = 0, n = strlen(path), len;
	bool listens = false;

	while (f != NULL && !listens && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		len = strlen(line);
		listens = len > n && line[len - n - 1] == ' ' &&
		    strcmp(line + len - n, path) == 0 &&
		    strstr(line, " " LISTENING " ") != NULL;
	}
	return listens;
}

static int
can_send(const char *path)
{
	AUTO(close) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;
	int r;

	if (fd < 0)
		return -errno;
	if ((r = unixsock_address(path, &addr)) < 0)
		return r;
	return connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0
	    ? -errno
	    : 0;
}

static void
check_syslog(struct checkup *c)
{
	int r = can_send(c->settings->event_socket);

	if (r < 0)
		finding_add(&c->findings, FINDING_SYSLOG, "'%s': %s",
		    c->settings->event_socket, strerror(-r));
}

static bool
line_is_trusting(const char *line)
{
	return strstr(line, "\"imuxsock\"") != NULL &&
	    strcasestr(line, "SysSock.Annotate=\"on\"") != NULL &&
	    strcasestr(line, "SysSock.ParseTrusted=\"on\"") != NULL;
}

static void
check_rsyslog(struct checkup *c)
{
	AUTO(fclose) FILE *f = fopen("/etc/rsyslog.conf", "re");
	AUTO(free) char *line = NULL;
	size_t size = 0;
	bool is_trusting = false;

	if (f == NULL)
		return;
	while (!is_trusting && getline(&line, &size, f) > 0)
		is_trusting =
		    line[strspn(line, " \t")] != '#' && line_is_trusting(line);
	if (!is_trusting)
		finding_add(&c->findings, FINDING_RSYSLOG_TRUST,
		    "/etc/rsyslog.conf does not ask who wrote to /dev/log");
}

static void
check_clock(struct checkup *c)
{
	struct timex t = { 0 };

	if (adjtimex(&t) == TIME_ERROR || (t.status & STA_UNSYNC) != 0)
		finding_add(&c->findings, FINDING_CLOCK,
		    "the kernel says that nothing keeps the clock right");
}

static void
check_setup(struct checkup *c)
{
	if (setupjournal_is_open() && !setupjournal_is_watched())
		finding_add(&c->findings, FINDING_SETUP_UNCONFIRMED,
		    "a setup was not confirmed, and nothing waits for it any "
		    "more");
}

void
check_keeper(struct checkup *c)
{
	if (!somebody_listens(KEEPER_SOCKET_PATH))
		finding_add(&c->findings, FINDING_KEEPER,
		    "nobody listens at " KEEPER_SOCKET_PATH);
}

void
check_services(struct checkup *c)
{
	check_keeper(c);
	check_syslog(c);
	check_rsyslog(c);
	check_clock(c);
	check_setup(c);
}
