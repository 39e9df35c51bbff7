/* SPDX-License-Identifier: ISC */
/* The Match blocks of sshd's configuration files, which sshd -T only shows by
 * their effect on one connection. */
#ifndef CS_SSHDMATCH_H
#define CS_SSHDMATCH_H

#include <stddef.h>
#include <time.h>

#define SSHD_CONFIG "/etc/ssh/sshd_config"

/* A line inside a Match block. */
struct sshdmatch_line {
	const char *file; /* all strings are borrowed, for the call */
	size_t number;
	const char *criteria; /* "User deploy" */
	const char *keyword, *value;
};

/*
 * Calls each(line) for every line inside a Match block other than "all", of the
 * file and of all that it includes. *ret_newest is when the newest of the files
 * and folders was changed (ctime). 0 or -errno.
 */
int sshdmatch_read(const char *path,
    void (*each)(const struct sshdmatch_line *line, void *data), void *data,
    struct timespec *ret_newest);

#endif
