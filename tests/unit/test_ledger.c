/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "ca.h"
#include "ledger.h"
#include "path.h"
#include "revoked.h"
#include "unit.h"

static char dir[64];
static char why[LEDGER_WHY_MAX];

static void
setup(void)
{
	strcpy(dir, "/tmp/unit-ledger.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(ledger_create(dir), 0);
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* n certificates in one commit. */
static void
issue(const char *user, int n)
{
	struct event_context ctx = { .emitter = "signer", .user = user };
	struct ledger *l;
	struct event ev;
	uint64_t serial;
	int i;

	ck_assert_msg(ledger_open(dir, &l, why) == 0, "%s", why);
	serial = ledger_next_serial(l);
	for (i = 0; i < n; i++, serial++) {
		ck_assert_uint_eq(ledger_next_serial(l), serial);
		event_init(&ev, &ctx, "cert.create", "TC000I");
		event_uint(&ev, "serial", serial);
		event_string(&ev, "valid_before", "2030-01-01T00:00:00Z");
		ck_assert_int_eq(ledger_add(l, &ev, serial), 0);
	}
	ck_assert_int_eq(ledger_commit(l), 0);
	ledger_free(l);
}

static char *
read_all(size_t *len)
{
	char *path = ca_path(dir, LEDGER_FILE), *text;
	FILE *f = fopen(path, "r");

	ck_assert_int_eq(path_read(f, 1 << 20, &text, len), 0);
	fclose(f);
	free(path);
	return text;
}

static void
write_all(const char *text, size_t len)
{
	char *path = ca_path(dir, LEDGER_FILE);

	ck_assert_int_eq(path_write_atomic(path, text, len, 0600, 0), 0);
	free(path);
}

static int
verify(void)
{
	struct ledger_head head;

	return ledger_verify(dir, &head, why);
}

START_TEST(serials_grow_from_one_without_gaps)
{
	struct ledger_head head;

	ck_assert_int_eq(verify(), 0);
	issue("a", 1);
	issue("b", 3);
	issue("c", 1);
	ck_assert_int_eq(ledger_verify(dir, &head, why), 0);
	ck_assert_uint_eq(head.last_serial, 5);
}
END_TEST

START_TEST(any_changed_byte_shows)
{
	size_t len, i;
	char *text;

	issue("a", 2);
	issue("b", 1);
	text = read_all(&len);
	for (i = 0; i < len; i++) {
		text[i] ^= 1;
		write_all(text, len);
		ck_assert_msg(verify() != 0, "byte %zu", i);
		text[i] ^= 1;
	}
	write_all(text, len);
	ck_assert_int_eq(verify(), 0);
	free(text);
}
END_TEST

/* Any line taken out, the last ones too. */
START_TEST(any_missing_line_shows)
{
	char *text, *copy, *line, *end;
	struct ledger *l;
	size_t len, n;

	issue("a", 2);
	issue("b", 2);
	text = read_all(&len);
	for (line = text; *line != '\0'; line = end) {
		end = strchr(line, '\n') + 1;
		n = (size_t)(end - line);
		copy = strdup(text);
		memmove(copy + (line - text), end, strlen(end) + 1);
		write_all(copy, len - n);
		ck_assert_int_eq(verify(), -EBADMSG);
		/* Without its last lines nothing more is issued. */
		if (*end == '\0') {
			ck_assert_int_eq(ledger_open(dir, &l, why), -EBADMSG);
			ck_assert_ptr_nonnull(strstr(why, "lost lines"));
		}
		free(copy);
	}
	free(text);
}
END_TEST

/* A writer that was killed in the middle of its write, anywhere. */
START_TEST(half_a_line_is_taken_back)
{
	size_t len, before, i;
	char *text;

	issue("a", 2);
	free(read_all(&before));
	issue("b", 1);
	text = read_all(&len);
	for (i = before + 1; i < len; i += 7) {
		char *anchor = ca_path(dir, LEDGER_ANCHOR), *old;
		FILE *f;
		size_t n;

		/* The anchor is written after the line. */
		teardown();
		ck_assert_int_eq(mkdir(dir, 0700), 0);
		ck_assert_int_eq(ledger_create(dir), 0);
		f = fopen(anchor, "r");
		ck_assert_int_eq(path_read(f, 1024, &old, &n), 0);
		fclose(f);
		free(old);
		free(anchor);
		write_all(text, i);
		issue("c", 1);
		ck_assert_msg(verify() == 0, "%zu: %s", i, why);
	}
	free(text);
}
END_TEST

START_TEST(what_is_rolled_back_uses_no_serial)
{
	struct event_context ctx = { .emitter = "signer" };
	struct ledger *l;
	struct event ev;

	issue("a", 1);
	ck_assert_int_eq(ledger_open(dir, &l, why), 0);
	event_init(&ev, &ctx, "cert.create", "TC000I");
	event_uint(&ev, "serial", 2);
	ck_assert_int_eq(ledger_add(l, &ev, 2), 0);
	ck_assert_uint_eq(ledger_next_serial(l), 3);
	ledger_rollback(l);
	ck_assert_uint_eq(ledger_next_serial(l), 2);
	ck_assert_int_eq(ledger_commit(l), 0);
	ledger_free(l);
	issue("b", 1);
	ck_assert_int_eq(verify(), 0);
}
END_TEST

START_TEST(a_damaged_anchor_is_told_and_repaired)
{
	char *path = ca_path(dir, LEDGER_ANCHOR);
	struct ledger *l;

	issue("a", 2);
	ck_assert_int_eq(path_write_atomic(path, "x\n", 2, 0600, 0), 0);
	ck_assert_int_eq(ledger_open(dir, &l, why), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "--repair"));
	ck_assert_int_eq(ledger_repair_anchor(dir, why), 0);
	issue("b", 1);
	ck_assert_int_eq(verify(), 0);
	free(path);
}
END_TEST

START_TEST(a_noted_head_is_known_again)
{
	char hex[LEDGER_CHAIN_TEXT], *text, *at;
	size_t len;

	issue("a", 2);
	text = read_all(&len);
	at = strstr(text, "\"chain\":\"") + 9;
	memcpy(hex, at, LEDGER_CHAIN_TEXT - 1);
	hex[LEDGER_CHAIN_TEXT - 1] = '\0';
	issue("b", 1);
	ck_assert_int_eq(ledger_has_head(dir, hex), 0);
	hex[0] = hex[0] == 'a' ? 'b' : 'a';
	ck_assert_int_eq(ledger_has_head(dir, hex), -ENOENT);
	ck_assert_int_eq(ledger_has_head(dir, "abc"), -EINVAL);
	free(text);
}
END_TEST

/* Text of others cannot pass for a member. */
START_TEST(members_are_told_from_text_like_them)
{
	struct event_context ctx = { .emitter = "signer",
		.user = "x\",\"serial\":7,\"y\":\"" };
	struct ledger_line line;
	struct ledger_view v;
	struct ledger *l;
	struct event ev;
	uint64_t n;

	ck_assert_int_eq(ledger_open(dir, &l, why), 0);
	event_init(&ev, &ctx, "cert.create", "TC000I");
	event_uint(&ev, "serial", 1);
	event_json(&ev, "claims", "{\"serial\":9}");
	ck_assert_int_eq(ledger_add(l, &ev, 1), 0);
	ck_assert_int_eq(ledger_commit(l), 0);
	ledger_free(l);
	ck_assert_int_eq(ledger_view_open(dir, 0, false, &v), 0);
	ck_assert(ledger_view_next(&v, &line));
	ck_assert(ledger_line_uint(&line, "serial", &n));
	ck_assert_uint_eq(n, 1);
	ck_assert(ledger_line_text_is(&line, "user", ctx.user));
	ck_assert(!ledger_line_text_is(&line, "user", "x"));
	ck_assert(!ledger_line_uint(&line, "y", &n));
	ck_assert(!ledger_view_next(&v, &line));
	ledger_view_close(&v);
}
END_TEST

static void
note_revocation(const char *by, const char *key, const char *text, uint64_t lo,
    uint64_t hi)
{
	struct event_context ctx = { .emitter = "signer",
		.user = strcmp(by, "user") == 0 ? text : NULL };
	struct ledger *l;
	struct event ev;

	ck_assert_int_eq(ledger_open(dir, &l, why), 0);
	event_init(&ev, &ctx, "cert.revoke", "CS001I");
	event_string(&ev, "revoked_by", by);
	if (strcmp(by, "serial") == 0) {
		event_uint(&ev, "serial", lo);
		event_uint(&ev, "serial_to", hi);
	} else if (strcmp(by, "user") == 0) {
		event_uint(&ev, "up_to", hi);
	} else {
		event_string(&ev, key, text);
	}
	ck_assert_int_eq(ledger_add(l, &ev, 0), 0);
	ck_assert_int_eq(ledger_commit(l), 0);
	ledger_free(l);
}

START_TEST(revocations_are_read_as_they_come)
{
	struct revoked r = { 0 };
	struct ledger_line line;
	struct ledger_view v;
	static const bool is_revoked[] = { true, false, true, true, false };
	size_t i = 0;

	issue("alice", 2);
	issue("bob", 3);
	note_revocation("serial", NULL, NULL, 1, 1);
	ck_assert_int_eq(revoked_update(&r, dir, false), 0);
	note_revocation("user", NULL, "bob", 0, 4);
	note_revocation("user", NULL, "bob", 0, 3);
	note_revocation("id", "key_id", "carol", 0, 0);
	note_revocation("key", "fingerprint", "SHA256:x", 0, 0);
	ck_assert_int_eq(revoked_update(&r, dir, false), 0);
	ck_assert_int_eq(ledger_view_open(dir, 0, false, &v), 0);
	while (ledger_view_next(&v, &line)) {
		if (!ledger_line_is(&line, "cert.create"))
			continue;
		ck_assert_msg(revoked_has_cert(&r, &line, i + 1) ==
			is_revoked[i],
		    "serial %zu", i + 1);
		i++;
	}
	ledger_view_close(&v);
	ck_assert_uint_eq(i, 5);
	ck_assert_ptr_nonnull(revoked_why_not(&r, "carol", "SHA256:y"));
	ck_assert_ptr_nonnull(revoked_why_not(&r, "dave", "SHA256:x"));
	ck_assert_ptr_null(revoked_why_not(&r, "dave", "SHA256:y"));
	revoked_clear(&r);
}
END_TEST

TCase *
case_ledger(void)
{
	TCase *c = tcase_create("ledger");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, serials_grow_from_one_without_gaps);
	tcase_add_test(c, any_changed_byte_shows);
	tcase_add_test(c, any_missing_line_shows);
	tcase_add_test(c, half_a_line_is_taken_back);
	tcase_add_test(c, what_is_rolled_back_uses_no_serial);
	tcase_add_test(c, a_damaged_anchor_is_told_and_repaired);
	tcase_add_test(c, a_noted_head_is_known_again);
	tcase_add_test(c, members_are_told_from_text_like_them);
	tcase_add_test(c, revocations_are_read_as_they_come);
	return c;
}
