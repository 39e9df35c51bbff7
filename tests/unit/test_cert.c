/* SPDX-License-Identifier: ISC */
/* Certificates made by ssh-keygen (tests/vectors/README). */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "authinfo.h"
#include "sshcert.h"
#include "sshkey.h"
#include "unit.h"

static const char *const keys[] = { "ed25519", "rsa", "ecdsa", "ecdsa384",
	"ecdsa521", "dsa", "sked25519", "skecdsa" };

static struct cert *
load(const char *name)
{
	char path[128], *text;
	struct cert *c = NULL;

	snprintf(path, sizeof(path), "certs/%s-cert.pub", name);
	text = vector_base64(path);
	ck_assert_msg(cert_parse_base64(text, &c) == 0, "%s", name);
	free(text);
	return c;
}

START_TEST(every_key_type_is_read)
{
	char name[64], id[64], *line;
	struct sshkey key;
	struct cert *c;

	snprintf(name, sizeof(name), "k_%s", keys[_i]);
	c = load(name);
	snprintf(id, sizeof(id), "%s@example.com", keys[_i]);
	ck_assert_str_eq(c->key_id, id);
	ck_assert(!c->is_opaque);
	ck_assert_uint_eq(c->serial, 42);
	ck_assert_uint_eq(c->kind, CERT_USER);
	ck_assert_uint_eq(c->principals.n, 2);
	ck_assert_str_eq(c->principals.v[1], "role:db");
	ck_assert_uint_eq(c->valid_after, 1767225600);
	ck_assert_uint_eq(c->valid_before, 2082758400);
	ck_assert_uint_eq(c->extensions.n, 5);
	ck_assert_int_eq(cert_verify(c), 0);
	/* The subject's key is the one in the plain file, byte for byte. */
	snprintf(name, sizeof(name), "k_%s.pub", keys[_i]);
	line = vector_read(name, NULL);
	ck_assert_int_eq(sshkey_parse_line(line, &key), 0);
	ck_assert_uint_eq(key.len, c->key_len);
	ck_assert_mem_eq(key.blob, c->key, key.len);
	free(line);
	sshkey_clear(&key);
	cert_free(c);
}
END_TEST

START_TEST(options_are_read)
{
	struct cert *c = load("options");
	char *value;

	ck_assert_uint_eq(c->critical.n, 4);
	ck_assert_int_eq(cert_option_value(&c->critical, "force-command",
			     &value),
	    0);
	ck_assert_str_eq(value, "echo \"x y\"");
	free(value);
	ck_assert_ptr_nonnull(
	    cert_option_find(&c->critical, "verify-required"));
	ck_assert_int_eq(cert_option_value(&c->critical, "nothing", &value),
	    -ENOENT);
	ck_assert_ptr_nonnull(cert_option_find(&c->extensions, "permit-pty"));
	ck_assert_ptr_nonnull(
	    cert_option_find(&c->extensions, "zz@example.com"));
	ck_assert(c->valid_before == CERT_FOREVER);
	cert_free(c);
}
END_TEST

START_TEST(other_kinds_are_read)
{
	struct cert *c = load("host");

	ck_assert_uint_eq(c->kind, CERT_HOST);
	cert_free(c);
	c = load("noprincipals");
	ck_assert_uint_eq(c->principals.n, 0);
	cert_free(c);
	c = load("many");
	ck_assert_uint_eq(c->principals.n, CERT_MAX_PRINCIPALS);
	cert_free(c);
	c = load("by_rsa");
	ck_assert_int_eq(cert_verify(c), -EOPNOTSUPP);
	cert_free(c);
	c = load("by_ecdsa");
	ck_assert_int_eq(cert_verify(c), -EOPNOTSUPP);
	cert_free(c);
}
END_TEST

START_TEST(every_truncation_and_every_extra_byte_is_refused)
{
	char name[64];
	struct cert *c, *bad = NULL;
	uint8_t *copy;
	size_t n;

	snprintf(name, sizeof(name), "k_%s", keys[_i]);
	c = load(name);
	for (n = 0; n < c->len; n++)
		ck_assert_msg(cert_parse(c->blob, n, &bad) == -EBADMSG,
		    "%zu of %zu bytes", n, c->len);
	copy = calloc(1, c->len + 1);
	memcpy(copy, c->blob, c->len);
	ck_assert_int_eq(cert_parse(copy, c->len + 1, &bad), -EBADMSG);
	ck_assert_ptr_null(bad);
	free(copy);
	cert_free(c);
}
END_TEST

START_TEST(every_flipped_bit_is_noticed)
{
	struct cert *c = load("k_ed25519"), *other;
	size_t i;
	int r;

	for (i = 0; i < c->len * 8; i++) {
		c->blob[i / 8] ^= (uint8_t)(1 << i % 8);
		r = cert_parse(c->blob, c->len, &other);
		ck_assert(r == 0 || r == -EBADMSG);
		if (r == 0) {
			ck_assert_msg(cert_verify(other) != 0, "bit %zu", i);
			cert_free(other);
		}
		c->blob[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	cert_free(c);
}
END_TEST

/* Rebuilds a certificate's body with other parts in it. */
static int
parse_with(const char *type, uint32_t kind, const char *first,
    const char *second, unsigned n_principals, bool ca_is_cert)
{
	struct writer w = WRITER_INIT;
	struct cert *c = NULL;
	size_t mark, i;
	int r;

	writer_cstring(&w, type);
	writer_string(&w, "nonce", 5);
	writer_string(&w, "0123456789abcdef0123456789abcdef", 32);
	writer_u64(&w, 1);
	writer_u32(&w, kind);
	writer_cstring(&w, "id");
	mark = writer_string_begin(&w);
	for (i = 0; i < n_principals; i++)
		writer_cstring(&w, "p");
	writer_string_end(&w, mark);
	writer_u64(&w, 0);
	writer_u64(&w, 1);
	writer_cstring(&w, "");
	mark = writer_string_begin(&w);
	writer_cstring(&w, first);
	writer_cstring(&w, "");
	writer_cstring(&w, second);
	writer_cstring(&w, "");
	writer_string_end(&w, mark);
	writer_cstring(&w, "");
	mark = writer_string_begin(&w);
	writer_cstring(&w,
	    ca_is_cert ? "ssh-ed25519-cert-v01@openssh.com" : "ssh-ed25519");
	writer_string_end(&w, mark);
	writer_cstring(&w, "signature");
	r = cert_parse(w.p, w.len, &c);
	cert_free(c);
	writer_clear(&w);
	return r;
}

START_TEST(limits_and_order_are_kept)
{
	const char *t = "ssh-ed25519-cert-v01@openssh.com";

	ck_assert_int_eq(parse_with(t, 1, "a", "b", 256, false), 0);
	ck_assert_int_eq(parse_with(t, 1, "a", "b", 257, false), -EBADMSG);
	ck_assert_int_eq(parse_with(t, 1, "b", "a", 1, false), -EBADMSG);
	ck_assert_int_eq(parse_with(t, 1, "a", "a", 1, false), -EBADMSG);
	ck_assert_int_eq(parse_with(t, 0, "a", "b", 1, false), -EBADMSG);
	ck_assert_int_eq(parse_with(t, 3, "a", "b", 1, false), -EBADMSG);
	ck_assert_int_eq(parse_with(t, 1, "a", "b", 1, true), -EBADMSG);
	ck_assert_int_eq(parse_with("ssh-ed25519", 1, "a", "b", 1, false),
	    -EBADMSG);
}
END_TEST

START_TEST(a_type_of_the_future_is_carried_opaquely)
{
	struct writer w = WRITER_INIT;
	struct cert *c;

	writer_cstring(&w, "ssh-mldsa87-cert-v02@openssh.com");
	writer_bytes(&w, "whatever", 8);
	ck_assert_int_eq(cert_parse(w.p, w.len, &c), 0);
	ck_assert(c->is_opaque);
	ck_assert_str_eq(c->type, "ssh-mldsa87-cert-v02@openssh.com");
	ck_assert_uint_eq(c->len, w.len);
	ck_assert_int_eq(cert_verify(c), -EOPNOTSUPP);
	cert_free(c);
	writer_clear(&w);
}
END_TEST

START_TEST(no_memory_is_said_and_nothing_leaks)
{
	char *text = vector_base64("certs/options-cert.pub");
	struct cert *c = NULL;
	long n;
	int r;

	for (n = 0;; n++) {
		alloc_fail_after(n);
		r = cert_parse_base64(text, &c);
		if (!alloc_fail_after(-1))
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_ptr_null(c);
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_gt(n, 20);
	cert_free(c);
	free(text);
}
END_TEST

START_TEST(key_lines_are_read_or_refused)
{
	static const char *const bad[] = { "", "ssh-ed25519", "ssh-ed25519 !",
		"ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" };
	char fp[SSHKEY_FINGERPRINT_MAX], *line;
	struct sshkey k;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(sshkey_parse_line(bad[i], &k) == -EBADMSG, "%s",
		    bad[i]);
	line = vector_read("k_ed25519.pub", NULL);
	ck_assert_int_eq(sshkey_parse_line(line, &k), 0);
	ck_assert_str_eq(k.comment, "ed25519");
	sshkey_fingerprint(k.blob, k.len, fp);
	ck_assert_str_eq(fp, CS_VECTOR_FINGERPRINT);
	sshkey_clear(&k);
	free(line);
}
END_TEST

START_TEST(sshd_auth_info_is_read_or_refused)
{
	char *cert = vector_read("certs/k_ed25519-cert.pub", NULL);
	char *key = vector_read("k_ed25519.pub", NULL), text[16384];
	struct authinfo a;

	cert[strcspn(cert, "\n")] = key[strcspn(key, "\n")] = '\0';
	snprintf(text, sizeof(text), "publickey %s\n", cert);
	ck_assert_int_eq(authinfo_parse(text, &a), 0);
	ck_assert_str_eq(a.method, "publickey");
	ck_assert_str_eq(a.cert->key_id, "ed25519@example.com");
	authinfo_clear(&a);
	snprintf(text, sizeof(text), "keyboard-interactive\npublickey %s", key);
	ck_assert_int_eq(authinfo_parse(text, &a), 0);
	ck_assert_ptr_null(a.cert);
	ck_assert_ptr_nonnull(a.key);
	ck_assert_str_eq(a.method, "publickey");
	authinfo_clear(&a);
	ck_assert_int_eq(authinfo_parse("password", &a), 0);
	authinfo_clear(&a);
	snprintf(text, sizeof(text), "publickey %s\npublickey %s\n", cert, key);
	ck_assert_int_eq(authinfo_parse(text, &a), -EBADMSG);
	ck_assert_int_eq(authinfo_parse("", &a), -EBADMSG);
	ck_assert_int_eq(authinfo_parse("publickey", &a), -EBADMSG);
	ck_assert_int_eq(authinfo_parse(" x", &a), -EBADMSG);
	free(cert);
	free(key);
}
END_TEST

/* libsodium's decoder is the judge, over good texts and over damaged ones. */
START_TEST(base64_is_read_as_libsodium_reads_it)
{
	static const char wild[] = "AZaz09+/=-_ \nb";
	uint8_t bytes[64], expected[64], *p;
	size_t len, n, i, expected_len;
	char text[128], *at;
	const char *end;
	int good, r;

	for (i = 0; i < 4000; i++) {
		n = randombytes_uniform(sizeof(bytes));
		randombytes_buf(bytes, n);
		sodium_bin2base64(text, sizeof(text), bytes, n,
		    sodium_base64_VARIANT_ORIGINAL);
		if (i % 2 == 1 && text[0] != '\0') {
			at = text + randombytes_uniform((uint32_t)strlen(text));
			*at = i % 8 == 7
			    ? '\0'
			    : wild[randombytes_uniform(sizeof(wild) - 1)];
		}
		good = sodium_base642bin(expected, sizeof(expected), text,
			   strlen(text), NULL, &expected_len, &end,
			   sodium_base64_VARIANT_ORIGINAL) == 0 &&
		    *end == '\0';
		r = sshkey_base64_decode(text, &p, &len);
		ck_assert_msg((r == 0) == good, "%d, not %d: '%s'", r, good,
		    text);
		if (r == 0) {
			ck_assert_uint_eq(len, expected_len);
			ck_assert_mem_eq(p, expected, len);
			free(p);
		}
	}
}
END_TEST

TCase *
case_cert(void)
{
	TCase *c = tcase_create("cert");

	tcase_add_test(c, base64_is_read_as_libsodium_reads_it);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, every_key_type_is_read, 0, ARRAY_SIZE(keys));
	tcase_add_test(c, options_are_read);
	tcase_add_test(c, other_kinds_are_read);
	tcase_add_loop_test(c, every_truncation_and_every_extra_byte_is_refused,
	    0, ARRAY_SIZE(keys));
	tcase_add_test(c, every_flipped_bit_is_noticed);
	tcase_add_test(c, limits_and_order_are_kept);
	tcase_add_test(c, a_type_of_the_future_is_carried_opaquely);
	tcase_add_test(c, no_memory_is_said_and_nothing_leaks);
	tcase_add_test(c, key_lines_are_read_or_refused);
	tcase_add_test(c, sshd_auth_info_is_read_or_refused);
	return c;
}
