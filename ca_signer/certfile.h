/* SPDX-License-Identifier: ISC */
/* A certificate in a file, as ssh keeps it. */
#ifndef CS_CERTFILE_H
#define CS_CERTFILE_H

#include "sshcert.h"

/* "type base64 comment", "-" for stdin. 0, -errno, or -EBADMSG. */
int certfile_load(const char *path, struct cert **ret);
/* What to say of such an error. */
const char *certfile_error(int r);

#endif
