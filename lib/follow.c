/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "follow.h"

#define TURN_BYTES (UINT64_C(16) * 1024 * 1024)
/* An event has a number of its own in its first hundred bytes. */
#define HEAD_BYTES 256

int
follow_init(struct follow *f, char *const *paths, size_t n)
{
	struct followed *one;

	*f = (struct follow){ .v = calloc(n + 1, sizeof(*f->v)) };
	if (f->v == NULL)
		return -ENOMEM;
	for (; f->n < n; f->n++) {
		one = &f->v[f->n];
		one->fd = -1;
		if ((one->path = strdup(paths[f->n])) == NULL ||
		    linefeed_init(&one->feed) < 0) {
			free(one->path);
			follow_clear(f);
			return -ENOMEM;
		}
	}
	return 0;
}

void
follow_clear(struct follow *f)
{
	while (f->n > 0) {
		struct followed *one = &f->v[--f->n];

		if (one->fd >= 0)
			close(one->fd);
		logparts_clear(&one->parts);
		linefeed_clear(&one->feed);
		free(one->path);
	}
	free(f->v);
	f->v = NULL;
}

/* ---- places */

static uint64_t
nsec(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
}

static bool
digest_head(int fd, size_t len, unsigned char digest[FOLLOW_DIGEST_BYTES])
{
	unsigned char head[HEAD_BYTES];

	if (len > sizeof(head) || pread(fd, head, len, 0) != (ssize_t)len)
		return false;
	return crypto_generichash(digest, FOLLOW_DIGEST_BYTES, head, len, NULL,
		   0) == 0;
}

/* While it can be read: it may be cut later. */
static void
know_place(struct followed *one, const struct stat *st)
{
	struct follow_place *at = &one->at;
	size_t len = at->offset < HEAD_BYTES ? at->offset : HEAD_BYTES;

	at->written_ns = nsec(&st->st_mtim);
	if (len > at->head_len && (uint64_t)st->st_size >= at->offset &&
	    digest_head(one->fd, len, at->head))
		at->head_len = len;
}

static bool
is_place(const struct follow_place *at, const struct logpart *part)
{
	unsigned char digest[FOLLOW_DIGEST_BYTES];

	if ((uint64_t)part->size < at->offset || part->fd < 0)
		return false;
	if (at->head_len == 0)
		return part->device == at->device && part->inode == at->inode;
	return digest_head(part->fd, at->head_len, digest) &&
	    memcmp(digest, at->head, sizeof(digest)) == 0;
}

/* Goes on at the offset of the file, if it is so long. Takes fd. */
static int
begin_at(struct followed *one, int fd, uint64_t offset)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size < offset ||
	    lseek(fd, (off_t)offset, SEEK_SET) < 0) {
		close(fd);
		return -EINVAL;
	}
	if (one->fd >= 0)
		close(one->fd);
	one->fd = fd;
	one->feed.n = 0;
	one->feed.is_skipping = false;
	one->at = (struct follow_place){ .device = st.st_dev,
		.inode = st.st_ino,
		.offset = offset };
	know_place(one, &st);
	return 0;
}

int
follow_begin(struct follow *f, int fd, uint64_t offset)
{
	return begin_at(&f->v[0], fd, offset);
}

/* ---- from one file to the next */

/* What is before it need not stay open until the next rotation. */
static void
close_read(struct followed *one)
{
	struct logparts *p = &one->parts;
	size_t i;

	for (i = 0; i < p->n - one->n_rest; i++) {
		if (p->v[i].fd >= 0)
			close(p->v[i].fd);
		p->v[i].fd = -1;
	}
	if (one->n_rest == 0)
		logparts_clear(p);
}

static int
begin_in(struct followed *one, struct logpart *part, uint64_t offset)
{
	int fd = part->fd;

	part->fd = -1;
	close_read(one);
	return fd < 0 ? -EBADF : begin_at(one, fd, offset);
}

/* The next of those that were rotated since, then the log itself as it was then.
 * Whether there was one. */
static bool
take_next(struct follow *f, struct followed *one)
{
	struct logpart *part;

	while (one->n_rest > 0) {
		part = &one->parts.v[one->parts.n - one->n_rest--];
		if (logparts_tool(part->path) != NULL)
			f->has_missed = true;
		else if (begin_in(one, part, 0) == 0)
			return true;
	}
	logparts_clear(&one->parts);
	return false;
}

static bool
is_other_than_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/*
 * What there is now, from the place on: the part that it is in, NULL if that is
 * not there or compressed; what comes after it is what is next.
 */
static struct logpart *
find_place(struct follow *f, struct followed *one,
    const struct follow_place *at)
{
	struct logparts *p = &one->parts;
	size_t i;

	logparts_clear(p);
	one->n_rest = 0;
	if (is_other_than_file(one->path) || logparts_open(one->path, p) < 0)
		return NULL;
	f->has_missed |= p->error != 0;
	for (i = p->n; i-- > 0;)
		if (logparts_tool(p->v[i].path) == NULL &&
		    is_place(at, &p->v[i])) {
			one->n_rest = p->n - i - 1;
			return &p->v[i];
		}
	/* What was written later, then. */
	while (one->n_rest < p->n &&
	    nsec(&p->v[p->n - one->n_rest - 1].written) > at->written_ns)
		one->n_rest++;
	return NULL;
}

/* No file stands there now: is ours the youngest of the parts? */
static bool
has_younger(struct follow *f, struct followed *one)
{
	const struct follow_place at = one->at;
	bool has_missed = f->has_missed;

	(void)find_place(f, one, &at);
	if (one->n_rest > 0)
		return true;
	f->has_missed = has_missed;
	logparts_clear(&one->parts);
	return false;
}

/* Is it another file that stands there now, or has it become shorter? */
static bool
is_over(struct follow *f, struct followed *one)
{
	struct stat st;

	if (one->n_rest > 0)
		return true;
	if (fstat(one->fd, &st) == 0 && (uint64_t)st.st_size < one->at.offset)
		return true;
	if (stat(one->path, &st) < 0)
		return errno == ENOENT && has_younger(f, one);
	return st.st_dev != one->at.device || st.st_ino != one->at.inode;
}

static void
take_half_line(struct followed *one,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	if (one->feed.n > 0 && !one->feed.is_skipping)
		take(context, one->feed.buffer, one->feed.n);
	one->feed.n = 0;
}

/* It has been read to its end, or was cut. */
static void
go_on(struct follow *f, struct followed *one,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	const struct follow_place at = one->at;
	struct logpart *part;

	/* In a copy there may be more; or it is the log now. */
	if (one->n_rest == 0 && (part = find_place(f, one, &at)) != NULL &&
	    (one->n_rest == 0 ||
		(uint64_t)part->size > at.offset + one->feed.n) &&
	    begin_in(one, part, at.offset) == 0)
		return;
	take_half_line(one, take, context);
	if (!take_next(f, one)) {
		/* It stands there, and nothing is known of it. */
		close(one->fd);
		one->fd = -1;
	}
}

/* ---- reading */

static int
read_one(struct followed *one,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	uint64_t begin = one->at.offset;
	bool has_read = false;
	ssize_t n;

	/* In turns: others wait, and so does whoever wants it to end. */
	while (one->at.offset - begin < TURN_BYTES) {
		size_t had = one->feed.n;
		struct stat st;

		if (fstat(one->fd, &st) < 0)
			return -errno;
		know_place(one, &st);
		/* The end of what there is now is no end of the line. */
		if ((uint64_t)st.st_size <= one->at.offset + had)
			return has_read;
		if ((n = linefeed_read(&one->feed, one->fd, take, context)) < 0)
			return (int)n;
		if (n == 0)
			return has_read;
		has_read = true;
		one->at.offset += (uint64_t)n + had - one->feed.n;
	}
	return 1;
}

static void
open_first(struct followed *one)
{
	int fd = open(one->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		(void)begin_at(one, fd, 0);
}

int
follow_read(struct follow *f,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	struct followed *one;
	int r, any = 0;

	for (one = f->v; (size_t)(one - f->v) < f->n; one++) {
		if (one->fd < 0)
			open_first(one);
		if (one->fd < 0)
			continue;
		if ((r = read_one(one, take, context)) < 0)
			return r;
		any |= r;
		if (r != 0 || !is_over(f, one))
			continue;
		/* Its writer may have written once more before it let go. */
		if ((r = read_one(one, take, context)) < 0)
			return r;
		if (r == 0)
			go_on(f, one, take, context);
		any = 1;
	}
	return any;
}

/* ---- over a restart */

json_t *
follow_position(const struct follow *f)
{
	json_t *all = json_object();
	const struct followed *one;
	char head[2 * FOLLOW_DIGEST_BYTES + 1];

	for (one = f->v; (size_t)(one - f->v) < f->n; one++) {
		const struct follow_place *at = &one->at;

		if (one->fd < 0)
			continue;
		sodium_bin2hex(head, sizeof(head), at->head, sizeof(at->head));
		(void)json_object_set_new(all, one->path,
		    json_pack("{s:I, s:I, s:I, s:I, s:I, s:s}", "device",
			(json_int_t)at->device, "inode", (json_int_t)at->inode,
			"offset", (json_int_t)at->offset, "written_ns",
			(json_int_t)at->written_ns, "head_bytes",
			(json_int_t)at->head_len, "head", head));
	}
	return all;
}

/* Those of before this had a beginning have none. */
static bool
read_place(const json_t *j, struct follow_place *ret)
{
	json_int_t device, inode, offset, written = 0, head_len = 0;
	const char *head = NULL;

	if (json_unpack((json_t *)(uintptr_t)j,
		"{s:I, s:I, s:I, s?I, s?I, s?s}", "device", &device, "inode",
		&inode, "offset", &offset, "written_ns", &written, "head_bytes",
		&head_len, "head", &head) < 0 ||
	    offset < 0 || head_len < 0 || head_len > HEAD_BYTES)
		return false;
	*ret = (struct follow_place){ .device = (uint64_t)device,
		.inode = (uint64_t)inode,
		.offset = (uint64_t)offset,
		.written_ns = (uint64_t)written,
		.head_len = (uint64_t)head_len };
	return head == NULL ||
	    sodium_hex2bin(ret->head, sizeof(ret->head), head, strlen(head),
		NULL, NULL, NULL) == 0;
}

static void
resume_one(struct follow *f, struct followed *one,
    const struct follow_place *at)
{
	struct logpart *part = find_place(f, one, at);

	if (part != NULL && begin_in(one, part, at->offset) == 0)
		return;
	f->has_missed = true;
	(void)take_next(f, one);
}

void
follow_resume(struct follow *f, const json_t *position)
{
	struct follow_place at;
	struct followed *one;

	for (one = f->v; (size_t)(one - f->v) < f->n; one++)
		if (read_place(json_object_get(position, one->path), &at))
			resume_one(f, one, &at);
}
