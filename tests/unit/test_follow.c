/* SPDX-License-Identifier: ISC */
/* A log that is written to, rotated in any way and read by somebody who stops and
 * comes again: each line is taken once, in order. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "follow.h"
#include "unit.h"

static char dir[] = "/tmp/countersign-follow.XXXXXX";
static char log_path[64];
static unsigned written, taken, rotations;
static struct follow files;

static void
setup(void)
{
	char *paths[] = { log_path };

	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	written = taken = rotations = 0;
	ck_assert_int_eq(follow_init(&files, paths, 1), 0);
}

static void
empty_folder(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while ((e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static void
teardown(void)
{
	follow_clear(&files);
	empty_folder();
	rmdir(dir);
}

static char *
part(const char *end, unsigned n)
{
	static char path[2][96];
	static int i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s%s%u", log_path, end, n);
	return path[i];
}

static void
append(const char *path, const char *text)
{
	FILE *f = fopen(path, "a");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
write_line(const char *path)
{
	char line[64];

	snprintf(line, sizeof(line), "{\"line\":%u}\n", ++written);
	append(path, line);
}

static void
take(void *context, const char *line, size_t len)
{
	char want[64];

	(void)context;
	snprintf(want, sizeof(want), "{\"line\":%u}", ++taken);
	ck_assert_msg(strlen(want) == len && memcmp(line, want, len) == 0,
	    "%.*s instead of %s", (int)len, line, want);
}

static void
read_all(void)
{
	int r;

	while ((r = follow_read(&files, take, NULL)) > 0)
		;
	ck_assert_int_eq(r, 0);
}

static void
restart(void)
{
	char *paths[] = { log_path };
	json_t *position = follow_position(&files);

	follow_clear(&files);
	ck_assert_int_eq(follow_init(&files, paths, 1), 0);
	follow_resume(&files, position);
	json_decref(position);
}

/* ---- in any order */

enum naming {
	NUMBERED,
	DATED
};

static void
rotate(enum naming naming)
{
	unsigned i;

	rotations++;
	if (naming == DATED) {
		rename(log_path, part("-", 20260000 + rotations));
		return;
	}
	for (i = rotations; i > 1; i--)
		rename(part(".", i - 1), part(".", i));
	rename(log_path, part(".", 1));
}

/* The youngest part: rsyslog writes to it until it is told. */
static const char *
last_part(enum naming naming)
{
	return naming == DATED ? part("-", 20260000 + rotations) : part(".", 1);
}

static void
copy_and_truncate(enum naming naming)
{
	char text[65536];
	FILE *f = fopen(log_path, "r");
	size_t n;

	if (f == NULL)
		return;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	rotate(naming);
	/* The same file again, as truncate(2) leaves it. */
	rename(last_part(naming), log_path);
	append(last_part(naming), text);
	ck_assert_int_eq(truncate(log_path, 0), 0);
}

static void
act(unsigned what, enum naming naming)
{
	switch (what) {
	case 0:
	case 1:
	case 2:
		write_line(log_path);
		break;
	case 3:
		if (access(log_path, F_OK) != 0 && rotations > 0)
			write_line(last_part(naming));
		else
			rotate(naming);
		break;
	case 4:
		/* One that knows no line has no beginning to be known by. */
		if (taken > 0)
			restart();
		break;
	case 5:
		(void)follow_read(&files, take, NULL);
		break;
	case 6:
		append(log_path, "");
		break;
	default:
		read_all();
		ck_assert_uint_eq(taken, written);
	}
}

START_TEST(each_line_once)
{
	enum naming naming = _i % 2;
	unsigned i;

	srand((unsigned)_i);
	write_line(log_path);
	read_all();
	for (i = 0; i < 80; i++)
		act((unsigned)rand() % 8, naming);
	write_line(log_path);
	read_all();
	ck_assert_uint_eq(taken, written);
	ck_assert(!files.has_missed);
}
END_TEST

START_TEST(copytruncate)
{
	enum naming naming = _i % 2;
	unsigned i;

	srand((unsigned)_i);
	write_line(log_path);
	read_all();
	for (i = 0; i < 40; i++) {
		write_line(log_path);
		/* Of one that nothing was read of there is no telling that it
		 * was cut. */
		if (rand() % 3 == 0 && files.v[0].at.offset > 0)
			copy_and_truncate(naming);
		if (rand() % 2 == 0 && taken > 0)
			restart();
		read_all();
	}
	ck_assert_uint_eq(taken, written);
}
END_TEST

/* ---- what cannot be read any more */

START_TEST(a_number_that_is_another_files_now)
{
	char *paths[] = { log_path };
	json_t *position, *place;
	struct stat st;

	write_line(log_path);
	read_all();
	position = follow_position(&files);
	place = json_object_get(position, log_path);
	unlink(log_path);
	write_line(log_path);
	write_line(log_path);
	ck_assert_int_eq(stat(log_path, &st), 0);
	json_object_set_new(place, "inode",
	    json_integer((json_int_t)st.st_ino));
	follow_clear(&files);
	ck_assert_int_eq(follow_init(&files, paths, 1), 0);
	follow_resume(&files, position);
	json_decref(position);
	read_all();
	ck_assert_uint_eq(taken, 3);
	ck_assert(files.has_missed);
}
END_TEST

START_TEST(parts_that_are_none)
{
	write_line(log_path);
	read_all();
	ck_assert_int_eq(symlink("/nonexistent", part(".", 7)), 0);
	ck_assert_int_eq(mkfifo(part(".", 8), 0600), 0);
	append(part("-", 2), "of another log\n");
	append(part(".1.bak", 0), "of an editor\n");
	write_line(log_path);
	restart();
	read_all();
	ck_assert_uint_eq(taken, 2);
	ck_assert(!files.has_missed);
}
END_TEST

/* Whoever was away finds the one it was in, and the next compressed. */
START_TEST(a_compressed_one_is_missed)
{
	char compressed[96];

	write_line(log_path);
	read_all();
	rename(log_path, part("-", 20260101));
	write_line(log_path);
	snprintf(compressed, sizeof(compressed), "%s.gz", part("-", 20260102));
	rename(log_path, compressed);
	write_line(log_path);
	restart();
	taken++;
	read_all();
	ck_assert_uint_eq(taken, 3);
	ck_assert(files.has_missed);
}
END_TEST

START_TEST(emptied)
{
	write_line(log_path);
	write_line(log_path);
	read_all();
	ck_assert_int_eq(truncate(log_path, 0), 0);
	read_all();
	write_line(log_path);
	read_all();
	ck_assert_uint_eq(taken, 3);
	restart();
	read_all();
	ck_assert_uint_eq(taken, 3);
}
END_TEST

/* As sed -i leaves it: the same in another file. */
START_TEST(copied_in_its_place)
{
	write_line(log_path);
	write_line(log_path);
	read_all();
	rename(log_path, part(".old", 0));
	append(log_path, "{\"line\":1}\n{\"line\":2}\n");
	read_all();
	write_line(log_path);
	read_all();
	ck_assert_uint_eq(taken, 3);
}
END_TEST

static unsigned
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

START_TEST(what_has_been_read_is_closed)
{
	unsigned before, i;

	write_line(log_path);
	read_all();
	before = open_files();
	for (i = 0; i < 10; i++) {
		rotate(DATED);
		write_line(log_path);
		if (i % 2 == 0)
			read_all();
		else
			restart();
	}
	read_all();
	ck_assert_uint_eq(taken, written);
	ck_assert_uint_eq(open_files(), before);
}
END_TEST

TCase *
case_follow(void)
{
	TCase *c = tcase_create("follow");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, each_line_once, 0, 200);
	tcase_add_loop_test(c, copytruncate, 0, 50);
	tcase_add_test(c, a_number_that_is_another_files_now);
	tcase_add_test(c, parts_that_are_none);
	tcase_add_test(c, a_compressed_one_is_missed);
	tcase_add_test(c, emptied);
	tcase_add_test(c, copied_in_its_place);
	tcase_add_test(c, what_has_been_read_is_closed);
	return c;
}
