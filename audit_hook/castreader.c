/* SPDX-License-Identifier: ISC */
/* asciicast v2 (docs/FORMATS.md) over read(2) or zstd's streaming. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "auto.h"
#include "castreader.h"
#include "clock.h"
#include "path.h"

#define READ_BYTES 65536

struct castreader {
	int fd;
	ZSTD_DCtx *zstd; /* NULL: it is not compressed */
	char in[READ_BYTES];
	ZSTD_inBuffer waiting;
	bool is_in_frame; /* of zstd's: there has to be more */
	char *text; /* at, n: what is not read yet */
	size_t at, n, room;
	json_t *header;
	json_t *line; /* whose data was handed out */
};

static int
make_room(struct castreader *r)
{
	char *more;

	if (r->at > 0) {
		memmove(r->text, r->text + r->at, r->n - r->at);
		r->n -= r->at;
		r->at = 0;
	}
	if (r->room - r->n >= READ_BYTES)
		return 0;
	if (r->room >= CASTREADER_LINE_MAX)
		return -EBADMSG;
	if ((more = realloc(r->text, 2 * r->room + READ_BYTES)) == NULL)
		return -ENOMEM;
	r->text = more;
	r->room = 2 * r->room + READ_BYTES;
	return 0;
}

static ssize_t
read_some(int fd, char *p, size_t n)
{
	ssize_t r;

	do
		r = read(fd, p, n);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/* 1 with more text, 0 at the end, or -errno. */
static int
decompress(struct castreader *r)
{
	ZSTD_outBuffer out = { r->text + r->n, r->room - r->n, 0 };
	size_t left;
	ssize_t n;

	while (out.pos == 0) {
		if (r->waiting.pos == r->waiting.size) {
			n = read_some(r->fd, r->in, sizeof(r->in));
			if (n == 0 && r->is_in_frame)
				return -EBADMSG;
			if (n <= 0)
				return (int)n;
			r->waiting = (ZSTD_inBuffer){ r->in, (size_t)n, 0 };
		}
		left = ZSTD_decompressStream(r->zstd, &out, &r->waiting);
		if (ZSTD_isError(left))
			return -EBADMSG;
		r->is_in_frame = left != 0;
	}
	r->n += out.pos;
	return 1;
}

static int
more(struct castreader *r)
{
	ssize_t n;
	int e;

	if ((e = make_room(r)) < 0)
		return e;
	if (r->zstd != NULL)
		return decompress(r);
	n = read_some(r->fd, r->text + r->n, r->room - r->n);
	if (n <= 0)
		return (int)n;
	r->n += (size_t)n;
	return 1;
}

/* The next whole line as JSON: 1; 0 at the end, also within a line of what is
 * not compressed, which may be being written; -errno. */
static int
next_line(struct castreader *r, json_t **ret)
{
	const char *newline;
	size_t len;
	int e;

	while ((newline = memchr(r->text + r->at, '\n', r->n - r->at)) == NULL)
		if ((e = more(r)) <= 0)
			return e == 0 && r->zstd != NULL && r->at < r->n
			    ? -EBADMSG
			    : e;
	len = (size_t)(newline - (r->text + r->at));
	*ret = json_loadb(r->text + r->at, len, JSON_ALLOW_NUL, NULL);
	r->at += len + 1;
	return *ret != NULL ? 1 : -EBADMSG;
}

static int
read_header(struct castreader *r)
{
	int e = next_line(r, &r->header);

	if (e <= 0)
		return e == 0 ? -EBADMSG : e;
	return json_integer_value(json_object_get(r->header, "version")) == 2
	    ? 0
	    : -EBADMSG;
}

struct castreader *
castreader_open_fd(int fd, bool is_compressed, int *ret_errno)
{
	struct castreader *r = calloc(1, sizeof(*r));
	int e = -ENOMEM;

	if (r == NULL) {
		close(fd);
	} else {
		r->fd = fd;
		if (is_compressed)
			r->zstd = ZSTD_createDCtx();
		if ((!is_compressed || r->zstd != NULL) &&
		    (e = make_room(r)) == 0)
			e = read_header(r);
		if (e == 0)
			return r;
	}
	*ret_errno = -e;
	castreader_close(r);
	return NULL;
}

struct castreader *
castreader_open(const char *path, int *ret_errno)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		*ret_errno = errno;
		return NULL;
	}
	return castreader_open_fd(fd, path_ends_with(path, ".zst"), ret_errno);
}

void
castreader_close(struct castreader *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	json_decref(r->header);
	json_decref(r->line);
	free(r->text);
	free(r);
}

const json_t *
castreader_header(const struct castreader *r)
{
	return r->header;
}

int
castreader_next(struct castreader *r, struct cast_event *ret)
{
	const json_t *code, *data;
	double seconds;
	int e;

	json_decref(r->line);
	r->line = NULL;
	if ((e = next_line(r, &r->line)) <= 0)
		return e;
	code = json_array_get(r->line, 1);
	data = json_array_get(r->line, 2);
	seconds = json_number_value(json_array_get(r->line, 0));
	if (json_array_size(r->line) != 3 || json_string_length(code) != 1 ||
	    !json_is_string(data) || !(seconds >= 0) || seconds > 1e9)
		return -EBADMSG;
	*ret = (struct cast_event){ (uint64_t)(seconds * USEC_PER_SEC + 0.5),
		json_string_value(code)[0], json_string_value(data),
		json_string_length(data) };
	return 1;
}
