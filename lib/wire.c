/* SPDX-License-Identifier: ISC */
/* SSH wire data: every length is checked before it is used. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int
reader_bytes(struct reader *r, size_t len, const uint8_t **ret)
{
	if (len > r->left)
		return -EBADMSG;
	*ret = r->p;
	r->p += len;
	r->left -= len;
	return 0;
}

static int
reader_uint(struct reader *r, size_t len, uint64_t *ret)
{
	const uint8_t *p;
	uint64_t v = 0;
	size_t i;

	if (reader_bytes(r, len, &p) < 0)
		return -EBADMSG;
	for (i = 0; i < len; i++)
		v = v << 8 | p[i];
	*ret = v;
	return 0;
}

int
reader_u8(struct reader *r, uint8_t *ret)
{
	uint64_t v;

	if (reader_uint(r, 1, &v) < 0)
		return -EBADMSG;
	*ret = (uint8_t)v;
	return 0;
}

int
reader_u32(struct reader *r, uint32_t *ret)
{
	uint64_t v;

	if (reader_uint(r, 4, &v) < 0)
		return -EBADMSG;
	*ret = (uint32_t)v;
	return 0;
}

int
reader_u64(struct reader *r, uint64_t *ret)
{
	return reader_uint(r, 8, ret);
}

int
reader_string(struct reader *r, struct reader *ret)
{
	struct reader at = *r;
	const uint8_t *p;
	uint32_t len;

	if (reader_u32(&at, &len) < 0 || reader_bytes(&at, len, &p) < 0)
		return -EBADMSG;
	*r = at;
	*ret = (struct reader){ p, len };
	return 0;
}

int
reader_cstring(struct reader *r, char **ret)
{
	struct reader at = *r, s;
	char *copy;

	if (reader_string(&at, &s) < 0)
		return -EBADMSG;
	if (s.left > 0 && memchr(s.p, '\0', s.left) != NULL)
		return -EBADMSG;
	if ((copy = malloc(s.left + 1)) == NULL)
		return -ENOMEM;
	if (s.left > 0)
		memcpy(copy, s.p, s.left);
	copy[s.left] = '\0';
	*r = at;
	*ret = copy;
	return 0;
}

bool
reader_is(const struct reader *r, const char *s)
{
	return r->left == strlen(s) && memcmp(r->p, s, r->left) == 0;
}

int
reader_end(const struct reader *r)
{
	return r->left == 0 ? 0 : -EBADMSG;
}

static int
writer_reserve(struct writer *w, size_t more)
{
	size_t cap = w->cap > 0 ? w->cap : 256;
	uint8_t *p;

	if (w->error < 0)
		return w->error;
	if (more > w->max_bytes || w->len > w->max_bytes - more)
		return w->error = -EMSGSIZE;
	if (w->len + more <= w->cap)
		return 0;
	while (cap < w->len + more)
		cap *= 2;
	/* Not realloc: the old copy has to be erased. */
	if ((p = malloc(cap)) == NULL)
		return w->error = -ENOMEM;
	if (w->len > 0)
		memcpy(p, w->p, w->len);
	if (w->p != NULL)
		explicit_bzero(w->p, w->cap);
	free(w->p);
	w->p = p;
	w->cap = cap;
	return 0;
}

void
writer_bytes(struct writer *w, const void *p, size_t len)
{
	if (writer_reserve(w, len) < 0 || len == 0)
		return;
	memcpy(w->p + w->len, p, len);
	w->len += len;
}

static void
writer_uint(struct writer *w, uint64_t v, size_t len)
{
	uint8_t b[8];
	size_t i;

	for (i = 0; i < len; i++)
		b[i] = (uint8_t)(v >> 8 * (len - 1 - i));
	writer_bytes(w, b, len);
}

void
writer_u8(struct writer *w, uint8_t v)
{
	writer_uint(w, v, 1);
}

void
writer_u32(struct writer *w, uint32_t v)
{
	writer_uint(w, v, 4);
}

void
writer_u64(struct writer *w, uint64_t v)
{
	writer_uint(w, v, 8);
}

void
writer_string(struct writer *w, const void *p, size_t len)
{
	if (len > UINT32_MAX) {
		w->error = -EMSGSIZE;
		return;
	}
	writer_u32(w, (uint32_t)len);
	writer_bytes(w, p, len);
}

void
writer_cstring(struct writer *w, const char *s)
{
	writer_string(w, s, strlen(s));
}

size_t
writer_string_begin(struct writer *w)
{
	writer_u32(w, 0);
	return w->len;
}

void
writer_string_end(struct writer *w, size_t mark)
{
	size_t len = w->len - mark, i;

	if (w->error < 0)
		return;
	for (i = 0; i < 4; i++)
		w->p[mark - 1 - i] = (uint8_t)(len >> 8 * i);
}

int
writer_error(const struct writer *w)
{
	return w->error;
}

void
writer_clear(struct writer *w)
{
	if (w->p != NULL)
		explicit_bzero(w->p, w->cap);
	free(w->p);
	*w = (struct writer)WRITER_INIT;
}
