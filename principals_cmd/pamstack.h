/* SPDX-License-Identifier: ISC */
/* The session lines of sshd's PAM stack. */
#ifndef CS_PAMSTACK_H
#define CS_PAMSTACK_H

#include <stdbool.h>
#include <stddef.h>

#include "strv.h"

#define PAM_STACK_FILE "/etc/pam.d/sshd"
#define PAM_MODULE     "pam_countersign.so"

/* What stands in the lines that count for sessions, in order. */
struct pamline {
	char *control; /* "required", "[...]"; "@include" */
	char *module; /* or the included file */
	char *arguments; /* "" for none */
	size_t first, number; /* its lines, from 1: a '\\' goes on */
	bool may_be_missing; /* "-session" */
};

struct pamstack {
	struct pamline *v;
	size_t n;
};

/* 0, -ENOMEM. Comments and other lines are left out. */
int pamstack_parse(const char *text, struct pamstack *ret);
/* The stack of a service as PAM sees it: what is included stands in the place of
 * the line, with its number. 0, -ENOMEM, or -errno with the file in *ret_file,
 * which is freed. */
int pamstack_load(const char *path, struct pamstack *ret, char **ret_file);
/* "pam_env.so", also of a path. Borrowed. */
const char *pamline_module(const struct pamline *l);
/* May this line end the stack, or skip a line that stands `distance` behind it,
 * so that the later one is not asked? */
bool pamline_may_skip(const struct pamline *l, size_t distance);
void pamstack_clear(struct pamstack *s);

/* The text with our two lines where they belong, instead of any that it had.
 * NULL if it has no pam_loginuid or pam_env line to go by, or for want of
 * memory. The caller frees. */
char *pamstack_with_ours(const char *text);
/* The text without our lines. */
char *pamstack_without_ours(const char *text);

#endif
