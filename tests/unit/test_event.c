/* SPDX-License-Identifier: ISC */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "auto.h"
#include "event.h"
#include "eventsink.h"
#include "unit.h"

static const struct {
	const char *bytes;
	size_t len;
	const char *json;
} strings[] = { { "plain", 5, "plain" }, { "a\"b\\c", 5, "a\\\"b\\\\c" },
	{ "\n\r\t", 3, "\\n\\r\\t" }, { "\x1b[2J", 4, "\\u001b[2J" },
	{ "\0", 1, "\\u0000" }, { "\x7f", 1, "\\u007f" },
	{ "\xc3\xa9", 2, "\xc3\xa9" },
	{ "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
	{ "\xe2\x80\xae", 3, "\\u202e" }, { "\xc2\x9b", 2, "\\u009b" },
	{ "\xf3\xa0\x81\x81", 4, "\\udb40\\udc41" },
	{ "\xff", 1, "\xef\xbf\xbd" }, { "\xc3", 1, "\xef\xbf\xbd" },
	{ "\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xf4\x90\x80\x80", 4,
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" } };

static const struct event_context no_context = { .emitter = "keeper" };

START_TEST(text_is_escaped)
{
	char line[EVENT_LINE_MAX + 1], want[128];
	struct event ev;

	event_init(&ev, &no_context, "x", "X000I");
	event_bytes(&ev, "k", strings[_i].bytes, strings[_i].len);
	event_render(&ev, line);
	snprintf(want, sizeof(want), "\"k\":\"%s\"}", strings[_i].json);
	ck_assert_msg(strstr(line, want) != NULL, "%s in %s", want, line);
}
END_TEST

START_TEST(keys_keep_their_order)
{
	char line[EVENT_LINE_MAX + 1];
	uint64_t number = 7;
	uint32_t audit = 3;
	struct settings *s = settings_new();
	struct event_context ctx = { .host = s,
		.emitter = "keeper",
		.user = "u",
		.login = "l",
		.connection_id = "c",
		.sid = "s",
		.audit_session_id = &audit,
		.number = &number };
	static const char *const order[] = { "{\"event\":", ",\"code\":",
		",\"time\":", ",\"uid\":", ",\"user\":", ",\"login\":",
		",\"connection_id\":", ",\"sid\":", ",\"audit_session_id\":3",
		",\"server_hostname\":", ",\"server_id\":",
		",\"server_labels\":{\"env\":\"prod\"}",
		",\"cluster_name\":", ",\"emitter\":", ",\"ei\":7", ",\"v\":1",
		",\"o\":{\"i\":1}", ",\"last\":true}" };
	struct event ev;
	const char *at = line;
	size_t i;

	labels_add(&s->labels, "env", "prod");
	event_init(&ev, &ctx, "x", "X000I");
	event_object(&ev, "o");
	event_uint(&ev, "i", 1);
	event_object_end(&ev);
	event_bool(&ev, "last", true);
	event_render(&ev, line);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		ck_assert_msg((at = strstr(at, order[i])) != NULL, "%s in %s",
		    order[i], line);
	}
	ck_assert_uint_eq(number, 8);
	settings_free(s);
}
END_TEST

/* Any amount of text, of any kind: one valid line, never too long. */
START_TEST(the_line_is_bounded_and_names_what_was_cut)
{
	char line[EVENT_LINE_MAX + 1], *huge = malloc(300000);
	static const uint8_t fills[] = { 'x', 0x01, 0xff, '"', 0xe2 };
	struct strv list = { 0 };
	struct event ev;
	json_t *doc, *cut;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(fills); i++) {
		memset(huge, fills[i], 300000);
		huge[299999] = '\0';
		event_init(&ev, &no_context, "x", "X000I");
		event_string(&ev, "short", "kept");
		event_string(&ev, "long", huge);
		event_string(&ev, "longer", huge);
		n = event_render(&ev, line);
		ck_assert_uint_le(n, EVENT_LINE_MAX);
		ck_assert_uint_gt(n, EVENT_LINE_MAX / 3);
		ck_assert_uint_eq(strlen(line), n);
		doc = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_ptr_nonnull(doc);
		ck_assert_str_eq(json_string_value(
				     json_object_get(doc, "short")),
		    "kept");
		cut = json_object_get(doc, "truncated");
		ck_assert_uint_eq(json_array_size(cut), 2);
		json_decref(doc);
	}
	for (i = 0; i < 5000; i++)
		strv_add(&list, "");
	event_init(&ev, &no_context, "x", "X000I");
	event_list(&ev, "list", &list);
	ck_assert_uint_le(event_render(&ev, line), EVENT_LINE_MAX);
	doc = json_loads(line, 0, NULL);
	ck_assert_ptr_nonnull(json_object_get(doc, "truncated"));
	json_decref(doc);
	strv_clear(&list);
	free(huge);
}
END_TEST

static char run_dir[64];

static int
make_log(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, path);
	unlink(path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

START_TEST(a_stuck_log_never_blocks_and_the_loss_is_told)
{
	char path[96], lost[96], buf[16384], *sent;
	struct settings *s = settings_new();
	struct eventsink sink;
	struct event ev;
	uint64_t before;
	int fd, i;

	strcpy(run_dir, "/tmp/unit-run.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(run_dir));
	snprintf(path, sizeof(path), "%s/log", run_dir);
	snprintf(lost, sizeof(lost), "%s/lost", run_dir);
	mkdir(lost, 0700);
	free(s->event_socket);
	free(s->run_dir);
	s->event_socket = strdup(path);
	s->run_dir = strdup(run_dir);
	fd = make_log(path);
	eventsink_init(&sink, s, "principals");
	sink.fallback = "/nowhere";
	before = clock_now_usec();
	event_init(&ev, &no_context, "x", "X000I");
	event_string(&ev, "k", "value");
	for (i = 0; i < 5000; i++)
		eventsink_send(&sink, &ev);
	ck_assert_uint_gt(sink.lost, 0);
	/* One wait of 50 ms in all, however slow this machine is. */
	ck_assert_uint_lt(clock_now_usec() - before, 30 * USEC_PER_SEC);
	before = sink.lost;
	eventsink_clear(&sink);
	/* The reader wakes up; another process reports what this one lost. */
	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	eventsink_init(&sink, s, "principals");
	sink.fallback = "/nowhere";
	ck_assert_int_eq(eventsink_send(&sink, &ev), 0);
	ck_assert_int_gt(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 0);
	i = (int)recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	ck_assert_int_gt(i, 0);
	buf[i] = '\0';
	ck_assert(strncmp(buf, "<86>", 4) == 0);
	ck_assert_ptr_nonnull(sent = strstr(buf, "\"lost\":"));
	ck_assert_uint_eq(strtoull(sent + 7, NULL, 10), before);
	ck_assert_ptr_nonnull(strstr(buf, "audit.gap"));
	ck_assert_int_eq(eventsink_send(&sink, &ev), 0);
	ck_assert_int_gt(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 0);
	ck_assert_int_lt(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 0);
	eventsink_clear(&sink);
	close(fd);
	unlink(path);
	snprintf(path, sizeof(path), "%s/lost/principals", run_dir);
	unlink(path);
	rmdir(lost);
	rmdir(run_dir);
	settings_free(s);
}
END_TEST

START_TEST(a_spool_keeps_order_and_has_an_end)
{
	char path[96], buf[16384];
	struct settings *s = settings_new();
	struct eventsink sink;
	struct event ev;
	int fd, i, n;

	strcpy(run_dir, "/tmp/unit-run.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(run_dir));
	snprintf(path, sizeof(path), "%s/log", run_dir);
	free(s->event_socket);
	free(s->run_dir);
	s->event_socket = strdup(path);
	s->run_dir = strdup(run_dir);
	eventsink_init(&sink, s, "keeper");
	sink.fallback = "/nowhere";
	sink.spool_max_bytes = 4096;
	for (i = 0; i < 50; i++) {
		event_init(&ev, &no_context, "x", "X000I");
		event_uint(&ev, "n", (uint64_t)i);
		eventsink_send(&sink, &ev);
	}
	ck_assert_uint_gt(sink.spool.n, 5);
	ck_assert_uint_eq(sink.spool.n + sink.lost, 50);
	ck_assert_uint_le(sink.spool_bytes, 4096);
	fd = make_log(path);
	n = (int)sink.spool.n;
	for (i = 0; i < n; i++) {
		char want[32];
		ssize_t len;

		/* The socket's queue is shorter than the spool. */
		eventsink_flush(&sink);
		len = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
		ck_assert_int_gt(len, 0);
		buf[len] = '\0';
		snprintf(want, sizeof(want), "\"n\":%d}", i);
		ck_assert_ptr_nonnull(strstr(buf, want));
	}
	ck_assert_uint_eq(sink.spool.n, 0);
	ck_assert_uint_eq(sink.spool_bytes, 0);
	sink.lost = 0;
	eventsink_clear(&sink);
	close(fd);
	unlink(path);
	rmdir(run_dir);
	settings_free(s);
}
END_TEST

TCase *
case_event(void)
{
	TCase *c = tcase_create("event");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, text_is_escaped, 0, ARRAY_SIZE(strings));
	tcase_add_test(c, keys_keep_their_order);
	tcase_add_test(c, the_line_is_bounded_and_names_what_was_cut);
	tcase_add_test(c, a_stuck_log_never_blocks_and_the_loss_is_told);
	tcase_add_test(c, a_spool_keeps_order_and_has_an_end);
	return c;
}
