/* SPDX-License-Identifier: ISC */
/* Letters without regard to their case, as Sigma compares, and a hash (FNV-1a)
 * for what is looked up. */
#ifndef CS_ASCII_H
#define CS_ASCII_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* At most eight bytes as a number; others are other numbers, of one length. */
static inline uint64_t
bytes8(const char *p, size_t len)
{
	uint64_t all;
	uint32_t first, last;

	if (len == 8) {
		memcpy(&all, p, 8);
		return all;
	}
	if (len >= 4) {
		memcpy(&first, p, 4);
		memcpy(&last, p + len - 4, 4);
		return (uint64_t)last << 32 | first;
	}
	if (len == 0)
		return 0;
	return (uint64_t)(unsigned char)p[len / 2] << 16 |
	    (uint64_t)(unsigned char)p[len - 1] << 8 | (unsigned char)p[0];
}

/* Eight bytes at a time, each with these bits set; for tables in memory, not for
 * what is kept. */
static inline uint64_t
quick_hash(uint64_t h, uint64_t set, const char *p, size_t len)
{
	h = (h ^ len) * UINT64_C(0x9e3779b97f4a7c15);
	for (; len > 8; p += 8, len -= 8) {
		h = (h ^ (bytes8(p, 8) | set)) * UINT64_C(0xd6e8feb86659fd93);
		h ^= h >> 32;
	}
	h = (h ^ (bytes8(p, len) | set)) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ (h >> 29);
}

#endif
