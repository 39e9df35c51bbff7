/* SPDX-License-Identifier: ISC */
/* Reading key revocation lists (OpenSSH PROTOCOL.krl). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "krl.h"
#include "sshkey.h"

DEFINE_AUTO(krl_free, struct krl)

static int
read_list(struct reader *r, struct krl_ca *ca)
{
	uint64_t serial;
	int e;

	while (r->left > 0) {
		if (reader_u64(r, &serial) < 0)
			return -EBADMSG;
		if ((e = krl_add_serials(ca, serial, serial)) < 0)
			return e;
	}
	return 0;
}

static int
read_range(struct reader *r, struct krl_ca *ca)
{
	uint64_t lo, hi;

	if (reader_u64(r, &lo) < 0 || reader_u64(r, &hi) < 0)
		return -EBADMSG;
	return krl_add_serials(ca, lo, hi);
}

/* The mpint's bit i, counted from its end, is serial offset + i. */
static int
read_bits(const struct reader *bits, uint64_t offset, struct krl_ca *ca)
{
	size_t n = bits->left * 8, i, start = 0;
	bool was_set = false, is_set;
	int e;

	for (i = 0; i <= n; i++) {
		is_set = i < n &&
		    (bits->p[bits->left - 1 - i / 8] >> (i % 8) & 1) != 0;
		if (is_set && !was_set)
			start = i;
		if (is_set && i > UINT64_MAX - offset)
			return -EBADMSG;
		if (!is_set && was_set &&
		    (e = krl_add_serials(ca, offset + start, offset + i - 1)) <
			0)
			return e;
		was_set = is_set;
	}
	return 0;
}

static int
read_bitmap(struct reader *r, struct krl_ca *ca)
{
	struct reader bits;
	uint64_t offset;

	if (reader_u64(r, &offset) < 0 || reader_string(r, &bits) < 0)
		return -EBADMSG;
	/* RFC 4251 5: a set first bit would be a negative number. A longer one
	 * makes sshd refuse everybody, although ssh-keygen writes such. */
	if (bits.left > 0 && (bits.p[0] & 0x80) != 0)
		return -EBADMSG;
	if (bits.left > KRL_BITMAP_MAX_BYTES + 1 ||
	    (bits.left == KRL_BITMAP_MAX_BYTES + 1 && bits.p[0] != 0))
		return -EBADMSG;
	return read_bits(&bits, offset, ca);
}

static int
read_ids(struct reader *r, struct krl_ca *ca)
{
	char *id;
	int e;

	while (r->left > 0)
		if ((e = reader_cstring(r, &id)) < 0 ||
		    (e = strv_add_take(&ca->ids, id)) < 0)
			return e;
	return 0;
}

/* string name, boolean critical, string contents: what is not critical may be
 * passed over. */
static int
skip_extension(struct reader *r)
{
	struct reader name, contents;
	uint8_t is_critical;

	if (reader_string(r, &name) < 0 || reader_u8(r, &is_critical) < 0 ||
	    reader_string(r, &contents) < 0 || is_critical != 0)
		return -EBADMSG;
	return 0;
}

static int
read_subsection(uint8_t type, struct reader *r, struct krl_ca *ca)
{
	switch (type) {
	case KRL_SERIAL_LIST:
		return read_list(r, ca);
	case KRL_SERIAL_RANGE:
		return read_range(r, ca);
	case KRL_SERIAL_BITMAP:
		return read_bitmap(r, ca);
	case KRL_KEY_ID:
		return read_ids(r, ca);
	case KRL_CERT_EXTENSION:
		return skip_extension(r);
	default:
		return -EBADMSG;
	}
}

static int
read_certificates(struct reader *r, struct krl *k)
{
	struct reader key, reserved, part;
	struct krl_ca *ca;
	uint8_t type;
	int e;

	if (reader_string(r, &key) < 0 || reader_string(r, &reserved) < 0 ||
	    key.left > SSHKEY_BLOB_MAX_BYTES)
		return -EBADMSG;
	if ((ca = krl_ca(k, key.p, key.left)) == NULL)
		return k->n_cas >= KRL_MAX_CAS ? -EBADMSG : -ENOMEM;
	while (r->left > 0) {
		if (reader_u8(r, &type) < 0 || reader_string(r, &part) < 0)
			return -EBADMSG;
		if ((e = read_subsection(type, &part, ca)) < 0)
			return e;
		if (reader_end(&part) < 0)
			return -EBADMSG;
	}
	return 0;
}

/* want 0: any length */
static int
read_blobs(struct reader *r, size_t want, struct krl_blobs *b)
{
	struct reader s;
	int e;

	while (r->left > 0) {
		if (reader_string(r, &s) < 0 || s.left == 0 ||
		    (want != 0 && s.left != want))
			return -EBADMSG;
		if ((e = krl_add_blob(b, s.p, s.left)) < 0)
			return e;
	}
	return 0;
}

static int
read_section(uint8_t type, struct reader *r, struct krl *k)
{
	switch (type) {
	case KRL_CERTIFICATES:
		return read_certificates(r, k);
	case KRL_EXPLICIT_KEY:
		return read_blobs(r, 0, &k->keys);
	case KRL_FINGERPRINT_SHA1:
		return read_blobs(r, KRL_SHA1_BYTES, &k->sha1s);
	case KRL_FINGERPRINT_SHA256:
		return read_blobs(r, KRL_SHA256_BYTES, &k->sha256s);
	case KRL_EXTENSION:
		return skip_extension(r);
	default:
		return -EBADMSG;
	}
}

static int
read_sections(struct reader *r, struct krl *k)
{
	struct reader section, signature;
	uint8_t type;
	int e;

	while (r->left > 0) {
		if (reader_u8(r, &type) < 0 || reader_string(r, &section) < 0)
			return -EBADMSG;
		if (type == KRL_SIGNATURE) {
			if (reader_string(r, &signature) < 0)
				return -EBADMSG;
			k->has_signature = true;
			continue;
		}
		/* Nothing but signatures may follow a signature. */
		if (k->has_signature)
			return -EBADMSG;
		if ((e = read_section(type, &section, k)) < 0)
			return e;
		if (reader_end(&section) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int
read_header(struct reader *r, struct krl *k)
{
	struct reader reserved;
	const uint8_t *magic;
	uint64_t flags;
	uint32_t format;

	if (reader_bytes(r, sizeof(KRL_MAGIC), &magic) < 0 ||
	    memcmp(magic, KRL_MAGIC, sizeof(KRL_MAGIC)) != 0 ||
	    reader_u32(r, &format) < 0 || format != KRL_VERSION ||
	    reader_u64(r, &k->version) < 0 ||
	    reader_u64(r, &k->generated) < 0 || reader_u64(r, &flags) < 0 ||
	    reader_string(r, &reserved) < 0)
		return -EBADMSG;
	free(k->comment);
	k->comment = NULL;
	return reader_cstring(r, &k->comment);
}

int
krl_parse(const uint8_t *p, size_t len, struct krl **ret)
{
	AUTO(krl_free) struct krl *k = krl_new();
	struct reader r = { p, len };
	int e;

	if (k == NULL)
		return -ENOMEM;
	if (len > KRL_MAX_BYTES)
		return -EBADMSG;
	if ((e = read_header(&r, k)) < 0 || (e = read_sections(&r, k)) < 0 ||
	    (e = krl_normalize(k)) < 0)
		return e == -ENOMEM ? e : -EBADMSG;
	*ret = TAKE(k);
	return 0;
}
