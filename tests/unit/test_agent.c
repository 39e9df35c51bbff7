/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "cakey.h"
#include "sigverify.h"
#include "sshcert.h"
#include "sshsig.h"
#include "unit.h"

/* An agent that says these bytes and hangs up, or not. */
static struct agent *
speaking(const void *p, size_t len, bool hangs_up, int *ret_other)
{
	struct agent *a;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(write(fds[1], p, len), (ssize_t)len);
	*ret_other = fds[1];
	if (hangs_up)
		ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	ck_assert_int_eq(agent_of_fd(fds[0], &a), 0);
	return a;
}

static const struct {
	const char *bytes;
	size_t len;
	bool hangs_up;
	int list, sign;
} answers[] = {
	{ "", 0, true, -ECONNRESET, -ECONNRESET },
	{ "\0\0\0\1\5", 5, true, -EPERM, -EPERM },
	{ "\0\0\0\1\6", 5, true, -EBADMSG, -EBADMSG },
	{ "\0\0\0\0", 4, true, -EBADMSG, -EBADMSG },
	{ "\377\377\377\377", 4, true, -EBADMSG, -EBADMSG },
	{ "\0\0\0\5\14\0\0", 7, true, -ECONNRESET, -ECONNRESET },
	{ "\0\0\0\5\14\0\0\0\0", 9, true, 0, -EBADMSG },
	{ "\0\0\0\5\14\0\0\0\1", 9, true, -EBADMSG, -EBADMSG },
	{ "\0\0\0\5\14\377\377\377\377", 9, true, -EBADMSG, -EBADMSG },
	{ "\0\0\0\6\14\0\0\0\0\0", 10, true, -EBADMSG, -EBADMSG },
	{ "\0\0\0\5\16\0\0\0\0", 9, true, -EBADMSG, 0 },
	{ "\0\0\0\5\16\0\0\0\1", 9, true, -EBADMSG, -EBADMSG },
	{ "\0\0\0\6\16\0\0\0\0x", 10, true, -EBADMSG, -EBADMSG },
};

START_TEST(an_agents_lies_are_refused)
{
	struct writer w = WRITER_INIT;
	struct reader key = { (const uint8_t *)"k", 1 };
	struct agent *a;
	int other;

	a = speaking(answers[_i].bytes, answers[_i].len, answers[_i].hangs_up,
	    &other);
	ck_assert_int_eq(agent_list(a, &w), answers[_i].list);
	agent_free(a);
	close(other);
	writer_clear(&w);
	a = speaking(answers[_i].bytes, answers[_i].len, answers[_i].hangs_up,
	    &other);
	ck_assert_int_eq(agent_ask_signature(a, &key, "data", 4, 0, 5), 0);
	ck_assert_int_eq(agent_take_signature(a, 5, &w), answers[_i].sign);
	agent_free(a);
	close(other);
	writer_clear(&w);
}
END_TEST

START_TEST(a_hanging_agent_has_a_deadline)
{
	struct writer w = WRITER_INIT;
	struct agent *a;
	int other;

	a = speaking("\0\0\0\5", 4, false, &other);
	ck_assert_int_eq(agent_take_signature(a, 1, &w), -ETIMEDOUT);
	agent_free(a);
	close(other);
	writer_clear(&w);
}
END_TEST

/* One for each type of CA key that OpenSSH has. */
static const char *const certs[] = { "k_ed25519", "by_rsa", "by_rsa256",
	"by_ecdsa", "by_p384", "by_p521", "by_dsa", "by_sked25519",
	"by_skecdsa" };

START_TEST(signatures_of_every_type_are_verified)
{
	char name[64], *base64;
	struct reader ca;
	struct cert *c;
	size_t i;

	snprintf(name, sizeof(name), "certs/%s-cert.pub", certs[_i]);
	base64 = vector_base64(name);
	ck_assert_int_eq(cert_parse_base64(base64, &c), 0);
	ca = (struct reader){ c->ca, c->ca_len };
	ck_assert_int_eq(sigverify(&ca, &c->signature, NULL, c->blob,
			     c->signed_len),
	    0);
	ck_assert_int_eq(sigverify(&ca, &c->signature, "ssh-other", c->blob,
			     c->signed_len),
	    -EBADMSG);
	ck_assert_int_ne(sigverify(&ca, &c->signature, NULL, c->blob,
			     c->signed_len - 1),
	    0);
	/* Any byte of the signature changed. */
	for (i = c->signed_len + 4; i < c->len; i++) {
		c->blob[i] ^= 1;
		ck_assert_msg(sigverify(&ca, &c->signature, NULL, c->blob,
				  c->signed_len) != 0,
		    "byte %zu of %zu", i - c->signed_len,
		    c->len - c->signed_len);
		c->blob[i] ^= 1;
	}
	/* Any byte of the key. */
	for (i = 0; i < c->ca_len; i++) {
		c->ca[i] ^= 1;
		ck_assert_msg(sigverify(&ca, &c->signature, NULL, c->blob,
				  c->signed_len) != 0,
		    "key byte %zu", i);
		c->ca[i] ^= 1;
	}
	cert_free(c);
	free(base64);
}
END_TEST

static const char *const sigs[] = { "ed25519", "rsa", "p384", "dsa",
	"sked25519", "skecdsa" };

START_TEST(signature_files_of_ssh_keygen_are_read)
{
	struct writer data = WRITER_INIT, again = WRITER_INIT;
	struct sshsig s;
	char name[64], *text;

	snprintf(name, sizeof(name), "sigs/%s.sig", sigs[_i]);
	text = vector_read(name, NULL);
	ck_assert_int_eq(sshsig_parse(text, &s), 0);
	ck_assert(reader_is(&s.name_space, "test@countersign"));
	ck_assert_int_eq(sshsig_signed_data("test@countersign", "sha512",
			     "hello", 5, &data),
	    0);
	ck_assert_int_eq(sigverify(&s.key, &s.signature, NULL, data.p,
			     data.len),
	    0);
	ck_assert_int_eq(sshsig_format(&s.key, "test@countersign", &s.signature,
			     &again),
	    0);
	ck_assert_uint_eq(again.len, strlen(text));
	ck_assert_mem_eq(again.p, text, again.len);
	sshsig_clear(&s);
	text[60] = text[60] == 'A' ? 'B' : 'A';
	if (sshsig_parse(text, &s) == 0)
		sshsig_clear(&s);
	text[strlen(text) - 5] = '\0';
	ck_assert_int_eq(sshsig_parse(text, &s), -EBADMSG);
	free(text);
	writer_clear(&data);
	writer_clear(&again);
}
END_TEST

TCase *
case_agent(void)
{
	TCase *c = tcase_create("agent");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, an_agents_lies_are_refused, 0,
	    ARRAY_SIZE(answers));
	tcase_add_test(c, a_hanging_agent_has_a_deadline);
	tcase_add_loop_test(c, signatures_of_every_type_are_verified, 0,
	    ARRAY_SIZE(certs));
	tcase_add_loop_test(c, signature_files_of_ssh_keygen_are_read, 0,
	    ARRAY_SIZE(sigs));
	return c;
}
