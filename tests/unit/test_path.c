/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "path.h"
#include "unit.h"

static char dir[64], file[96];

static void
setup(void)
{
	strcpy(dir, "/tmp/unit-path.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/file", dir);
	ck_assert_int_eq(path_write_atomic(file, "text", 4, 0644, 0), 0);
}

static void
teardown(void)
{
	unlink(file);
	ck_assert_int_eq(rmdir(dir), 0);
}

static int
try_open(void)
{
	FILE *f = NULL;
	int r = path_open_trusted(file, getuid(), &f);

	if (f != NULL)
		fclose(f);
	return r;
}

START_TEST(a_safe_file_is_opened)
{
	char *text;
	size_t len;

	ck_assert_int_eq(try_open(), 0);
	ck_assert_int_eq(path_read_trusted(file, getuid(), 4, &text, &len), 0);
	ck_assert_str_eq(text, "text");
	free(text);
	ck_assert_int_eq(path_read_trusted(file, getuid(), 3, &text, &len),
	    -EFBIG);
}
END_TEST

START_TEST(what_others_could_write_is_refused)
{
	chmod(file, 0664);
	ck_assert_int_eq(try_open(), -EPERM);
	chmod(file, 0646);
	ck_assert_int_eq(try_open(), -EPERM);
	chmod(file, 0644);
	chmod(dir, 0777);
	ck_assert_int_eq(try_open(), -EPERM);
	chmod(dir, 01777);
	ck_assert_int_eq(try_open(), 0);
	chmod(dir, 0700);
	if (getuid() == 0) {
		ck_assert_int_eq(chown(file, 12345, 0), 0);
		ck_assert_int_eq(try_open(), -EPERM);
	}
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	unlink(file);
	ck_assert_int_eq(try_open(), -ENOENT);
	ck_assert_int_eq(symlink("/etc/passwd", file), 0);
	ck_assert_int_eq(try_open(), -ELOOP);
	unlink(file);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	ck_assert_int_eq(try_open(), -EINVAL);
}
END_TEST

START_TEST(replacing_is_whole_and_excl_is_kept)
{
	struct stat st;

	ck_assert_int_eq(path_write_atomic(file, "x", 1, 0600, O_EXCL),
	    -EEXIST);
	umask(0);
	ck_assert_int_eq(path_write_atomic(file, "x", 1, 0600, 0), 0);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(st.st_size, 1);
	ck_assert_int_lt(path_write_atomic("/nowhere/at/all", "x", 1, 0600, 0),
	    0);
}
END_TEST

TCase *
case_path(void)
{
	TCase *c = tcase_create("path");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_safe_file_is_opened);
	tcase_add_test(c, what_others_could_write_is_refused);
	tcase_add_test(c, what_is_no_file_is_refused);
	tcase_add_test(c, replacing_is_whole_and_excl_is_kept);
	return c;
}
