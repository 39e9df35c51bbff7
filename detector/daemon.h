/* SPDX-License-Identifier: ISC */
/* What the detector's programs that run on have in common. */
#ifndef CS_DAEMON_H
#define CS_DAEMON_H

#include <stdbool.h>

#include "conf.h"

/* From now on SIGTERM and SIGINT only say that it is to end. */
void daemon_catch_end(void);
bool daemon_is_ending(void);
/* On stderr, why a configuration cannot be read: r is -EINVAL with *e, or another
 * -errno. Returns r. */
int daemon_refuse(const char *program, const char *path, int r,
    struct conf_error *e);

#endif
