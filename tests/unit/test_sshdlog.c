/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "sshdlog.h"
#include "unit.h"

#define FP "SHA256:NtbxcxGFX6ZnRL9+s/Hcru1OeXO9vgeYM2vFjLFYO0Y"
#define CA "SHA256:Dce6i3fnY9Ssuh+UW4xic/6cp8ZCoWnnoS89u2MuTns"
#define FAILED(login, id)                                                 \
	"Failed publickey for " login " from 192.0.2.1 port 47688 ssh2: " \
	"ED25519-CERT " FP " ID " id " (serial 7) CA ED25519 " CA

static const struct {
	const char *before; /* a line of the same process, or NULL */
	const char *line;
	int is_event;
	enum reason reason;
	const char *login, *user;
} lines[] = {
	{ NULL, FAILED("deploy", "alice@x"), 1, REASON_NONE, "deploy",
	    "alice@x" },
	{ "error: Authentication key ED25519-CERT " FP " revoked by file /k",
	    FAILED("deploy", "bob"), 1, REASON_REVOKED, "deploy", "bob" },
	{ "principals: Authentication tried for deploy with correct key but "
	  "not from a permitted host (host=h, ip=1.2.3.4, required=x).",
	    FAILED("deploy", "bob"), 1, REASON_SOURCE_NOT_ALLOWED, "deploy",
	    "bob" },
	{ "error: Certificate invalid: expired", FAILED("d", "b"), 1,
	    REASON_EXPIRED, "d", "b" },
	{ "error: Certificate does not contain an authorized principal",
	    FAILED("d", "b"), 0, REASON_NONE, NULL, NULL },
	{ "error: AuthorizedPrincipalsCommand /x failed, status 1",
	    FAILED("d", "b"), 1, REASON_TIMEOUT, "d", "b" },
	{ NULL, FAILED("deploy", "x (serial 1) CA RSA SHA256:fake"), 1,
	    REASON_NONE, "deploy", "x (serial 1) CA RSA SHA256:fake" },
	{ NULL, FAILED("deploy", "a ID b"), 1, REASON_NONE, "deploy",
	    "a ID b" },
	{ NULL, "Invalid user ghost from 192.0.2.1 port 47688", 1,
	    REASON_NO_SUCH_USER, "ghost", "" },
	{ NULL, "Invalid user x from 6.6.6.6 port 1 from 192.0.2.1 port 47688",
	    1, REASON_NO_SUCH_USER, "x from 6.6.6.6 port 1", "" },
	{ NULL,
	    "Failed publickey for d from 192.0.2.1 port 1 ssh2: ED25519 " FP, 0,
	    REASON_NONE, NULL, NULL },
	{ NULL,
	    "Accepted publickey for d from 192.0.2.1 port 1 ssh2: "
	    "ED25519-CERT " FP " ID b (serial 1) CA ED25519 " CA,
	    0, REASON_NONE, NULL, NULL },
	{ NULL, "", 0, REASON_NONE, NULL, NULL },
	{ NULL, "Failed publickey for ", 0, REASON_NONE, NULL, NULL },
	{ NULL, "Invalid user ", 0, REASON_NONE, NULL, NULL },
	{ NULL,
	    "Failed publickey for d from 192.0.2.1 port x ssh2: "
	    "ED25519-CERT " FP " ID b (serial 1) CA ED25519 " CA,
	    0, REASON_NONE, NULL, NULL },
	{ NULL,
	    "Failed publickey for d from 192.0.2.1 port 1 ssh2: "
	    "ED25519-CERT " FP " ID b (serial z) CA ED25519 " CA,
	    0, REASON_NONE, NULL, NULL },
};

static struct sshdlog_process
process(unsigned pid)
{
	return (struct sshdlog_process){ (pid_t)pid, 1000 + pid };
}

START_TEST(lines_are_refusals_or_not)
{
	struct sshdlog log = { 0 };
	struct sshd_refusal f = { 0 };

	if (lines[_i].before != NULL)
		ck_assert_int_eq(sshdlog_line(&log, process(5),
				     lines[_i].before, &f),
		    0);
	ck_assert_int_eq(sshdlog_line(&log, process(5), lines[_i].line, &f),
	    lines[_i].is_event);
	if (!lines[_i].is_event)
		return;
	ck_assert_int_eq(f.reason, lines[_i].reason);
	ck_assert_str_eq(f.login, lines[_i].login);
	ck_assert_str_eq(f.user, lines[_i].user);
	ck_assert_str_eq(f.address, "192.0.2.1:47688");
	if (f.ca_fingerprint[0] != '\0') {
		ck_assert_str_eq(f.fingerprint, FP);
		ck_assert_str_eq(f.ca_fingerprint, CA);
		ck_assert_uint_eq(f.serial, 7);
	}
}
END_TEST

START_TEST(reasons_stay_with_their_process)
{
	struct sshdlog log = { 0 };
	struct sshd_refusal f;
	unsigned i;

	sshdlog_line(&log, process(5), "error: Certificate invalid: expired",
	    &f);
	ck_assert_int_eq(sshdlog_line(&log, process(6), FAILED("d", "b"), &f),
	    1);
	ck_assert_int_eq(f.reason, REASON_NONE);
	ck_assert_int_eq(sshdlog_line(&log, process(5), FAILED("d", "b"), &f),
	    1);
	ck_assert_int_eq(f.reason, REASON_EXPIRED);
	ck_assert_int_eq(sshdlog_line(&log, process(5), FAILED("d", "b"), &f),
	    1);
	ck_assert_int_eq(f.reason, REASON_NONE);
	/* A name that is made of sshd's words. */
	sshdlog_line(&log, process(7),
	    "Connection closed by invalid user Certificate "
	    "does not contain an authorized principal "
	    "192.0.2.1 port 1 [preauth]",
	    &f);
	ck_assert_int_eq(sshdlog_line(&log, process(7), FAILED("d", "b"), &f),
	    1);
	for (i = 1; i < 5000; i++)
		sshdlog_line(&log, process(i), "Certificate invalid: expired",
		    &f);
	ck_assert_int_eq(sshdlog_line(&log, process(4999), FAILED("d", "b"),
			     &f),
	    1);
	ck_assert_int_eq(f.reason, REASON_EXPIRED);
	ck_assert_int_eq(sshdlog_line(&log, process(1), FAILED("d", "b"), &f),
	    1);
	ck_assert_int_eq(f.reason, REASON_NONE);
}
END_TEST

/* A busy host reads the line when its sshd has ended: no start is known. */
START_TEST(reasons_survive_their_process)
{
	const struct sshdlog_process alive = { 5, 77 }, gone = { 5, 0 },
				     next = { 5, 99 };
	struct sshdlog log = { 0 };
	struct sshd_refusal f;

	sshdlog_line(&log, alive, "Certificate invalid: expired", &f);
	ck_assert_int_eq(sshdlog_line(&log, gone, FAILED("d", "b"), &f), 1);
	ck_assert_int_eq(f.reason, REASON_EXPIRED);
	sshdlog_line(&log, gone, "Certificate invalid: expired", &f);
	ck_assert_int_eq(sshdlog_line(&log, gone, FAILED("d", "b"), &f), 1);
	ck_assert_int_eq(f.reason, REASON_EXPIRED);
	/* The same pid again, of another process. */
	sshdlog_line(&log, alive, "Certificate invalid: expired", &f);
	ck_assert_int_eq(sshdlog_line(&log, next, FAILED("d", "b"), &f), 1);
	ck_assert_int_eq(f.reason, REASON_NONE);
	sshdlog_line(&log, next,
	    "Certificate does not contain an authorized principal", &f);
	ck_assert_int_eq(sshdlog_line(&log, gone, FAILED("d", "b"), &f), 0);
}
END_TEST

START_TEST(addresses_of_both_kinds)
{
	struct sshdlog log = { 0 };
	struct sshd_refusal f;

	ck_assert_int_eq(sshdlog_line(&log, process(1),
			     "Invalid user x from 2001:db8::1 port 22", &f),
	    1);
	ck_assert_str_eq(f.address, "[2001:db8::1]:22");
}
END_TEST

TCase *
case_sshdlog(void)
{
	TCase *c = tcase_create("sshdlog");

	tcase_add_loop_test(c, lines_are_refusals_or_not, 0, ARRAY_SIZE(lines));
	tcase_add_test(c, reasons_stay_with_their_process);
	tcase_add_test(c, reasons_survive_their_process);
	tcase_add_test(c, addresses_of_both_kinds);
	return c;
}
