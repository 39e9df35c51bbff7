/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linefeed.h"

#define READ_BYTES (256U * 1024U)

int
linefeed_init(struct linefeed *f)
{
	*f = (struct linefeed){ 0 };
	f->buffer = malloc(LINEFEED_LINE_MAX + READ_BYTES);
	return f->buffer == NULL ? -ENOMEM : 0;
}

void
linefeed_clear(struct linefeed *f)
{
	free(f->buffer);
	f->buffer = NULL;
}

ssize_t
linefeed_read(struct linefeed *f, int fd,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	const char *p = f->buffer, *end, *newline;
	ssize_t n;

	while (
	    (n = read(fd, f->buffer + f->n, READ_BYTES)) < 0 && errno == EINTR)
		;
	if (n < 0)
		return -errno;
	if (n == 0) {
		if (f->n > 0 && !f->is_skipping)
			take(context, f->buffer, f->n);
		f->n = 0;
		f->is_skipping = false;
		return 0;
	}
	end = f->buffer + f->n + n;
	/* What had begun has no newline in it. */
	newline = memchr(f->buffer + f->n, '\n', (size_t)n);
	for (; newline != NULL; newline = memchr(p, '\n', (size_t)(end - p))) {
		if (!f->is_skipping)
			take(context, p, (size_t)(newline - p));
		f->is_skipping = false;
		p = newline + 1;
	}
	f->n = (size_t)(end - p);
	if (f->is_skipping)
		f->n = 0;
	if (f->n > LINEFEED_LINE_MAX) {
		f->too_long++;
		f->is_skipping = true;
		f->n = 0;
	}
	memmove(f->buffer, p, f->n);
	return n;
}
