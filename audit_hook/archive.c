/* SPDX-License-Identifier: ISC */
/* archive(8): says what a finished recording is, then compresses it. Started by
 * the keeper; countersign-audit(1) starts it for what a crash left. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
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
    "usage: archive FILE.cast\n"
    "\n"
    "Prints the size and the BLAKE2b-256 of a finished recording, then makes\n"
    "FILE.cast.zst of it, which takes its place.\n";

/* Whoever writes it holds a lock, and so does another archive. */
static int
await_lock(int fd)
{
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		usleep(LOCK_USEC);
	}
	return -1;
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

int
main(int argc, char **argv)
{
	AUTO(free) char *block = NULL;
	AUTO(close) int fd = -1;
	int r;

	if (argc != 2 || argv[1][0] == '-' ||
	    !path_ends_with(argv[1], ".cast")) {
		fputs(usage, stderr);
		return 2;
	}
	if (sodium_init() < 0 || (block = malloc(BLOCK_BYTES)) == NULL)
		return 3;
	fd = open(argv[1], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && await_lock(fd) < 0) {
		fprintf(stderr, "archive: '%s' is being written\n", argv[1]);
		return 3;
	}
	if (fd < 0 || (r = print_digest(fd, block)) < 0) {
		fprintf(stderr, "archive: cannot read '%s': %s\n", argv[1],
		    strerror(fd < 0 ? errno : -r));
		return 3;
	}
	(void)setpriority(PRIO_PROCESS, 0, 19);
	if ((r = replace(argv[1], fd, block)) < 0)
		fprintf(stderr, "archive: cannot compress '%s': %s\n", argv[1],
		    strerror(-r));
	return r < 0 ? 3 : 0;
}
