/* SPDX-License-Identifier: ISC */
/* Is this a login that came after? */
#ifndef CS_SECONDLOGIN_H
#define CS_SECONDLOGIN_H

#include <stdbool.h>
#include <stdint.h>

/* Is one of the processes above this one an sshd that was started after then
 * (microseconds since the epoch)? sudo and su do not hide it. */
bool is_login_since(uint64_t then_us);

#endif
