/* SPDX-License-Identifier: ISC */
/* What a command runs that only runs another: sudo, env, nohup, timeout,
 * busybox, sh -c. */
#ifndef CS_THROUGH_H
#define CS_THROUGH_H

#include <stddef.h>

#define THROUGH_DEPTH_MAX 4
#define THROUGH_MAX	  1024 /* commands of one event */

struct through {
	/* Words that stand until it returns; n > 0. */
	void (*take)(void *context, char *const *words, size_t n);
	void *context;
};

/* Each command that these words run, and that runs in turn. 0 or -ENOMEM. */
int through_read(char *const *words, size_t n, const struct through *t);
/* May there be one? words[0] is a path or a name. */
int through_may(const char *name, size_t len);

#endif
