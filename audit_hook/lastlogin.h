/* SPDX-License-Identifier: ISC */
/* When an account logged in last, from lastlog. */
#ifndef CS_LASTLOGIN_H
#define CS_LASTLOGIN_H

#include <sys/types.h>

#define LASTLOGIN_MAX 384

/* "Last login: ... from ..." as sshd words it, or "" if that is not known. */
void lastlogin_read(uid_t uid, char ret[LASTLOGIN_MAX]);

#endif
