/* SPDX-License-Identifier: ISC */
/* Letters without regard to their case, as Sigma compares, and a hash (FNV-1a)
 * for what is looked up. */
#ifndef CS_ASCII_H
#define CS_ASCII_H

#include <stddef.h>
#include <stdint.h>

#define FNV_BEGIN UINT64_C(0xcbf29ce484222325)

static inline char
ascii_lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c | 0x20);
	return c;
}

static inline uint64_t
fnv_number(uint64_t h, uint64_t n)
{
	return (h ^ n) * UINT64_C(0x100000001b3);
}

static inline uint64_t
fnv_bytes(uint64_t h, const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		h = fnv_number(h, (unsigned char)p[i]);
	return h;
}

#endif
