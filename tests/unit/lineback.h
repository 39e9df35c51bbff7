/* SPDX-License-Identifier: ISC */
/* An options line read as sshd reads it (auth2-pubkeyfile.c, auth-options.c of
 * OpenSSH): what it lets through, in our words. */
#ifndef CS_LINEBACK_H
#define CS_LINEBACK_H

#include <stdbool.h>

#include "decide.h"

/* Does the line, read back, mean this decision, with this role as principal?
 * *ret_why is static text. */
bool lineback_means(const char *line, const struct decision *d,
    const char **ret_why);

#endif
