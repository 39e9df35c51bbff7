/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auto.h"
#include "keepermsg.h"
#include "unit.h"

static int ends[2];

static void
setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	ck_assert_int_eq(keepermsg_set_timeout(ends[1], 2000), 0);
}

static void
teardown(void)
{
	close(ends[0]);
	close(ends[1]);
}

START_TEST(a_greeting_comes_back)
{
	struct keeper_message m = { .type = KEEPERMSG_HELLO }, got;
	char *roles[] = { (char[]){ "web" }, (char[]){ "db" } };

	m.u.hello = (struct keeper_hello){ .user = (char[]){ "alice" },
		.login = (char[]){ "deploy" },
		.shell = (char[]){ "/bin/bash" },
		.roles = { roles, 2 },
		.serial = UINT64_MAX,
		.limits = { .expires_s = 1800000000,
		    .max_connection_s = 43200,
		    .max_sessions = 5,
		    .max_connections = 6,
		    .idle_s = 7,
		    .record_exec_max_bytes = 8,
		    .record_strict = true,
		    .record_input = true,
		    .trace_required = true,
		    .no_file_copy = true },
		.cert = (uint8_t[]){ 'a', 0, 'b' },
		.cert_len = 3,
		.uid = 1000,
		.break_glass = (char[]){ "expired" } };
	ck_assert_int_eq(keepermsg_send(ends[0], &m), 0);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), 0);
	ck_assert_int_eq(got.type, KEEPERMSG_HELLO);
	ck_assert_str_eq(got.u.hello.user, "alice");
	ck_assert_str_eq(got.u.hello.command, "");
	ck_assert_str_eq(got.u.hello.roles.v[1], "db");
	ck_assert(got.u.hello.serial == UINT64_MAX);
	ck_assert(got.u.hello.limits.expires_s == 1800000000);
	ck_assert(got.u.hello.limits.max_connection_s == 43200);
	ck_assert(got.u.hello.limits.max_sessions == 5);
	ck_assert(got.u.hello.limits.max_connections == 6);
	ck_assert(got.u.hello.limits.idle_s == 7);
	ck_assert(got.u.hello.limits.record_exec_max_bytes == 8);
	ck_assert(got.u.hello.limits.record_strict);
	ck_assert(got.u.hello.limits.record_input);
	ck_assert(got.u.hello.limits.trace_required);
	ck_assert(!got.u.hello.limits.survivors_kill);
	ck_assert(got.u.hello.limits.no_file_copy);
	ck_assert_uint_eq(got.u.hello.cert_len, 3);
	ck_assert_mem_eq(got.u.hello.cert, "a\0b", 3);
	ck_assert_uint_eq(got.u.hello.uid, 1000);
	ck_assert_str_eq(got.u.hello.break_glass, "expired");
	keepermsg_clear(&got);
}
END_TEST

START_TEST(a_check_in_of_128_KiB_comes_back)
{
	struct keeper_message m = { .type = KEEPERMSG_CHECKIN }, got;
	char *command = malloc(128 * 1024);

	memset(command, 'x', 128 * 1024);
	command[128 * 1024 - 1] = '\0';
	m.u.checkin = (struct keeper_checkin){ .command = command,
		.has_command = true,
		.columns = 80 };
	ck_assert_int_eq(keepermsg_send(ends[0], &m), 0);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), 0);
	ck_assert_str_eq(got.u.checkin.command, command);
	ck_assert_uint_eq(got.u.checkin.columns, 80);
	ck_assert(!got.u.checkin.has_tty);
	keepermsg_clear(&got);
	free(command);
}
END_TEST

START_TEST(short_messages_come_back)
{
	struct keeper_message m = { .type = KEEPERMSG_EXIT }, got;

	m.u.exit = (struct keeper_exit){ 255, 9 };
	ck_assert_int_eq(keepermsg_send(ends[0], &m), 0);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), 0);
	ck_assert_uint_eq(got.u.exit.exit_code, 255);
	ck_assert_uint_eq(got.u.exit.signal, 9);
	m = (struct keeper_message){ .type = KEEPERMSG_ENVIRONMENT,
		.u.environment = { (char *[]){ (char[]){ "A=b c" } }, 1 } };
	ck_assert_int_eq(keepermsg_send(ends[0], &m), 0);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), 0);
	ck_assert_str_eq(got.u.environment.v[0], "A=b c");
	keepermsg_clear(&got);
	m = (struct keeper_message){ .type = KEEPERMSG_DENIED,
		.u.denied = (char[]){ "no" } };
	ck_assert_int_eq(keepermsg_send(ends[0], &m), 0);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), 0);
	ck_assert_str_eq(got.u.denied, "no");
	keepermsg_clear(&got);
	close(ends[0]);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), -ECONNRESET);
	ends[0] = dup(ends[1]);
}
END_TEST

/* How many descriptors this process has. */
static int
count_open(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

START_TEST(descriptors_go_along)
{
	struct keeper_message m = { .type = KEEPERMSG_BYE }, got;
	int pipes[2], fds[KEEPERMSG_MAX_FDS] = { 7, 7, 7 }, before;
	char c = 0;

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(keepermsg_send_fds(ends[0], &m, pipes, 2), 0);
	ck_assert_int_eq(keepermsg_receive_fds(ends[1], &got, fds), 0);
	ck_assert_int_eq(fds[2], -1);
	ck_assert(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(read(pipes[0], &c, 1), 1);
	ck_assert_int_eq(c, 'x');
	close(fds[0]);
	close(fds[1]);
	/* Where nobody has asked for them they are not kept. */
	before = count_open();
	ck_assert_int_eq(keepermsg_send_fds(ends[0], &m, pipes, 2), 0);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), 0);
	ck_assert_int_eq(count_open(), before);
	ck_assert_int_eq(keepermsg_send_fds(ends[0], &m, pipes, 4), -EINVAL);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

START_TEST(silence_ends)
{
	struct keeper_message got;

	ck_assert_int_eq(keepermsg_set_timeout(ends[1], 50), 0);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), -EAGAIN);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
} bad[] = { { "", 0 }, { "\4", 1 }, { "\2\2", 2 }, { "\4\0", 2 },
	{ "\4\x63", 2 }, { "\4\2x", 3 }, { "\4\7\0\0\0\1", 6 },
	{ "\4\4\0\0\0\1x\0\0\0\0\2\0\0\0\0\0\0\0\0\0", 21 },
	{ "\4\6\0\0\0\2x", 7 }, { "\4\6\0\0\0\1\0", 7 },
	{ "\4\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff"
	  "\xff\xff\xff",
	    31 } };

START_TEST(anything_else_is_refused)
{
	struct keeper_message got;

	ck_assert_int_eq(keepermsg_decode((const uint8_t *)bad[_i].bytes,
			     bad[_i].len, &got),
	    -EBADMSG);
}
END_TEST

START_TEST(paths_are_bounded)
{
	char path[108], run[200];

	ck_assert_int_eq(keepermsg_connection_path("/run/x", "id", path,
			     sizeof(path)),
	    0);
	ck_assert_str_eq(path, "/run/x/conn/id.sock");
	memset(run, 'r', sizeof(run) - 1);
	run[sizeof(run) - 1] = '\0';
	ck_assert_int_eq(keepermsg_connection_path(run, "id", path,
			     sizeof(path)),
	    -ENAMETOOLONG);
	ck_assert_int_eq(keepermsg_connect(run, 10), -ENAMETOOLONG);
}
END_TEST

/* The wrapper says how its program ended, and ends; it does not wait for DONE. */
START_TEST(a_last_word_is_heard_though_ours_was_not)
{
	struct keeper_message end = { .type = KEEPERMSG_EXIT,
		.u.exit = { .exit_code = 7 } },
			      done = { .type = KEEPERMSG_DONE }, got;

	ck_assert_int_eq(keepermsg_send(ends[1], &done), 0);
	ck_assert_int_eq(keepermsg_send(ends[0], &end), 0);
	close(ends[0]);
	ends[0] = -1;
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), 0);
	ck_assert_int_eq(got.type, KEEPERMSG_EXIT);
	ck_assert_uint_eq(got.u.exit.exit_code, 7);
	ck_assert_int_eq(keepermsg_receive(ends[1], &got), -ECONNRESET);
}
END_TEST

TCase *
case_messages(void)
{
	TCase *c = tcase_create("messages");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_greeting_comes_back);
	tcase_add_test(c, a_last_word_is_heard_though_ours_was_not);
	tcase_add_test(c, a_check_in_of_128_KiB_comes_back);
	tcase_add_test(c, short_messages_come_back);
	tcase_add_test(c, descriptors_go_along);
	tcase_add_test(c, silence_ends);
	tcase_add_loop_test(c, anything_else_is_refused, 0, ARRAY_SIZE(bad));
	tcase_add_test(c, paths_are_bounded);
	return c;
}
