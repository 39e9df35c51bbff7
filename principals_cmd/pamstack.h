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
	unsigned level; /* in how many substacks it stands */
	bool may_be_missing; /* "-session" */
};

struct pamstack {
	struct pamline *v;
	size_t n;
};

/* 0, -ENOMEM. Comments and other lines are left out. */
int pamstack_parse(const char *text, struct pamstack *ret);
/* The stack of a service as PAM sees it: what is included stands in the place of
 * the line, with its number; what is in a substack, behind the line. 0, -ENOMEM, or -errno with the file in *ret_file,
 * which is freed. */
int pamstack_load(const char *path, struct pamstack *ret, char **ret_file);
/* "pam_env.so", also of a path. Borrowed. */
const char *pamline_module(const struct pamline *l);
/* May line i end the stack, or jump, so that a later one is not asked? */
bool pamstack_may_skip(const struct pamstack *s, size_t i, size_t later);
/* May line i throw away what an earlier one has said ("reset")? */
bool pamstack_may_forget(const struct pamstack *s, size_t i, size_t earlier);
void pamstack_clear(struct pamstack *s);

/* The text with our two lines where they belong, instead of any that it had.
 * NULL if it has no pam_loginuid or pam_env line to go by, or for want of
 * memory. The caller frees. */
char *pamstack_with_ours(const char *text);
/* The text without our lines. */
char *pamstack_without_ours(const char *text);

#endif
