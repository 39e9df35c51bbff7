/* SPDX-License-Identifier: ISC */
/* Recordings, read and written, and what an auditor's terminal gets of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "castreader.h"
#include "castwriter.h"
#include "filecopy.h"
#include "fuzz.h"
#include "plaintext.h"
#include "termfilter.h"

static int
take_line(const struct plaintext_line *line, void *context)
{
	(void)context;
	if (strlen(line->text) > PLAINTEXT_LINE_MAX)
		abort();
	return 0;
}

/* Nothing that could make a terminal answer comes out. */
static void
filter(struct termfilter *f, const struct cast_event *e)
{
	char *out = malloc(e->len + TERMFILTER_SEQUENCE_MAX);
	size_t n = termfilter_pass(f, e->data, e->len, out), i;

	for (i = 0; i < n; i++)
		if (out[i] == 5 ||
		    (i > 0 && out[i - 1] == 0x1b &&
			strchr("]P_^XZc", out[i]) != NULL && out[i] != 0))
			abort();
	free(out);
}

static int
memory_file(const uint8_t *p, size_t len)
{
	int fd = memfd_create("cast", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static void
read_as(const uint8_t *p, size_t len, bool is_compressed)
{
	struct termfilter f = { .n = 0 };
	struct castreader *r;
	struct cast_event e;
	int error;

	r = castreader_open_fd(memory_file(p, len), is_compressed, &error);
	while (r != NULL && castreader_next(r, &e) == 1)
		filter(&f, &e);
	castreader_close(r);
	r = castreader_open_fd(memory_file(p, len), is_compressed, &error);
	if (r != NULL)
		(void)plaintext_read(r, take_line, NULL);
	castreader_close(r);
}

static void
write_as(const uint8_t *p, size_t len)
{
	struct caststream s = { .code = 'o' };
	char *out = malloc(CASTWRITER_ROOM(len));
	size_t half = len / 2;

	(void)caststream_event(&s, 1, p, half, out);
	(void)caststream_event(&s, 2, p + half, len - half, out);
	(void)caststream_end(&s, 3, out);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *text = strndup((const char *)p, len);

	read_as(p, len, false);
	read_as(p, len, true);
	write_as(p, len);
	(void)is_file_copy(text);
	free(text);
	return 0;
}
