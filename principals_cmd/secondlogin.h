/* SPDX-License-Identifier: ISC */
/* Is this a login that shows that the hooks work? */
#ifndef CS_SECONDLOGIN_H
#define CS_SECONDLOGIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum second_login {
	LOGIN_NONE, /* no sshd above this process that is so young */
	LOGIN_WITHOUT_KEEPER, /* a newer one, but not through our hooks */
	LOGIN_BY_HOOKS
};

/* What is above this process: an sshd that was started after then (clock_boot_usec)
 * and whose connection has a keeper? sudo and su do not hide it. */
enum second_login second_login_since(uint64_t then_us, const char *run_dir,
    pid_t *ret_monitor);
/* As whom it is, as sshd shows it ("sshd: alice [priv]", and
 * "sshd: root@pts/0", which needs no monitor): also where there is no
 * audit login uid, and where two accounts share a uid. 0, -errno, -EBADMSG. */
int second_login_name(pid_t monitor, char *ret, size_t size);

#endif
