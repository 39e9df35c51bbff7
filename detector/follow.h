/* SPDX-License-Identifier: ISC */
/* Files that are written to, and rotated, while they are read (as tail -F). */
#ifndef CS_FOLLOW_H
#define CS_FOLLOW_H

#include <jansson.h>

#include "linefeed.h"
#include "logparts.h"

struct followed {
	char *path;
	int fd; /* -1: it is not there (yet) */
	uint64_t device, inode;
	uint64_t offset; /* of what has been taken as lines */
	struct linefeed feed;
	struct logparts parts; /* the last n_rest of them come next */
	size_t n_rest;
};

struct follow {
	struct followed *v;
	size_t n;
};

/* 0 or -ENOMEM. Nothing is opened yet. */
int follow_init(struct follow *f, char *const *paths, size_t n);
void follow_clear(struct follow *f);
/*
 * Takes what there is of each file. One that has been moved away is read to its
 * end, and then what stands in its place from the beginning; one that has become
 * shorter from the beginning. Whether anything was read; -errno.
 */
int follow_read(struct follow *f,
    void (*take)(void *context, const char *line, size_t len), void *context);
/* Where each is, to go on there: whole lines only. The caller decrefs. */
json_t *follow_position(const struct follow *f);
/*
 * Goes on in each file where it was; one that was rotated since is read to its
 * end, and then what was rotated after it. 0, or -ESTALE: one was compressed or
 * deleted, and nobody knows what has been missed of it; what there is after it is
 * read.
 */
int follow_resume(struct follow *f, json_t *position);

#endif
