/* SPDX-License-Identifier: ISC */
/* When an account logged in last. */
#include <fcntl.h>
#include <lastlog.h>
#include <paths.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auto.h"
#include "lastlogin.h"

void
lastlogin_read(uid_t uid, char ret[LASTLOGIN_MAX])
{
	AUTO(close) int fd = open(_PATH_LASTLOG, O_RDONLY | O_CLOEXEC);
	struct lastlog ll;
	char when[64];
	time_t t;

	ret[0] = '\0';
	if (fd < 0 ||
	    pread(fd, &ll, sizeof(ll), (off_t)uid * (off_t)sizeof(ll)) !=
		(ssize_t)sizeof(ll) ||
	    ll.ll_time == 0)
		return;
	t = ll.ll_time;
	if (ctime_r(&t, when) == NULL)
		return;
	when[strcspn(when, "\n")] = '\0';
	if (ll.ll_host[0] == '\0')
		snprintf(ret, LASTLOGIN_MAX, "Last login: %s", when);
	else
		snprintf(ret, LASTLOGIN_MAX, "Last login: %s from %.*s", when,
		    (int)sizeof(ll.ll_host), ll.ll_host);
}
