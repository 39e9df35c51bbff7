/* SPDX-License-Identifier: ISC */
/* Running another program and hearing what it says. */
#ifndef CS_COMMAND_H
#define CS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_OUTPUT_MAX (256U * 1024U)

struct command {
	const char *const *argv; /* an absolute path first */
	const char *user; /* NULL: as we are */
	bool without_network; /* in a network namespace of its own */
	unsigned timeout_s; /* then it is killed */
};

struct command_result {
	int status; /* exit status; 128 + signal; 127: not there */
	bool is_late; /* it was killed for taking too long */
	char *out, *err; /* never NULL; what is beyond the maximum is cut */
};

/* 0 and the caller clears, or -errno: it could not be started. Its environment
 * is a plain PATH and LC_ALL=C, its stdin /dev/null. */
int command_run(const struct command *c, struct command_result *ret);
void command_result_clear(struct command_result *r);

#endif
