/* SPDX-License-Identifier: ISC */
/* Files that are written to, and rotated, while they are read (as tail -F). */
#ifndef CS_FOLLOW_H
#define CS_FOLLOW_H

#include <jansson.h>

#include "linefeed.h"
#include "logparts.h"

#define FOLLOW_DIGEST_BYTES 16

/* Where in which file: known by its number and its beginning. A number is given
 * to another file when its own is gone, and a copy has another. */
struct follow_place {
	uint64_t device, inode;
	uint64_t offset; /* of what has been taken as lines */
	uint64_t written_ns; /* last, when that was looked at */
	uint64_t head_len; /* bytes of the beginning; 0: it is not known */
	unsigned char head[FOLLOW_DIGEST_BYTES];
};

struct followed {
	char *path;
	int fd; /* -1: it has not been there yet */
	struct follow_place at;
	struct linefeed feed;
	struct logparts parts; /* the last n_rest of them come next */
	size_t n_rest;
};

struct follow {
	struct followed *v;
	size_t n;
	bool has_missed; /* what was compressed or deleted before it was read */
};

/* 0 or -ENOMEM. Nothing is opened yet. */
int follow_init(struct follow *f, char *const *paths, size_t n);
void follow_clear(struct follow *f);
/* Goes on in the first file, which is open, at an offset. Takes fd. 0, or
 * -EINVAL: it is no regular file, or shorter. */
int follow_begin(struct follow *f, int fd, uint64_t offset);
/*
 * Takes what there is of each file. One that has been rotated is read to its end,
 * then all that was since, then what stands in its place; what was cut
 * (copytruncate) in its copy, if there is one, and then from the beginning.
 * Whether anything was read; -errno.
 */
int follow_read(struct follow *f,
    void (*take)(void *context, const char *line, size_t len), void *context);
/* Where each is, to go on there: whole lines only. The caller decrefs. */
json_t *follow_position(const struct follow *f);
/* Goes on there, also if they were rotated meanwhile. */
void follow_resume(struct follow *f, const json_t *position);

#endif
