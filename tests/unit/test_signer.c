/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "ca.h"
#include "certwriter.h"
#include "edkey.h"
#include "path.h"
#include "sigverify.h"
#include "sshcert.h"
#include "subject.h"
#include "unit.h"
#include "validity.h"

static char dir[64];

static void
setup(void)
{
	strcpy(dir, "/tmp/unit-ca.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static char *
in_dir(const char *name)
{
	return ca_path(dir, name);
}

START_TEST(keys_are_written_and_read)
{
	struct edkey *k = edkey_generate(), *again = NULL;
	struct writer file = WRITER_INIT, a = WRITER_INIT, b = WRITER_INIT;
	char *path = in_dir("key");

	ck_assert_int_eq(edkey_format_private(k, "a comment", &file), 0);
	ck_assert_int_eq(path_write_atomic(path, file.p, file.len, 0600, 0), 0);
	ck_assert_int_eq(edkey_load(path, &again), 0);
	edkey_put_public(k, &a);
	edkey_put_public(again, &b);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.p, b.p, a.len);
	chmod(path, 0640);
	ck_assert_int_eq(edkey_load(path, &again), -EPERM);
	writer_clear(&file);
	writer_clear(&a);
	writer_clear(&b);
	edkey_free(k);
	edkey_free(again);
	free(path);
}
END_TEST

/* Every damage of a key file is refused, and never a crash. */
START_TEST(damaged_keys_are_refused)
{
	size_t len, i;
	char *text = vector_read("ca_ed25519", &len), *path = in_dir("key");
	char *copy = malloc(len);
	struct edkey *k = NULL;

	for (i = 0; i < len; i += 3) {
		memcpy(copy, text, len);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		ck_assert_int_eq(path_write_atomic(path, copy, len, 0600, 0),
		    0);
		if (edkey_load(path, &k) == 0) {
			/* Only the comment may differ unnoticed. */
			edkey_free(k);
			k = NULL;
		}
		ck_assert_int_eq(path_write_atomic(path, text, i, 0600, 0), 0);
		if (i + 1 < len - 1)
			ck_assert_int_eq(edkey_load(path, &k), -EBADMSG);
	}
	ck_assert_int_eq(edkey_load("/nowhere", &k), -ENOENT);
	free(copy);
	free(text);
	free(path);
}
END_TEST

/* A certificate of `subject` by a new key, checked as `issue` checks it. */
static struct cert *
sign(struct edkey *ca, const struct cert_request *req,
    const struct sshkey *subject)
{
	struct writer public = WRITER_INIT, w = WRITER_INIT, sig = WRITER_INIT;
	struct reader ca_blob, signature;
	struct cert *c = NULL;

	edkey_put_public(ca, &public);
	ca_blob = (struct reader){ public.p, public.len };
	ck_assert_int_eq(certwriter_body(req, subject, &ca_blob, &w), 0);
	ck_assert_int_eq(edkey_put_signature(ca, w.p, w.len, &sig), 0);
	signature = (struct reader){ sig.p, sig.len };
	ck_assert_int_eq(sigverify(&ca_blob, &signature, NULL, w.p, w.len), 0);
	writer_string(&w, sig.p, sig.len);
	ck_assert_int_eq(certwriter_check(req, w.p, w.len), 0);
	ck_assert_int_eq(cert_parse(w.p, w.len, &c), 0);
	writer_clear(&public);
	writer_clear(&w);
	writer_clear(&sig);
	return c;
}

START_TEST(certificates_are_signed_and_read_back)
{
	static const char *const names[] = { "k_ed25519.pub", "k_rsa.pub",
		"k_ecdsa.pub", "k_ecdsa384.pub", "k_ecdsa521.pub",
		"k_sked25519.pub", "k_skecdsa.pub" };
	struct edkey *ca = edkey_generate();
	struct cert_request req = { .kind = CERT_USER,
		.serial = 99,
		.key_id = strdup("alice@example.com"),
		.valid_after = 1,
		.valid_before = 2 };
	char *line = vector_read(names[_i], NULL), *text, *value;
	struct sshkey subject;
	struct cert *c;

	strv_add(&req.principals, "role:web");
	strv_add(&req.critical, "source-address=10.0.0.0/8");
	strv_add(&req.critical, "force-command=a=b");
	strv_add(&req.extensions, "permit-pty");
	strv_add(&req.extensions, "permit-X11-forwarding");
	ck_assert_int_eq(sshkey_parse_line(line, &subject), 0);
	ck_assert_ptr_null(subject_refusal(&subject, 0));
	c = sign(ca, &req, &subject);
	ck_assert_int_eq(cert_verify(c), 0);
	ck_assert_mem_eq(c->key, subject.blob, subject.len);
	ck_assert_int_eq(cert_option_value(&c->critical, "force-command",
			     &value),
	    0);
	ck_assert_str_eq(value, "a=b");
	free(value);
	ck_assert_uint_eq(c->extensions.n, 2);
	text = certwriter_format(c->blob, c->len, "me");
	ck_assert_ptr_nonnull(strstr(text, " me\n"));
	free(text);
	/* What it says is not what another request asks for. */
	req.serial++;
	ck_assert_int_eq(certwriter_check(&req, c->blob, c->len), -EBADMSG);
	cert_free(c);
	sshkey_clear(&subject);
	cert_request_clear(&req);
	edkey_free(ca);
	free(line);
}
END_TEST

/* A type that is not known here: copied as it is, under its certificate's
 * name. */
START_TEST(unknown_types_are_copied_unread)
{
	struct edkey *ca = edkey_generate();
	struct cert_request req = { .kind = CERT_USER,
		.key_id = strdup("a"),
		.valid_before = 2 };
	struct writer blob = WRITER_INIT;
	struct sshkey k = { 0 };
	struct cert *c;

	writer_cstring(&blob, "ssh-new@example.com");
	writer_cstring(&blob, "anything");
	k.type = strdup("ssh-new@example.com");
	k.blob = blob.p;
	k.len = blob.len;
	ck_assert_ptr_nonnull(
	    strstr(subject_refusal(&k, 0), "--allow-unknown-type"));
	ck_assert_ptr_null(subject_refusal(&k, SUBJECT_ALLOW_UNKNOWN));
	c = sign(ca, &req, &k);
	ck_assert(c->is_opaque);
	ck_assert_str_eq(c->type, "ssh-new-cert-v01@example.com");
	ck_assert_ptr_nonnull(memmem(c->blob, c->len, "anything", 8));
	cert_free(c);
	free(k.type);
	writer_clear(&blob);
	cert_request_clear(&req);
	edkey_free(ca);
}
END_TEST

START_TEST(unsafe_subjects_are_refused)
{
	char *line = vector_read("k_dsa.pub", NULL);
	struct sshkey k;

	ck_assert_int_eq(sshkey_parse_line(line, &k), 0);
	ck_assert_ptr_nonnull(subject_refusal(&k, 0));
	sshkey_clear(&k);
	free(line);
	line = vector_read("certs/k_ed25519-cert.pub", NULL);
	ck_assert_int_eq(sshkey_parse_line(line, &k), 0);
	ck_assert_ptr_nonnull(subject_refusal(&k, 0));
	sshkey_clear(&k);
	free(line);
	line = vector_read("k_rsa1024.pub", NULL);
	ck_assert_int_eq(sshkey_parse_line(line, &k), 0);
	ck_assert_ptr_nonnull(strstr(subject_refusal(&k, 0), "2048"));
	sshkey_clear(&k);
	free(line);
}
END_TEST

#define NOW 1800000000ULL

static const struct {
	const char *text;
	uint64_t after, before; /* 0: refused */
} spans[] = { { "+8h", (NOW - 59) / 60 * 60, NOW + 28800 },
	{ "-1m:+8h", NOW - 60, NOW + 28800 },
	{ "+1h:+2h", NOW + 3600, NOW + 7200 },
	{ "+1H:+1W2D", NOW + 3600, NOW + 777600 }, { "+0:+1", NOW, NOW + 1 },
	{ "20260101Z:20360101Z", 1767225600, 2082758400 },
	{ "202601010000Z:20360101000000UTC", 1767225600, 2082758400 },
	{ "always:forever", 0, UINT64_MAX }, { "always:+1s", 0, NOW + 1 },
	{ "0x6b49d200:0xFFFFFFFFFFFFFFFF", 1800000000, UINT64_MAX },
	{ "", 0, 0 }, { ":", 0, 0 }, { "+8h:", 0, 0 }, { "8h", 0, 0 },
	{ ":+8h", 0, 0 }, { "20300101Z", 0, 0 }, { "-8h", 0, 0 },
	{ "+2h:+1h", 0, 0 }, { "+1h:+1h", 0, 0 }, { "-2h", 0, 0 },
	{ "forever:always", 0, 0 }, { "+99999999999w", 0, 0 }, { "+1x", 0, 0 },
	{ "2026010Z:+1h", 0, 0 }, { "0x:+1h", 0, 0 },
	{ "always:0x1ffffffffffffffff", 0, 0 }, { "20261301Z:20360101Z", 0, 0 },
	{ "20260101ZZ:+1h", 0, 0 } };

START_TEST(validity_is_read_or_refused)
{
	uint64_t after = 0, before = 0;
	int r = validity_parse(spans[_i].text, NOW, &after, &before);

	ck_assert_msg((r == 0) == (spans[_i].before != 0), "'%s'",
	    spans[_i].text);
	ck_assert_uint_eq(after, spans[_i].after);
	ck_assert_uint_eq(before, spans[_i].before);
}
END_TEST

TCase *
case_signer(void)
{
	TCase *c = tcase_create("signer");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, keys_are_written_and_read);
	tcase_add_test(c, damaged_keys_are_refused);
	tcase_add_loop_test(c, certificates_are_signed_and_read_back, 0, 7);
	tcase_add_test(c, unsafe_subjects_are_refused);
	tcase_add_test(c, unknown_types_are_copied_unread);
	tcase_add_loop_test(c, validity_is_read_or_refused, 0,
	    ARRAY_SIZE(spans));
	return c;
}
