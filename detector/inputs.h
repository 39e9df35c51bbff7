/* SPDX-License-Identifier: ISC */
/* Where events come from while the detector runs on: files that are followed, and
 * a socket. */
#ifndef CS_INPUTS_H
#define CS_INPUTS_H

#include "follow.h"

struct inputs {
	struct follow files;
	int socket; /* datagrams, an event each; -1: none */
	char *socket_path;
	int changes; /* inotify(7) */
};

/* Opens what is to be watched. 0, or -errno after telling. socket_path may be
 * NULL. */
int inputs_open(struct inputs *in, char *const *paths, size_t n,
    const char *socket_path);
void inputs_close(struct inputs *in);
/* Until something may have come, or so long. */
void inputs_wait(struct inputs *in, int timeout_ms);
/* What there is. 1: something; 0: nothing; -errno. */
int inputs_read(struct inputs *in,
    void (*take)(void *context, const char *line, size_t len), void *context);

#endif
