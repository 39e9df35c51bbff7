/* SPDX-License-Identifier: ISC */
/* The simple commands that a shell's text is made of (POSIX.1-2017, Shell
 * Command Language 2.2 to 2.9): what may be run, whatever runs it. Nothing is
 * expanded. */
#ifndef CS_SHELLWORDS_H
#define CS_SHELLWORDS_H

#include <stddef.h>

#define SHELLWORDS_DEPTH_MAX	8
#define SHELLWORDS_WORDS_MAX	4096 /* of one command: more are left out */
#define SHELLWORDS_COMMANDS_MAX 1024 /* of one text */

struct shellwords {
	/* A command's words without quotes, n > 0, and where each goes to with
	 * `>`; they stand until it returns. */
	void (*take)(void *context, char *const *words, size_t n,
	    char *const *written, size_t n_written);
	void *context;
};

/* 0 or -ENOMEM. What cannot be understood ends it. */
int shellwords_read(const char *text, size_t len, const struct shellwords *to);

#endif
