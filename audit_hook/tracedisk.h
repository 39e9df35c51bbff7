/* SPDX-License-Identifier: ISC */
/* What is done to files below paths that the settings name: fanotify(7), a mark
 * on each folder. */
#ifndef CS_TRACEDISK_H
#define CS_TRACEDISK_H

#include <stdbool.h>
#include <stdint.h>

#include "strv.h"

enum tracedisk_action {
	TRACEDISK_WRITE, /* what was opened for writing has been closed */
	TRACEDISK_CREATE,
	TRACEDISK_MKDIR,
	TRACEDISK_REMOVE,
	TRACEDISK_RMDIR,
	TRACEDISK_RENAME,
	TRACEDISK_SETSTAT, /* mode, owner, times, attributes, links */
	TRACEDISK_FOUND /* it was in a folder that is new: who made that */
};

struct tracedisk_event {
	enum tracedisk_action action;
	uint32_t pid; /* in our PID namespace */
	const char *path; /* NULL: a rename from elsewhere */
	const char *target; /* of a rename; NULL: to elsewhere */
};

/* What it is told is borrowed. */
typedef void tracedisk_reader(void *context, const struct tracedisk_event *e);

struct tracedisk;

/* Watches what is there below these paths, and what comes. 0 or -errno:
 * -EINVAL, the kernel is older than 5.9. paths are kept. */
int tracedisk_open(const struct strv *paths, tracedisk_reader *read,
    void *context, struct tracedisk **ret);
void tracedisk_free(struct tracedisk *d);
int tracedisk_fd(const struct tracedisk *d);
/* Some of what has happened. true: there may be more. */
bool tracedisk_read(struct tracedisk *d);
/* For folders that came while the kernel's queue had run over. */
void tracedisk_look_again(struct tracedisk *d);
/* Since the last time it was asked: has the kernel's queue run over; are there
 * folders that could not be watched? */
bool tracedisk_has_lost(struct tracedisk *d);
bool tracedisk_is_full(struct tracedisk *d);

#endif
