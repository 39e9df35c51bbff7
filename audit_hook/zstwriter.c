/* SPDX-License-Identifier: ISC */
/* zstd's zstd_seekable_compression_format.md, version 0.1.0. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "auto.h"
#include "path.h"
#include "zstwriter.h"

#define LEVEL		6
#define SKIPPABLE_MAGIC 0x184D2A5EU
#define SEEKABLE_MAGIC	0x8F92EAB1U
#define ENTRY_BYTES	8
#define FOOTER_BYTES	9
#define FRAME_MAX	(1U << 30)

struct entry {
	uint32_t compressed, plain;
};

struct zstwriter {
	int fd;
	ZSTD_CCtx *context;
	struct entry *entries;
	size_t n, room;
	char *out;
	size_t out_room;
};

struct zstwriter *
zstwriter_new(int fd)
{
	struct zstwriter *z = calloc(1, sizeof(*z));

	if (z == NULL)
		return NULL;
	z->fd = fd;
	if ((z->context = ZSTD_createCCtx()) != NULL &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(z->context,
		ZSTD_c_compressionLevel, LEVEL)) &&
	    !ZSTD_isError(
		ZSTD_CCtx_setParameter(z->context, ZSTD_c_checksumFlag, 1)))
		return z;
	zstwriter_free(z);
	return NULL;
}

void
zstwriter_free(struct zstwriter *z)
{
	if (z == NULL)
		return;
	ZSTD_freeCCtx(z->context);
	free(z->entries);
	free(z->out);
	free(z);
}

static int
note(struct zstwriter *z, size_t compressed, size_t plain)
{
	size_t room = z->room != 0 ? 2 * z->room : 64;
	struct entry *more;

	if (z->n == z->room) {
		more = reallocarray(z->entries, room, sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		z->entries = more;
		z->room = room;
	}
	z->entries[z->n++] =
	    (struct entry){ (uint32_t)compressed, (uint32_t)plain };
	return 0;
}

static int
make_room(struct zstwriter *z, size_t n)
{
	char *more;

	if (n <= z->out_room)
		return 0;
	if ((more = realloc(z->out, n)) == NULL)
		return -ENOMEM;
	z->out = more;
	z->out_room = n;
	return 0;
}

int
zstwriter_frame(struct zstwriter *z, const void *p, size_t n)
{
	size_t made;
	int r;

	if (n > FRAME_MAX)
		return -EMSGSIZE;
	if ((r = make_room(z, ZSTD_compressBound(n))) < 0)
		return r;
	made = ZSTD_compress2(z->context, z->out, z->out_room, p, n);
	if (ZSTD_isError(made))
		return -EIO;
	if ((r = note(z, made, n)) < 0)
		return r;
	return path_write_all(z->fd, z->out, made);
}

static char *
put_u32(char *p, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		*p++ = (char)(v >> (8 * i));
	return p;
}

int
zstwriter_end(struct zstwriter *z)
{
	size_t size = z->n * ENTRY_BYTES + FOOTER_BYTES, i;
	char *p;
	int r;

	if ((r = make_room(z, size + 8)) < 0)
		return r;
	p = put_u32(put_u32(z->out, SKIPPABLE_MAGIC), (uint32_t)size);
	for (i = 0; i < z->n; i++)
		p = put_u32(put_u32(p, z->entries[i].compressed),
		    z->entries[i].plain);
	p = put_u32(p, (uint32_t)z->n);
	*p++ = 0;
	p = put_u32(p, SEEKABLE_MAGIC);
	return path_write_all(z->fd, z->out, (size_t)(p - z->out));
}
