/* SPDX-License-Identifier: ISC */
/* The session lines of sshd's PAM stack. */
#ifndef CS_PAMSTACK_H
#define CS_PAMSTACK_H

#include <stddef.h>

#include "strv.h"

#define PAM_STACK_FILE "/etc/pam.d/sshd"
#define PAM_MODULE     "pam_countersign.so"

/* What stands in the lines that count for sessions, in order. */
struct pamline {
	char *control; /* "required", "[...]"; "@include" */
	char *module; /* or the included file */
	char *arguments; /* "" for none */
	size_t number; /* of the line, from 1 */
};

struct pamstack {
	struct pamline *v;
	size_t n;
};

/* 0, -ENOMEM. Comments and other lines are left out. */
int pamstack_parse(const char *text, struct pamstack *ret);
void pamstack_clear(struct pamstack *s);

/* The text with our two lines where they belong, instead of any that it had.
 * NULL if it has no pam_loginuid or pam_env line to go by, or for want of
 * memory. The caller frees. */
char *pamstack_with_ours(const char *text);
/* The text without our lines. */
char *pamstack_without_ours(const char *text);

#endif
