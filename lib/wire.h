/* SPDX-License-Identifier: ISC */
/* SSH wire data (RFC 4251 5): one bounded cursor to read, one buffer to write.
 */
#ifndef CS_WIRE_H
#define CS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes; reading moves p forward. Copying it copies the position. */
struct reader {
	const uint8_t *p;
	size_t left;
};

/* All return 0, or -EBADMSG and leave the cursor where it was. */
int reader_u8(struct reader *r, uint8_t *ret);
int reader_u32(struct reader *r, uint32_t *ret);
int reader_u64(struct reader *r, uint64_t *ret);
int reader_bytes(struct reader *r, size_t len, const uint8_t **ret);
/* The string's body, as a cursor of its own over the same bytes. */
int reader_string(struct reader *r, struct reader *ret);
/* A string without NUL, copied and terminated; the caller frees. -ENOMEM. */
int reader_cstring(struct reader *r, char **ret);
bool reader_is(const struct reader *r, const char *s);
/* Trailing bytes are an error: 0 if nothing is left. */
int reader_end(const struct reader *r);

/*
 * Grows up to max_bytes. The first failure sticks: write everything, then ask
 * writer_error() once. Cleared memory is erased: it may have held a key.
 */
struct writer {
	uint8_t *p;
	size_t len;
	size_t cap;
	size_t max_bytes;
	int error;
};

#define WRITER_MAX_BYTES (1024U * 1024U)
#define WRITER_INIT                           \
	{                                     \
		.max_bytes = WRITER_MAX_BYTES \
	}

void writer_u8(struct writer *w, uint8_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, const void *p, size_t len);
void writer_string(struct writer *w, const void *p, size_t len);
void writer_cstring(struct writer *w, const char *s);
/* What is written between the two becomes one string. */
size_t writer_string_begin(struct writer *w);
void writer_string_end(struct writer *w, size_t mark);
int writer_error(const struct writer *w);
void writer_clear(struct writer *w);

#endif
