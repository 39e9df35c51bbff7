/* SPDX-License-Identifier: ISC */
/* What the running sshd's configuration says of one login: sshd -T -C. */
#ifndef CS_SSHDCONFIG_H
#define CS_SSHDCONFIG_H

#include <stdbool.h>

#include "strv.h"

#define SSHD_PROGRAM "/usr/sbin/sshd"

struct sshdconfig {
	struct strv lines; /* "keyword value", keywords in lower case */
};

/* 0, or -errno, or -EINVAL: sshd refuses the configuration; then *ret_error
 * says why, and the caller frees it. login NULL: only `sshd -t`. */
int sshdconfig_ask(const char *login, struct sshdconfig *ret, char **ret_error);
/* The first value; "" if there is none. Borrowed. */
const char *sshdconfig_get(const struct sshdconfig *c, const char *keyword);
void sshdconfig_clear(struct sshdconfig *c);
/* Tells the running sshd to read it again. 0; -ESRCH: none is running; -EINVAL:
 * it could not read it, and is left alone; -EIO: it could not be told. */
int sshdconfig_reload(void);
/* The listening sshd: of its pid file, else the only one there is; -1: none. */
int sshdconfig_pid(void);
/* Is its pid file where it is looked for? */
bool sshdconfig_has_pid_file(void);
#define SSHD_PID_FILE "/run/sshd.pid"

#endif
