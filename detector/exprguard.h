/* SPDX-License-Identifier: ISC */
/* A text that is in whatever an expression fits: where it is not, the expression
 * need not be tried. */
#ifndef CS_EXPRGUARD_H
#define CS_EXPRGUARD_H

#include <stddef.h>

#define EXPRGUARD_MAX 32

/* Of an expression in Hyperscan's syntax that minds the case of letters. Writes
 * at most EXPRGUARD_MAX bytes; returns how many, 0 if none is sure. */
size_t exprguard(const char *text, size_t len, char ret[EXPRGUARD_MAX]);

#endif
