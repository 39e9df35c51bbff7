/* SPDX-License-Identifier: ISC */
/* The end of connections whose keeper has been killed. */
#ifndef CS_BURY_H
#define CS_BURY_H

#include <sys/types.h>

#include "settings.h"

/* Ends each such connection, writes the events that its keeper owed, and seals
 * its recordings. Takes a second and a little where there is one. */
void bury_all(const struct settings *host, gid_t session_gid);

#endif
