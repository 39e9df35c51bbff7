/* SPDX-License-Identifier: ISC */
/* archive(8): says what a finished recording is, then compresses it. Started by
 * the keeper; countersign-audit(1) starts it for what a crash left. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "path.h"
#include "zstwriter.h"

#define BLOCK_BYTES  (1024 * 1024)
#define DIGEST_BYTES 32
#define LOCK_TRIES   100
#define LOCK_USEC    20000
#define LAST	     ".zst"

static const char usage[] =
    "usage: archive [--last-line TEXT] FILE.cast\n"
    "\n"
    "Cuts half a line off the end of a finished recording, and appends TEXT.\n"
    "Prints its size and BLAKE2b-256, after a dot for each megabyte that it has\n"
    "read; then makes FILE.cast.zst of it, which takes its place.\n";

struct request {
	const char *path;
	const char *last_line; /* "": none */
};

/* Whoever writes it holds a lock, and so does another archive. A recorder that
 * waits for the disk will end when that one is back: the last line is worth
 * waiting for. */
static int
await_lock(int fd, bool for_ever)
{
	int i;

	while (for_ever && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	for (i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		usleep(LOCK_USEC);
	}
	return -1;
}

/* What was being written when the disk was full, or the recorder killed, may
 * end within a line: no player reads that. */
static int
cut_half_a_line(int fd)
{
	char block[4096];
	off_t end, start;
	struct stat st;
	const char *newline;

	if (fstat(fd, &st) < 0)
		return -errno;
	for (end = st.st_size; end > 0; end = start) {
		start =
		    end > (off_t)sizeof(block) ? end - (off_t)sizeof(block) : 0;
		if (pread(fd, block, (size_t)(end - start), start) !=
		    end - start)
			return -EIO;
		newline = memrchr(block, '\n', (size_t)(end - start));
		if (newline == NULL)
			continue;
		end = start + (newline - block) + 1;
		return end < st.st_size && ftruncate(fd, end) < 0 ? -errno : 0;
	}
	return 0;
}

static int
finish(int fd, const char *last_line)
{
	int r = cut_half_a_line(fd);

	if (r == 0 &&
	    (r = path_write_all(fd, last_line, strlen(last_line))) < 0)
		(void)cut_half_a_line(fd);
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : r;
}

/* The next block; 0 at the end, or -errno. */
static ssize_t
read_block(int fd, char *block)
{
	size_t n = 0;
	ssize_t r;

	while (n < BLOCK_BYTES) {
		r = read(fd, block + n, BLOCK_BYTES - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

static int
print_digest(int fd, char *block)
{
	unsigned char digest[DIGEST_BYTES];
	char text[2 * DIGEST_BYTES + 1];
	crypto_generichash_state state;
	unsigned long long total = 0;
	ssize_t n;

	crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
	while ((n = read_block(fd, block)) > 0) {
		crypto_generichash_update(&state, (unsigned char *)block,
		    (size_t)n);
		total += (unsigned long long)n;
		fputc('.', stdout);
		fflush(stdout);
	}
	if (n < 0)
		return (int)n;
	crypto_generichash_final(&state, digest, sizeof(digest));
	sodium_bin2hex(text, sizeof(text), digest, sizeof(digest));
	printf("%llu %s\n", total, text);
	/* Whoever asked does not wait for the rest. */
	fclose(stdout);
	return 0;
}

/* Frames end with a line: each can be read alone. */
static int
compress_all(int from, char *block, struct zstwriter *z)
{
	size_t kept = 0, whole;
	const char *newline;
	ssize_t n;
	int r;

	for (;;) {
		n = read(from, block + kept, BLOCK_BYTES - kept);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		kept += (size_t)n;
		if (kept == 0)
			return 0;
		if (n > 0 && kept < BLOCK_BYTES)
			continue;
		newline = n > 0 ? memrchr(block, '\n', kept) : NULL;
		whole = newline != NULL ? (size_t)(newline - block) + 1 : kept;
		if ((r = zstwriter_frame(z, block, whole)) < 0)
			return r;
		memmove(block, block + whole, kept - whole);
		kept -= whole;
	}
}

static int
write_archive(int from, const struct stat *st, int to, char *block)
{
	struct zstwriter *z = zstwriter_new(to);
	int r;

	if (z == NULL)
		return -ENOMEM;
	if (fchown(to, st->st_uid, st->st_gid) < 0 ||
	    fchmod(to, st->st_mode & 0777) < 0)
		r = -errno;
	else if ((r = compress_all(from, block, z)) == 0 &&
	    (r = zstwriter_end(z)) == 0) {
		const struct timespec times[2] = { st->st_atim, st->st_mtim };

		r = futimens(to, times) < 0 || fsync(to) < 0 ? -errno : 0;
	}
	zstwriter_free(z);
	return r;
}

/* The recording stays where anything is wrong: nothing is lost by that. */
static int
replace(const char *path, int from, char *block)
{
	char to[PATH_MAX], half[PATH_MAX];
	AUTO(close) int fd = -1;
	struct stat st;
	int r;

	if ((size_t)snprintf(half, sizeof(half), "%s" LAST ".part", path) >=
	    sizeof(half))
		return -ENAMETOOLONG;
	snprintf(to, sizeof(to), "%s" LAST, path);
	if (fstat(from, &st) < 0 || lseek(from, 0, SEEK_SET) < 0)
		return -errno;
	(void)unlink(half);
	fd = open(half, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return -errno;
	if ((r = write_archive(from, &st, fd, block)) < 0 ||
	    rename(half, to) < 0) {
		r = r < 0 ? r : -errno;
		unlink(half);
		return r;
	}
	return unlink(path) < 0 ? -errno : 0;
}

static int
read_arguments(int argc, char **argv, struct request *ret)
{
	static const struct option longs[] = {
		{ "last-line", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	*ret = (struct request){ .last_line = "" };
	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt != 'l')
			return -1;
		ret->last_line = optarg;
	}
	if (optind + 1 != argc || !path_ends_with(argv[optind], ".cast"))
		return -1;
	ret->path = argv[optind];
	return 0;
}

static int
complain(const char *what, const char *path, int error)
{
	fprintf(stderr, "archive: cannot %s '%s': %s\n", what, path,
	    strerror(error));
	return 3;
}

int
main(int argc, char **argv)
{
	AUTO(free) char *block = NULL;
	AUTO(close) int fd = -1;
	struct request q;
	int r;

	if (read_arguments(argc, argv, &q) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	if (sodium_init() < 0 || (block = malloc(BLOCK_BYTES)) == NULL)
		return 3;
	/* Whoever asked may have given up. */
	signal(SIGPIPE, SIG_IGN);
	fd = open(q.path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return complain("read", q.path, errno);
	if (await_lock(fd, q.last_line[0] != '\0') < 0) {
		fprintf(stderr, "archive: '%s' is being written\n", q.path);
		return 3;
	}
	if ((r = finish(fd, q.last_line)) < 0)
		(void)complain("end", q.path, -r);
	if ((r = print_digest(fd, block)) < 0)
		return complain("read", q.path, -r);
	(void)setpriority(PRIO_PROCESS, 0, 19);
	if ((r = replace(q.path, fd, block)) < 0)
		return complain("compress", q.path, -r);
	return 0;
}
