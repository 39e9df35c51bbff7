/* SPDX-License-Identifier: ISC */
/* Forwardings, from sshd's own lines (serverloop.c, channels.c, session.c): granted ones
 * only show with the drop-in's LogVerbose. */
#ifndef CS_SSHDFORWARD_H
#define CS_SSHDFORWARD_H

#include <stdbool.h>

#define SSHDFORWARD_TEXT_MAX 512

enum sshdforward_direction {
	SSHDFORWARD_LOCAL, /* -L, -D, -W, ProxyJump */
	SSHDFORWARD_REMOTE, /* -R */
	SSHDFORWARD_STREAMLOCAL, /* a socket */
	SSHDFORWARD_AGENT, /* -A; it has no target */
	SSHDFORWARD_X11 /* -X, -Y; nor has it */
};

struct sshdforward {
	enum sshdforward_direction direction;
	bool is_refusal; /* else a request: granted unless a refusal follows */
	bool is_asked; /* refused, unless it is said that somebody listens */
	/* "db1:5432", "[::1]:9003", "/run/x"; both are what the client says.
	 * A text that is longer ends in "...". */
	char target[SSHDFORWARD_TEXT_MAX];
	char origin[SSHDFORWARD_TEXT_MAX]; /* empty: not said */
};

/* Is this message one? The client chooses the names in it: what could be read
 * in two ways stays in `target` whole. */
bool sshdforward_line(const char *message, struct sshdforward *ret);
const char *sshdforward_name(enum sshdforward_direction d);

#endif
