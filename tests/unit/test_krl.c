/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "krl.h"
#include "krlquery.h"
#include "krlspec.h"
#include "krlwriter.h"
#include "sshkey.h"
#include "unit.h"

static struct krl *
load(const char *name)
{
	struct krl *k = NULL;
	size_t len;
	char *p = vector_read(name, &len);

	ck_assert_int_eq(krl_parse((uint8_t *)p, len, &k), 0);
	free(p);
	return k;
}

/* What ssh-keygen wrote is read, and written again it says the same in no more
 * bytes. */
START_TEST(lists_of_ssh_keygen_are_read_and_written)
{
	static const char *const names[] = { "krls/empty", "krls/all",
		"krls/wild", "krls/bitmap" };
	struct krl *k = load(names[_i]), *back = NULL;
	struct writer w = WRITER_INIT;
	size_t len;

	free(vector_read(names[_i], &len));
	ck_assert_int_eq(krlwriter_put(k, &w), 0);
	ck_assert_uint_le(w.len, len);
	ck_assert_int_eq(krl_parse(w.p, w.len, &back), 0);
	ck_assert(krl_is_equal(k, back));
	back->version++;
	ck_assert(!krl_is_equal(k, back));
	krl_free(k);
	krl_free(back);
	writer_clear(&w);
}
END_TEST

START_TEST(what_is_revoked_is_found)
{
	struct krl *k = load("krls/all");
	static const struct {
		uint64_t serial;
		bool is_revoked;
	} serials[] = { { 0, false }, { 1, true }, { 4, true }, { 5, false },
		{ 10, true }, { 32, true }, { 499, false }, { 500, true },
		{ 799, true }, { 800, false }, { 20000, true },
		{ 20001, false }, { UINT64_MAX - 1, false },
		{ UINT64_MAX, true } };
	char *base64 = vector_base64("certs/k_ed25519-cert.pub");
	struct sshkey key;
	struct cert *c;
	char *line;
	size_t i;

	ck_assert_str_eq(k->comment, "a comment");
	ck_assert_uint_eq(k->version, 9);
	ck_assert_int_eq(cert_parse_base64(base64, &c), 0);
	/* Its key is among the hashes: look at the rest apart. */
	ck_assert_str_eq(krl_why_revoked_cert(k, c), "sha256");
	c->key[c->key_len - 1] ^= 1;
	for (i = 0; i < ARRAY_SIZE(serials); i++) {
		c->serial = serials[i].serial;
		ck_assert_msg((krl_why_revoked_cert(k, c) != NULL) ==
			serials[i].is_revoked,
		    "%llu", (unsigned long long)c->serial);
	}
	c->serial = 5;
	free(c->key_id);
	c->key_id = strdup("bob");
	ck_assert_str_eq(krl_why_revoked_cert(k, c), "id");
	c->ca[c->ca_len - 1] ^= 1;
	ck_assert_ptr_null(krl_why_revoked_cert(k, c));
	cert_free(c);
	free(base64);
	line = vector_read("k_rsa.pub", NULL);
	ck_assert_int_eq(sshkey_parse_line(line, &key), 0);
	ck_assert_str_eq(krl_why_revoked_key(k, key.blob, key.len), "key");
	sshkey_clear(&key);
	free(line);
	line = vector_read("k_ecdsa.pub", NULL);
	ck_assert_int_eq(sshkey_parse_line(line, &key), 0);
	ck_assert_str_eq(krl_why_revoked_key(k, key.blob, key.len), "sha1");
	sshkey_clear(&key);
	free(line);
	krl_free(k);
}
END_TEST

START_TEST(a_list_for_any_ca_is_for_any)
{
	struct krl *k = load("krls/wild");
	char *base64 = vector_base64("certs/by_rsa-cert.pub");
	struct cert *c;

	ck_assert_int_eq(cert_parse_base64(base64, &c), 0);
	c->serial = 3;
	ck_assert_str_eq(krl_why_revoked_cert(k, c), "serial");
	c->serial = 5;
	ck_assert_ptr_null(krl_why_revoked_cert(k, c));
	cert_free(c);
	free(base64);
	krl_free(k);
}
END_TEST

/* Cut anywhere, and with any byte changed: an error or a list, never more. */
START_TEST(damaged_lists_are_refused)
{
	size_t len, i;
	char *p = vector_read("krls/all", &len), *copy;
	struct krl *k = NULL;

	for (i = 0; i < len; i++) {
		copy = malloc(i + 1);
		memcpy(copy, p, i);
		/* A cut before a section is a shorter list. */
		if (krl_parse((uint8_t *)copy, i, &k) == 0)
			krl_free(k);
		free(copy);
		p[i] ^= 0x41;
		if (krl_parse((uint8_t *)p, len, &k) == 0)
			krl_free(k);
		p[i] ^= 0x41;
	}
	ck_assert_int_eq(krl_parse((uint8_t *)p, 20, &k), -EBADMSG);
	p[6] = 0;
	ck_assert_int_eq(krl_parse((uint8_t *)p, len, &k), -EBADMSG);
	free(p);
}
END_TEST

static struct krl *
from_spec(const char *text, struct conf_error *e, int *ret)
{
	static const uint8_t ca[] = "some key";
	struct krlspec_ca c = { .is_given = true, .key = { ca, sizeof(ca) } };
	char *copy = strdup(text);
	FILE *f = fmemopen(copy, strlen(copy), "r");
	struct krl *k = krl_new();

	*ret = krlspec_read(f, &c, k, e);
	fclose(f);
	free(copy);
	krl_normalize(k);
	return k;
}

static const struct {
	const char *spec;
	size_t bytes; /* of the serials' sections */
} costs[] = {
	{ "serial: 1\n", 5 + 8 },
	{ "serial: 1\nserial: 1000000\n", 5 + 16 },
	/* Three in a row: a range (21) against a list (29) and a bitmap (18). */
	{ "serial: 1-3\n", 18 },
	{ "serial: 1-4000000\n", 21 },
	/* Far apart: one list, not one for each. */
	{ "serial: 1\nserial: 1000000\nserial: 2000000-9000000\n"
	  "serial: 100000000\n",
	    5 + 24 + 21 },
	/* Every other one: 40 bits of map. */
	{ "serial: 1\nserial: 3\nserial: 5\nserial: 7\nserial: 9\n", 19 },
	{ "serial: 18446744073709551615\nserial: 18446744073709551614\n"
	  "serial: 18446744073709551613\n",
	    18 },
};

START_TEST(serials_are_written_in_the_fewest_bytes)
{
	struct conf_error e = { 0 };
	struct writer w = WRITER_INIT;
	struct krl *k, *back;
	/* magic, format, version, date, flags, reserved, comment; section,
	 * key, reserved */
	size_t rest = 8 + 4 + 8 + 8 + 8 + 4 + 4 + 5 + 4 + 9 + 4;
	int r;

	k = from_spec(costs[_i].spec, &e, &r);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(krlwriter_put(k, &w), 0);
	ck_assert_uint_eq(w.len - rest, costs[_i].bytes);
	ck_assert_int_eq(krl_parse(w.p, w.len, &back), 0);
	ck_assert(krl_is_equal(k, back));
	krl_free(k);
	krl_free(back);
	writer_clear(&w);
}
END_TEST

/* All ways to cover a few random ranges with list, ranges and bitmaps, tried
 * one by one: none is shorter than what is written. */
static size_t
fewest(const struct krl_range *r, size_t n, size_t i, bool has_list)
{
	size_t best, j, cost;
	uint64_t bits;

	if (i == n)
		return 0;
	best = 21 + fewest(r, n, i + 1, has_list);
	cost = 8 * (size_t)(r[i].hi - r[i].lo + 1) + (has_list ? 0 : 5) +
	    fewest(r, n, i + 1, true);
	best = cost < best ? cost : best;
	for (j = i; j < n; j++) {
		bits = r[j].hi - r[i].lo + 1;
		if (bits > 16384)
			break;
		cost = 18 + (size_t)(bits / 8) + fewest(r, n, j + 1, has_list);
		best = cost < best ? cost : best;
	}
	return best;
}

START_TEST(no_way_to_write_them_is_shorter)
{
	struct writer w = WRITER_INIT;
	struct krl *k = krl_new();
	struct krl_ca *ca = krl_ca(k, NULL, 0);
	size_t rest = 8 + 4 + 8 + 8 + 8 + 4 + 4 + 5 + 4 + 4, i, least;
	uint64_t at = 1;

	srandom((unsigned)_i);
	for (i = 0; i < 8; i++) {
		at += 2 + (uint64_t)random() % (1UL << (random() % 15));
		ck_assert_int_eq(krl_add_serials(ca, at,
				     at + (uint64_t)random() % 4),
		    0);
		at += 4;
	}
	krl_normalize(k);
	ck_assert_int_eq(krlwriter_put(k, &w), 0);
	least = fewest(k->cas[0].serials, k->cas[0].n, 0, false);
	/* The list's five bytes are not in the plan: that much may be lost. */
	ck_assert_uint_ge(w.len - rest, least);
	ck_assert_uint_le(w.len - rest, least + 5);
	krl_free(k);
	writer_clear(&w);
}
END_TEST

static const struct {
	const char *spec, *why; /* NULL: fine */
} specs[] = {
	{ "# nothing\n\n  serial: 0x10-0x20 # hex\nID: a b\n", NULL },
	{ "serial: 010\n", NULL },
	{ "serial: 0\n", "serial 0" },
	{ "serial: -1\n", "want serial" },
	{ "serial: 5-4\n", "LOW-HIGH" },
	{ "serial: 1-\n", "LOW-HIGH" },
	{ "serial: 1x\n", "want serial" },
	{ "serial:\n", "want serial" },
	{ "serial: 18446744073709551616\n", "want serial" },
	{ "hash: MD5:abc\n", "SHA256" },
	{ "hash: SHA256:abc\n", "base64" },
	{ "ssh-ed25519 AAAA\n", "public key" },
	{ "key: nonsense\n", "public key" },
	{ "key:\n", "public key" },
};

START_TEST(specifications_are_read_or_refused)
{
	struct conf_error e = { 0 };
	int r;
	struct krl *k = from_spec(specs[_i].spec, &e, &r);

	if (specs[_i].why == NULL) {
		ck_assert_msg(r == 0, "%s", e.what);
	} else {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_uint_eq(e.line, 1);
		ck_assert_msg(strstr(e.what, specs[_i].why) != NULL, "%s",
		    e.what);
	}
	krl_free(k);
}
END_TEST

START_TEST(running_out_of_memory_is_an_error)
{
	size_t len;
	char *p = vector_read("krls/all", &len);
	struct krl *k = NULL;
	long n;
	int r;

	for (n = 0;; n++) {
		alloc_fail_after(n);
		r = krl_parse((uint8_t *)p, len, &k);
		if (!alloc_fail_after(-1))
			break;
		ck_assert_int_eq(r, -ENOMEM);
	}
	ck_assert_int_eq(r, 0);
	krl_free(k);
	free(p);
}
END_TEST

TCase *
case_krl(void)
{
	TCase *c = tcase_create("krl");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, lists_of_ssh_keygen_are_read_and_written, 0, 4);
	tcase_add_test(c, what_is_revoked_is_found);
	tcase_add_test(c, a_list_for_any_ca_is_for_any);
	tcase_add_test(c, damaged_lists_are_refused);
	tcase_add_loop_test(c, serials_are_written_in_the_fewest_bytes, 0,
	    ARRAY_SIZE(costs));
	tcase_add_loop_test(c, no_way_to_write_them_is_shorter, 0, 60);
	tcase_add_loop_test(c, specifications_are_read_or_refused, 0,
	    ARRAY_SIZE(specs));
	tcase_add_test(c, running_out_of_memory_is_an_error);
	return c;
}
