/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "jumps.h"
#include "unit.h"

#define START(time, id, user, host, remote, local)                      \
	"{\"event\":\"connection.start\",\"time\":\"2026-01-01T" time   \
	"Z\",\"connection_id\":\"" id "\",\"user\":\"" user             \
	"\",\"server_hostname\":\"" host "\",\"addr.remote\":\"" remote \
	"\",\"addr.local\":\"" local "\"}\n"
#define PORT(time, id, addr, success)                       \
	"{\"event\":\"port\",\"time\":\"2026-01-01T" time   \
	"Z\",\"connection_id\":\"" id "\",\"addr\":\"" addr \
	"\",\"direction\":\"local\",\"success\":" success "}\n"

/* a and b jump at the same time over one host, c by the next one's name; d comes
 * from somewhere else, e much later, f was refused. */
static const char events[] = START("10:00:00", "a1", "a", "jump", "9.9.9.1:1",
    "10.0.0.1:22") START("10:00:00", "b1", "b", "jump", "9.9.9.2:1",
    "10.0.0.1:22") PORT("10:00:01", "b1", "10.0.0.2:22",
    "true") PORT("10:00:01", "a1", "10.0.0.2:22", "true") START("10:00:02",
    "b2", "b", "db1.example.com", "10.0.0.1:2", "10.0.0.2:22") START("10:00:02",
    "a2", "a", "db1.example.com", "10.0.0.1:3", "10.0.0.2:22") PORT("10:00:03",
    "a2", "db2:22", "true") START("10:00:04", "a3", "a", "db2.example.com",
    "10.0.0.2:4", "10.0.0.3:22") START("10:00:05", "d", "a", "db2.example.com",
    "10.0.0.9:4", "10.0.0.3:22") START("10:09:00", "e", "a", "db1.example.com",
    "10.0.0.1:5", "10.0.0.2:22") PORT("11:00:00", "a1", "10.0.0.2:22", "false")
    START("11:00:01", "f", "a", "db1.example.com", "10.0.0.1:6", "10.0.0.2:22");

static char path[] = "/tmp/countersign-jumps.XXXXXX";
static struct jumps j;

static void
setup(void)
{
	int fd = mkstemp(path);
	const struct eventlog_query q = { .path = path };
	struct eventlog_report report;

	ck_assert(write(fd, events, strlen(events)) == (ssize_t)strlen(events));
	close(fd);
	j = (struct jumps){ 0 };
	ck_assert_int_eq(eventlog_read(&q, jumps_take, &j, &report), 0);
	ck_assert_int_eq(jumps_sort(&j), 0);
	unlink(path);
	strcpy(path + strlen(path) - 6, "XXXXXX");
}

static void
teardown(void)
{
	jumps_clear(&j);
}

static const char *
id_of(const struct jump_start *start)
{
	return start == NULL ? "none" : start->id;
}

START_TEST(each_has_come_through_their_own)
{
	static const char *const pairs[][2] = { { "a2", "a1" }, { "b2", "b1" },
		{ "a3", "a2" }, { "a1", "none" }, { "d", "none" },
		{ "e", "none" }, { "f", "none" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		ck_assert_str_eq(id_of(jumps_before(&j,
				     jumps_start(&j, pairs[i][0]))),
		    pairs[i][1]);
}
END_TEST

START_TEST(and_gone_on_to_their_own)
{
	const struct jump_start *a1 = jumps_start(&j, "a1"), *a2;

	a2 = jumps_after(&j, a1, NULL);
	ck_assert_str_eq(id_of(a2), "a2");
	ck_assert_str_eq(id_of(jumps_after(&j, a1, a2)), "none");
	ck_assert_str_eq(id_of(jumps_after(&j, jumps_start(&j, "a2"), NULL)),
	    "a3");
	ck_assert_str_eq(id_of(jumps_after(&j, jumps_start(&j, "d"), NULL)),
	    "none");
}
END_TEST

TCase *
case_jumps(void)
{
	TCase *c = tcase_create("jumps");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, each_has_come_through_their_own);
	tcase_add_test(c, and_gone_on_to_their_own);
	return c;
}
