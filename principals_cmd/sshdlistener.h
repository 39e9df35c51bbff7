/* SPDX-License-Identifier: ISC */
/* The sshds that listen on this host, as /proc shows them. */
#ifndef CS_SSHDLISTENER_H
#define CS_SSHDLISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SSHDLISTENERS_MAX  16
#define SSHDLISTENER_TITLE 4096

struct sshdlistener {
	pid_t pid;
	/* "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", as sshd
	 * writes it since OpenSSH 8.2. */
	char title[SSHDLISTENER_TITLE];
};

/* Up to SSHDLISTENERS_MAX of this pid namespace (a container's are not ours);
 * how many. */
size_t sshdlistener_find(struct sshdlistener ret[SSHDLISTENERS_MAX]);
/* Does its command line say what its files should (sshd(8): -C, -f, -h, -o)? */
bool sshdlistener_has_options(const struct sshdlistener *l);

#endif
