/* SPDX-License-Identifier: ISC */
/* Reading policy.bin: one lookup touches the head, one bucket and one record,
 * each with its sum. */
#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "auto.h"
#include "hostpolicyformat.h"
#include "path.h"

/* No secret: it only has to be the same everywhere. */
static const uint8_t hash_key[crypto_shorthash_KEYBYTES] = "countersign sum";

static uint64_t
load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static uint32_t
load_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

/* Each step maps the state one to one, so that a change within one word always
 * shows. A login sums some 150 pieces: eight bytes at a time. */
uint64_t
hostpolicy_sum(const void *data, size_t len)
{
	uint64_t h = 0x9e3779b97f4a7c15ULL ^ len, word;
	const uint8_t *p = data;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = (h ^ le64toh(word)) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	for (; len > 0; p++, len--)
		h = (h ^ *p) * 0xc4ceb9fe1a85ec53ULL;
	return h ^ h >> 29;
}

uint64_t
hostpolicy_hash(char kind, const char *name)
{
	uint8_t key[sizeof(hash_key)], hash[crypto_shorthash_BYTES];

	memcpy(key, hash_key, sizeof(key));
	key[sizeof(key) - 1] = (uint8_t)kind;
	crypto_shorthash(hash, (const uint8_t *)name, strlen(name), key);
	return load_u64(hash);
}

struct hostpolicy_origin
hostpolicy_origin_of(const struct stat *st)
{
	return (struct hostpolicy_origin){ .size = (uint64_t)st->st_size,
		.ctime_ns = (uint64_t)st->st_ctim.tv_sec * 1000000000ULL +
		    (uint64_t)st->st_ctim.tv_nsec,
		.inode = st->st_ino };
}

uint32_t
hostpolicy_lock_bit(char kind)
{
	static const char kinds[] = { LOCK_BY_SERIAL, LOCK_BY_FINGERPRINT,
		LOCK_BY_USER, LOCK_BY_LOGIN, LOCK_BY_ROLE, LOCK_BY_NOTHING };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i] == kind)
			return 1U << i;
	return 0;
}

static void
digest_text(crypto_generichash_state *state, const char *s)
{
	crypto_generichash_update(state, (const uint8_t *)s, strlen(s) + 1);
}

void
hostpolicy_digest(const struct host_facts *facts,
    uint8_t ret[HOSTPOLICY_DIGEST_LEN])
{
	crypto_generichash_state state;
	size_t i;

	crypto_generichash_init(&state, NULL, 0, HOSTPOLICY_DIGEST_LEN);
	digest_text(&state, HOSTPOLICY_COMPILER);
	digest_text(&state, facts->hostname);
	digest_text(&state, facts->server_id);
	for (i = 0; i < facts->labels->n; i++) {
		digest_text(&state, facts->labels->v[i].key);
		digest_text(&state, facts->labels->v[i].value);
	}
	crypto_generichash_final(&state, ret, HOSTPOLICY_DIGEST_LEN);
}

static int
read_head(struct reader *r, struct hostpolicy *h, uint64_t *ret_len)
{
	const uint8_t *magic, *facts;

	if (reader_bytes(r, strlen(HOSTPOLICY_MAGIC), &magic) < 0 ||
	    memcmp(magic, HOSTPOLICY_MAGIC, strlen(HOSTPOLICY_MAGIC)) != 0 ||
	    reader_u64(r, ret_len) < 0 || reader_u64(r, &h->version) < 0 ||
	    reader_u64(r, &h->expires_s) < 0 ||
	    reader_bytes(r, HOSTPOLICY_DIGEST_LEN, &facts) < 0 ||
	    reader_u64(r, &h->origin.size) < 0 ||
	    reader_u64(r, &h->origin.ctime_ns) < 0 ||
	    reader_u64(r, &h->origin.inode) < 0 ||
	    reader_u32(r, &h->lock_kinds) < 0 ||
	    reader_u32(r, &h->n_buckets) < 0)
		return -EBADMSG;
	memcpy(h->facts, facts, HOSTPOLICY_DIGEST_LEN);
	return 0;
}

int
hostpolicy_open(const uint8_t *p, size_t len, struct hostpolicy *ret)
{
	struct hostpolicy h = { .p = p, .len = len };
	struct reader r = { p, len };
	uint64_t total, sum;
	size_t head;

	if (len > HOSTPOLICY_MAX_BYTES || read_head(&r, &h, &total) < 0 ||
	    total != len || h.n_buckets == 0 ||
	    h.n_buckets > HOSTPOLICY_BUCKETS ||
	    reader_bytes(&r, ((size_t)h.n_buckets + 1) * 4, &h.buckets) < 0)
		return -EBADMSG;
	head = len - r.left;
	if (reader_u64(&r, &sum) < 0 || sum != hostpolicy_sum(p, head))
		return -EBADMSG;
	*ret = h;
	return 0;
}

int
hostpolicy_map(const char *path, uid_t trusted, struct hostpolicy *ret)
{
	AUTO(fclose) FILE *f = NULL;
	struct stat st;
	size_t len;
	void *p;
	int r;

	if ((r = path_open_trusted(path, trusted, &f)) < 0)
		return r;
	if (fstat(fileno(f), &st) < 0)
		return -errno;
	if (st.st_size < HOSTPOLICY_HEAD_LEN ||
	    st.st_size > HOSTPOLICY_MAX_BYTES)
		return -EBADMSG;
	len = (size_t)st.st_size;
	p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fileno(f), 0);
	if (p == MAP_FAILED)
		return -errno;
	if ((r = hostpolicy_open(p, len, ret)) < 0) {
		munmap(p, len);
		return r;
	}
	ret->is_mapped = true;
	return 0;
}

int
hostpolicy_make(const struct policy *p, const struct host_facts *facts,
    struct hostpolicy *ret)
{
	struct hostpolicy_origin none = { 0 };
	struct writer w = WRITER_INIT;
	int r;

	if ((r = hostpolicy_compile(p, facts, &none, &w)) < 0 ||
	    (r = hostpolicy_open(w.p, w.len, ret)) < 0) {
		writer_clear(&w);
		return r;
	}
	ret->is_owned = true;
	return 0;
}

void
hostpolicy_clear(struct hostpolicy *h)
{
	if (h->is_mapped)
		munmap((void *)(uintptr_t)h->p, h->len);
	else if (h->is_owned)
		free((void *)(uintptr_t)h->p);
	*h = (struct hostpolicy){ 0 };
}

bool
hostpolicy_is_of(const struct hostpolicy *h, const struct host_facts *facts,
    const struct hostpolicy_origin *origin)
{
	uint8_t digest[HOSTPOLICY_DIGEST_LEN];

	hostpolicy_digest(facts, digest);
	if (memcmp(digest, h->facts, sizeof(digest)) != 0)
		return false;
	return origin == NULL ||
	    (origin->size == h->origin.size &&
		origin->ctime_ns == h->origin.ctime_ns &&
		origin->inode == h->origin.inode);
}

/* Bytes of the image from..to, which begin with the sum of the rest. */
static int
summed(const struct hostpolicy *h, uint64_t from, uint64_t to,
    struct reader *ret)
{
	uint64_t sum;

	if (from > to || to > h->len)
		return -EBADMSG;
	*ret = (struct reader){ h->p + from, (size_t)(to - from) };
	if (reader_u64(ret, &sum) < 0 ||
	    sum != hostpolicy_sum(ret->p, ret->left))
		return -EBADMSG;
	return 0;
}

static int
find_bucket(const struct hostpolicy *h, uint64_t hash, struct reader *ret)
{
	const uint8_t *at = h->buckets + (hash % h->n_buckets) * 4;

	return summed(h, load_u32(at), load_u32(at + 4), ret);
}

static int
check_bucket(const struct hostpolicy *h, struct reader bucket)
{
	struct reader record;
	uint32_t offset, len;
	uint64_t hash;

	while (bucket.left > 0)
		if (reader_u64(&bucket, &hash) < 0 ||
		    reader_u32(&bucket, &offset) < 0 ||
		    reader_u32(&bucket, &len) < 0 ||
		    (offset != 0 &&
			summed(h, offset, (uint64_t)offset + len, &record) < 0))
			return -EBADMSG;
	return 0;
}

int
hostpolicy_check(const struct hostpolicy *h)
{
	struct reader bucket;
	uint32_t b;

	for (b = 0; b < h->n_buckets; b++)
		if (find_bucket(h, b, &bucket) < 0 ||
		    check_bucket(h, bucket) < 0)
			return -EBADMSG;
	return 0;
}

/* Is this record the key's? Then *ret is what stands behind the key. */
static int
record_is(const struct hostpolicy *h, const uint8_t *slot, char kind,
    const char *key, struct reader *ret)
{
	uint32_t offset = load_u32(slot + 8), len = load_u32(slot + 12);
	struct reader name;

	if (summed(h, offset, (uint64_t)offset + len, ret) < 0 ||
	    reader_string(ret, &name) < 0 || name.left == 0)
		return -EBADMSG;
	if (name.p[0] != (uint8_t)kind)
		return 0;
	name.p++;
	name.left--;
	return reader_is(&name, key) ? 1 : 0;
}

/* The record behind its key; empty if the key is only known to exist. */
static int
find(const struct hostpolicy *h, char kind, const char *key, struct reader *ret)
{
	uint64_t hash = hostpolicy_hash(kind, key);
	const uint8_t *slot;
	struct reader bucket;
	int r;

	if (find_bucket(h, hash, &bucket) < 0 ||
	    bucket.left % HOSTPOLICY_SLOT_LEN != 0)
		return -EBADMSG;
	for (slot = bucket.p; slot < bucket.p + bucket.left;
	     slot += HOSTPOLICY_SLOT_LEN) {
		if (load_u64(slot) != hash)
			continue;
		*ret = (struct reader){ 0 };
		if (load_u32(slot + 8) == 0)
			return kind == HOSTPOLICY_ROLE_KEY ? 0 : -EBADMSG;
		if ((r = record_is(h, slot, kind, key, ret)) != 0)
			return r < 0 ? r : 0;
	}
	return -ENOENT;
}

int
hostpolicy_role(const struct hostpolicy *h, const char *name,
    struct host_role *ret)
{
	struct host_role role = { 0 };
	struct reader body;
	uint8_t flags;
	int r;

	if ((r = find(h, HOSTPOLICY_ROLE_KEY, name, &body)) < 0)
		return r;
	*ret = role;
	if (body.left == 0)
		return 0;
	if (reader_u8(&body, &flags) < 0 ||
	    (flags & ~(HOSTPOLICY_FOR_HOST | HOSTPOLICY_DENIED)) != 0 ||
	    reader_string(&body, &role.deny_logins) < 0 ||
	    reader_string(&body, &role.allow_logins) < 0 ||
	    reader_string(&body, &role.options) < 0 || reader_end(&body) < 0)
		return -EBADMSG;
	role.is_for_host = (flags & HOSTPOLICY_FOR_HOST) != 0;
	role.is_denied = (flags & HOSTPOLICY_DENIED) != 0;
	*ret = role;
	return 0;
}

int
hostpolicy_locks(const struct hostpolicy *h, enum lock_key kind,
    const char *key, struct reader *ret)
{
	/* One who holds fifty roles asks fifty times. */
	if ((h->lock_kinds & hostpolicy_lock_bit((char)kind)) == 0)
		return -ENOENT;
	return find(h, (char)kind, key, ret);
}

static int
read_condition(struct reader *r, uint8_t conditions, uint8_t which,
    struct reader *ret)
{
	struct reader text;

	if (reader_string(r, &text) < 0 ||
	    ((conditions & which) != 0) != (text.left > 0))
		return -EBADMSG;
	*ret = text;
	return 0;
}

int
hostpolicy_next_lock(struct reader *locks, struct host_lock *ret)
{
	struct host_lock l = { 0 };
	uint8_t c;

	if (locks->left == 0)
		return 0;
	if (reader_string(locks, &l.name) < 0 ||
	    reader_string(locks, &l.reason) < 0 ||
	    reader_u64(locks, &l.expires_s) < 0 || reader_u8(locks, &c) < 0 ||
	    reader_u64(locks, &l.serial) < 0 ||
	    ((c & HOSTPOLICY_IF_SERIAL) != 0) != (l.serial != 0) ||
	    read_condition(locks, c, HOSTPOLICY_IF_USER, &l.user) < 0 ||
	    read_condition(locks, c, HOSTPOLICY_IF_ROLE, &l.role) < 0 ||
	    read_condition(locks, c, HOSTPOLICY_IF_LOGIN, &l.login) < 0 ||
	    read_condition(locks, c, HOSTPOLICY_IF_FINGERPRINT,
		&l.fingerprint) < 0)
		return -EBADMSG;
	*ret = l;
	return 1;
}
