/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "follow.h"
#include "logparts.h"

#define TURN_BYTES (UINT64_C(16) * 1024 * 1024)

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

static void
close_one(struct followed *one)
{
	if (one->fd >= 0)
		close(one->fd);
	one->fd = -1;
	one->offset = 0;
	one->feed.n = 0;
	one->feed.is_skipping = false;
}

void
follow_clear(struct follow *f)
{
	while (f->n > 0) {
		struct followed *one = &f->v[--f->n];

		close_one(one);
		logparts_clear(&one->parts);
		linefeed_clear(&one->feed);
		free(one->path);
	}
	free(f->v);
	f->v = NULL;
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
	close_one(one);
	one->fd = fd;
	one->device = st.st_dev;
	one->inode = st.st_ino;
	one->offset = offset;
	return 0;
}

/* What was rotated before it has been read comes first. */
static int
open_next(struct followed *one)
{
	struct logpart *part;
	int fd;

	while (one->n_rest > 0) {
		part = &one->parts.v[one->parts.n - one->n_rest--];
		fd = part->fd;
		part->fd = -1;
		if (begin_at(one, fd, 0) == 0)
			return 0;
	}
	logparts_clear(&one->parts);
	fd = open(one->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : begin_at(one, fd, 0);
}

/* Is it another file that stands there now, or has it become shorter? */
static bool
is_over(const struct followed *one)
{
	struct stat st;

	if (fstat(one->fd, &st) == 0 && (uint64_t)st.st_size < one->offset)
		return true;
	return stat(one->path, &st) == 0 &&
	    (st.st_dev != one->device || st.st_ino != one->inode);
}

static int
read_one(struct followed *one,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	uint64_t begin = one->offset;
	bool has_read = false;
	ssize_t n;

	/* In turns: others wait, and so does whoever wants it to end. */
	while (one->offset - begin < TURN_BYTES) {
		size_t had = one->feed.n;
		struct stat st;

		/* The end of what there is now is no end of the line. */
		if (fstat(one->fd, &st) < 0)
			return -errno;
		if ((uint64_t)st.st_size <= one->offset + had)
			return has_read;
		if ((n = linefeed_read(&one->feed, one->fd, take, context)) < 0)
			return (int)n;
		if (n == 0)
			return has_read;
		has_read = true;
		one->offset += (uint64_t)n + had - one->feed.n;
	}
	return 1;
}

int
follow_read(struct follow *f,
    void (*take)(void *context, const char *line, size_t len), void *context)
{
	struct followed *one;
	int r, any = 0;

	for (one = f->v; (size_t)(one - f->v) < f->n; one++) {
		if (one->fd < 0 && open_next(one) < 0)
			continue;
		if ((r = read_one(one, take, context)) < 0)
			return r;
		any |= r;
		/* Its writer may have written once more before it let go. */
		if (r == 0 && is_over(one)) {
			if ((r = read_one(one, take, context)) < 0)
				return r;
			if (one->feed.n > 0 && !one->feed.is_skipping)
				take(context, one->feed.buffer, one->feed.n);
			close_one(one);
			any = 1;
		}
	}
	return any;
}

json_t *
follow_position(const struct follow *f)
{
	json_t *all = json_object();
	const struct followed *one;

	for (one = f->v; (size_t)(one - f->v) < f->n; one++)
		if (one->fd >= 0)
			(void)json_object_set_new(all, one->path,
			    json_pack("{s:I, s:I, s:I}", "device",
				(json_int_t)one->device, "inode",
				(json_int_t)one->inode, "offset",
				(json_int_t)one->offset));
	return all;
}

/*
 * Where it was, or, if it was rotated meanwhile, in that part first, and then in
 * those that were rotated since. One that was compressed is not read again, nor
 * one that is gone.
 */
static int
resume_one(struct followed *one, uint64_t device, uint64_t inode,
    uint64_t offset)
{
	AUTO(free) char *failed = NULL;
	struct logparts *p = &one->parts;
	size_t i;

	if (logparts_open(one->path, p, &failed) < 0) {
		logparts_clear(p);
		return 0;
	}
	for (i = p->n; i-- > 0;) {
		if (logparts_compression(p->v[i].path) != NULL)
			break;
		one->n_rest = p->n - i;
		if (p->v[i].device != device || p->v[i].inode != inode)
			continue;
		one->n_rest--;
		(void)begin_at(one, p->v[i].fd, offset);
		p->v[i].fd = -1;
		return 0;
	}
	return -1;
}

int
follow_resume(struct follow *f, json_t *position)
{
	json_int_t device, inode, offset;
	struct followed *one;
	int r = 0;

	for (one = f->v; (size_t)(one - f->v) < f->n; one++)
		if (json_unpack(json_object_get(position, one->path),
			"{s:I, s:I, s:I}", "device", &device, "inode", &inode,
			"offset", &offset) == 0 &&
		    offset >= 0 &&
		    resume_one(one, (uint64_t)device, (uint64_t)inode,
			(uint64_t)offset) < 0)
			r = -ESTALE;
	return r;
}
