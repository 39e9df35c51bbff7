/* SPDX-License-Identifier: ISC */
/* What is in no event, but made of what is: its name begins with '@'. */
#ifndef CS_MADE_H
#define CS_MADE_H

#include <stddef.h>

#define MADE_ARGS 16 /* @arg0 to @arg15 */

enum made {
	MADE_COMMAND_LINE, /* argv0 and argv with a space between them */
	MADE_PARENT_IMAGE,
	MADE_PARENT_COMMAND_LINE,
	MADE_REMOTE_IP, /* addr.remote without its port */
	MADE_REMOTE_NET, /* of that: its /24, or /48 of IPv6 */
	MADE_VALIDITY, /* of a certificate, from its issue on, in seconds */
	MADE_USER_DOMAIN, /* what follows the last @ of user */
	MADE_FILES, /* path, target_path, with their folder */
	MADE_LINE, /* all of it, as it was written */
	MADE_MESSAGE, /* a syslog line's */
	MADE_PROGRAM, /* a syslog line's */
	MADE_ARG, /* the last ones */
	MADE_N = MADE_ARG + MADE_ARGS
};

/* By its name, or -1. */
int made_find(const char *name, size_t len);

#endif
