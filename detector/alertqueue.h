/* SPDX-License-Identifier: ISC */
/* Alerts on their way, in folders: DIR/new is what the detector has written,
 * DIR/ROUTE what that route has not delivered yet, DIR/dead/ROUTE what its
 * receiver refused. A file an alert, its name in the order of the alerts; what is
 * half-written has a name that begins with a dot. */
#ifndef CS_ALERTQUEUE_H
#define CS_ALERTQUEUE_H

#include <stddef.h>

#include "strv.h"

#define ALERTQUEUE_NAME_MAX  64
#define ALERTQUEUE_ALERT_MAX (64U * 1024U)

/* Makes DIR/NAME as it must be. 0 or -errno. */
int alertqueue_make(const char *dir, const char *name);
/* Puts an alert's line into DIR/new: it is on the disk when this returns. 0 or
 * -errno. */
int alertqueue_put(const char *dir, const char *line, size_t len);
/* The names in a folder in their order, at most so many. 0 or -errno; the caller
 * clears. */
int alertqueue_list(const char *dir, const char *name, size_t max,
    struct strv *ret);
/* The alert of this name; the caller frees. 0 or -errno. */
int alertqueue_read(const char *dir, const char *name, const char *file,
    char **ret, size_t *ret_len);
/* The file also into another folder; there already is as good. 0 or -errno. */
int alertqueue_link(const char *dir, const char *from, const char *to,
    const char *file);
/* An alert as a file without a name, for a program's standard input: a pipe could
 * fill. Returns it, close-on-exec, or -errno. */
int alertqueue_as_input(const char *text, size_t len);
int alertqueue_remove(const char *dir, const char *name, const char *file);

#endif
