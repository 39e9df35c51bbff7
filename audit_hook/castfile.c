/* SPDX-License-Identifier: ISC */
/* Appending whole lines, as long as the disk has more room than its reserve. */
#include <errno.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "castfile.h"
#include "clock.h"
#include "diskwatch.h"
#include "recordermsg.h"

#define LOOK_AT_DISK (1024 * 1024)

static char line[CASTWRITER_ROOM(CASTFILE_BYTES)];

void
castfile_init(struct castfile *f, bool is_open, uint64_t start_usec,
    uint64_t reserve_bytes)
{
	*f = (struct castfile){ .start_usec = start_usec,
		.reserve_bytes = reserve_bytes,
		.is_open = is_open,
		.since_disk = LOOK_AT_DISK };
}

static uint64_t
since_start(const struct castfile *f)
{
	uint64_t now = clock_boot_usec();

	return now > f->start_usec ? now - f->start_usec : 0;
}

static void
fail(struct castfile *f, int error)
{
	f->is_open = false;
	f->error = error;
}

/* The end of the disk is not ours: others write their ends there. */
static bool
disk_is_full(const struct castfile *f)
{
	struct statfs fs;

	return fstatfs(RECORDER_FILE, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize < f->reserve_bytes;
}

/* 0 or an errno. Touches nothing: another thread may have gone on. */
static int
write_line(size_t n)
{
	size_t at = 0;
	ssize_t w;

	while (at < n) {
		w = write(RECORDER_FILE, line + at, n - at);
		if (w > 0)
			at += (size_t)w;
		else if (w == 0 || errno != EINTR)
			return w < 0 ? errno : EIO;
	}
	return 0;
}

/* The first n bytes of `line`. */
static void
append(struct castfile *f, size_t n)
{
	bool is_time = n > 0 && f->since_disk >= LOOK_AT_DISK;
	int e;

	f->since_disk = is_time ? n : f->since_disk + n;
	diskwatch_begin();
	e = is_time && disk_is_full(f) ? ENOSPC : write_line(n);
	diskwatch_end();
	if (e != 0)
		fail(f, e);
}

void
castfile_abandon(struct castfile *f)
{
	fail(f, ETIMEDOUT);
}

void
castfile_bytes(struct castfile *f, struct caststream *s, const void *p,
    size_t n)
{
	if (f->is_open)
		append(f, caststream_event(s, since_start(f), p, n, line));
}

void
castfile_end(struct castfile *f, struct caststream *s)
{
	if (f->is_open)
		append(f, caststream_end(s, since_start(f), line));
}

void
castfile_text(struct castfile *f, char code, const char *text)
{
	if (f->is_open)
		append(f,
		    castwriter_text(since_start(f), code, text, line,
			sizeof(line)));
}
