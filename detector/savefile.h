/* SPDX-License-Identifier: ISC */
/* What is known, kept over a restart: numbers and bytes one after the other. It
 * is read by the program that wrote it, or not at all. */
#ifndef CS_SAVEFILE_H
#define CS_SAVEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct savefile {
	FILE *f;
	bool is_bad; /* something did not go: nothing after it counts */
};

void save_u64(struct savefile *s, uint64_t n);
void save_bytes(struct savefile *s, const void *p, size_t n);
void save_text(struct savefile *s, const char *text);
uint64_t load_u64(struct savefile *s);
/* At most max; more is_bad. */
uint64_t load_count(struct savefile *s, uint64_t max);
void load_bytes(struct savefile *s, void *p, size_t n);
/* The caller frees; NULL if it is_bad. */
char *load_text(struct savefile *s, size_t max);

#endif
