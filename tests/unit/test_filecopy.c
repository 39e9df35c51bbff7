/* SPDX-License-Identifier: ISC */
#include "auto.h"
#include "filecopy.h"
#include "unit.h"

static const struct {
	const char *command;
	bool is_copy;
} commands[] = {
	{ "scp -t /tmp/x", true },
	{ "scp -f file", true },
	{ "/usr/bin/scp -v -r -d -t -- .", true },
	{ "scp -vrt .", true },
	{ "LC_ALL=C scp -t .", true },
	{ "exec scp -t .", true },
	{ "cd /srv && scp -t .", true },
	{ "scp -t x; bash", true },
	{ "(rsync --server -logDtpre.iLsfxCIvu . x)", true },
	{ "rsync --server --sender . x", true },
	{ "/usr/lib/openssh/sftp-server -l VERBOSE", true },
	{ "internal-sftp", true },
	{ "true\nscp -f x", true },
	{ "scp host:a b", false },
	{ "rsync -a a/ host:b/", false },
	{ "echo scp -t", false },
	{ "cat scp", false },
	{ "bash", false },
	{ "", false },
	{ ";;", false },
	{ "./a=b/scp -t", true },
	{ "git-upload-pack 'x.git'", false },
};

START_TEST(copies_are_known)
{
	ck_assert_msg(is_file_copy(commands[_i].command) ==
		commands[_i].is_copy,
	    "'%s'", commands[_i].command);
}
END_TEST

TCase *
case_filecopy(void)
{
	TCase *c = tcase_create("filecopy");

	tcase_add_loop_test(c, copies_are_known, 0, ARRAY_SIZE(commands));
	return c;
}
