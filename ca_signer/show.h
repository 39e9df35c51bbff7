/* SPDX-License-Identifier: ISC */
/* Text from outside on somebody's terminal; messages and exit codes. */
#ifndef CS_SHOW_H
#define CS_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The tool's exit codes (docs/countersign.1). */
enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_INPUT = 3
};

/* Control, bidi and malformed bytes are shown as \xNN or \u{NNNN}. */
void show_text(FILE *f, const char *text, size_t len);
/* Is there nothing in it that a reader could be deceived with: no other
 * direction of writing, nothing invisible, no broken UTF-8? */
bool is_plain_text(const char *text);
/* A JSON string, with its quotes; what is not UTF-8 is U+FFFD. */
void show_json_text(FILE *f, const char *text, size_t len);
/* "countersign: ..." to stderr; returns exit_code. What
 * the text brings along of others' is escaped. */
int show_error(int exit_code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A number; above 2^63-1, where jansson has none, a string of digits. */
json_t *show_json_serial(uint64_t serial);

#endif
