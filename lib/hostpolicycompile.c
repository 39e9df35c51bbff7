/* SPDX-License-Identifier: ISC */
/* Writing policy.bin: what of a policy concerns one host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "hostpolicyformat.h"

#define SLOTS_A_BUCKET 8

struct slot {
	uint64_t hash;
	uint32_t bucket;
	uint32_t offset, len; /* 0: a role that does not concern this host */
};

struct compiler {
	const struct policy *policy;
	const struct host_facts *facts;
	struct writer records; /* as if it began at offset 0 */
	struct slot *slots;
	size_t n;
	uint32_t lock_kinds;
};

static size_t
begin_record(struct compiler *c, char kind, const char *key)
{
	size_t begin = c->records.len, mark;

	writer_u64(&c->records, 0); /* the sum, later */
	mark = writer_string_begin(&c->records);
	writer_u8(&c->records, (uint8_t)kind);
	writer_bytes(&c->records, key, strlen(key));
	writer_string_end(&c->records, mark);
	return begin;
}

static void
store_u64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static void
end_record(struct compiler *c, size_t begin, uint64_t hash)
{
	size_t body = begin + HOSTPOLICY_SUM_LEN;

	if (writer_error(&c->records) < 0)
		return;
	store_u64(c->records.p + begin,
	    hostpolicy_sum(c->records.p + body, c->records.len - body));
	c->slots[c->n++] = (struct slot){ .hash = hash,
		.offset = (uint32_t)begin,
		.len = (uint32_t)(c->records.len - begin) };
}

static void
write_logins(struct writer *w, const struct strv *logins)
{
	size_t mark = writer_string_begin(w), i;

	for (i = 0; i < logins->n; i++)
		writer_cstring(w, logins->v[i]);
	writer_string_end(w, mark);
}

static void
write_role(struct compiler *c, const struct role *role)
{
	static const struct strv nobody = { 0 };
	bool fits = label_rules_all_fit(&role->allow.labels, c->facts->labels);
	bool denied =
	    label_rules_any_fits(&role->deny.labels, c->facts->labels);
	uint64_t hash = hostpolicy_hash(HOSTPOLICY_ROLE_KEY, role->name);
	struct writer *w = &c->records;
	size_t begin, mark;

	if (!fits && !denied && role->deny.logins.n == 0) {
		c->slots[c->n++] = (struct slot){ .hash = hash };
		return;
	}
	begin = begin_record(c, HOSTPOLICY_ROLE_KEY, role->name);
	writer_u8(w,
	    (uint8_t)((fits ? HOSTPOLICY_FOR_HOST : 0) |
		(denied ? HOSTPOLICY_DENIED : 0)));
	write_logins(w, &role->deny.logins);
	write_logins(w, fits ? &role->allow.logins : &nobody);
	mark = writer_string_begin(w);
	if (fits)
		role_options_write(w, &role->options);
	writer_string_end(w, mark);
	end_record(c, begin, hash);
}

static void
write_text(struct writer *w, const char *text)
{
	writer_cstring(w, text != NULL ? text : "");
}

static void
write_lock(struct writer *w, const struct lock *l)
{
	const struct lock_target *t = &l->target;

	write_text(w, l->name);
	write_text(w, l->reason);
	writer_u64(w, l->expires_s);
	writer_u8(w,
	    (uint8_t)((t->serial != 0 ? HOSTPOLICY_IF_SERIAL : 0) |
		(t->user != NULL ? HOSTPOLICY_IF_USER : 0) |
		(t->role != NULL ? HOSTPOLICY_IF_ROLE : 0) |
		(t->login != NULL ? HOSTPOLICY_IF_LOGIN : 0) |
		(t->fingerprint != NULL ? HOSTPOLICY_IF_FINGERPRINT : 0)));
	writer_u64(w, t->serial);
	write_text(w, t->user);
	write_text(w, t->role);
	write_text(w, t->login);
	write_text(w, t->fingerprint);
}

struct keyed_lock {
	const struct lock *lock;
	enum lock_key kind;
	char serial[24];
};

/* Of the narrowest kind that the target names. */
static enum lock_key
kind_of_lock(const struct lock_target *t)
{
	if (t->serial != 0)
		return LOCK_BY_SERIAL;
	if (t->fingerprint != NULL)
		return LOCK_BY_FINGERPRINT;
	if (t->user != NULL)
		return LOCK_BY_USER;
	if (t->login != NULL)
		return LOCK_BY_LOGIN;
	return t->role != NULL ? LOCK_BY_ROLE : LOCK_BY_NOTHING;
}

static const char *
key_of_lock(const struct keyed_lock *k)
{
	const struct lock_target *t = &k->lock->target;

	switch (k->kind) {
	case LOCK_BY_SERIAL:
		return k->serial;
	case LOCK_BY_FINGERPRINT:
		return t->fingerprint;
	case LOCK_BY_USER:
		return t->user;
	case LOCK_BY_LOGIN:
		return t->login;
	case LOCK_BY_ROLE:
		return t->role;
	case LOCK_BY_NOTHING:
		break;
	}
	return "";
}

static int
keyed_compare(const void *a, const void *b)
{
	const struct keyed_lock *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(key_of_lock(x), key_of_lock(y));
}

/* Sorted, so that the locks of one key are neighbours. */
static size_t
collect_locks(struct compiler *c, struct keyed_lock *keyed)
{
	const struct locks *l = &c->policy->locks;
	size_t n = 0, i;

	for (i = 0; i < l->n; i++) {
		if (!lock_is_for_host(&l->v[i], c->facts->labels,
			c->facts->hostname, c->facts->server_id))
			continue;
		keyed[n].lock = &l->v[i];
		keyed[n].kind = kind_of_lock(&l->v[i].target);
		snprintf(keyed[n].serial, sizeof(keyed[n].serial), "%llu",
		    (unsigned long long)l->v[i].target.serial);
		n++;
	}
	if (n > 0)
		qsort(keyed, n, sizeof(*keyed), keyed_compare);
	return n;
}

static int
write_locks(struct compiler *c)
{
	AUTO(free)
	struct keyed_lock *keyed =
	    calloc(c->policy->locks.n + 1, sizeof(*keyed));
	size_t n, i, j, begin;
	const char *key;

	if (keyed == NULL)
		return -ENOMEM;
	n = collect_locks(c, keyed);
	for (i = 0; i < n; i = j) {
		key = key_of_lock(&keyed[i]);
		c->lock_kinds |= hostpolicy_lock_bit((char)keyed[i].kind);
		begin = begin_record(c, (char)keyed[i].kind, key);
		for (j = i; j < n && keyed_compare(&keyed[i], &keyed[j]) == 0;
		     j++)
			write_lock(&c->records, keyed[j].lock);
		end_record(c, begin, hostpolicy_hash((char)keyed[i].kind, key));
	}
	return 0;
}

static int
slot_compare(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return 0;
}

static uint32_t
sort_into_buckets(struct compiler *c)
{
	uint32_t n_buckets = 1;
	size_t i;

	while ((size_t)n_buckets * SLOTS_A_BUCKET < c->n)
		n_buckets *= 2;
	for (i = 0; i < c->n; i++)
		c->slots[i].bucket = (uint32_t)(c->slots[i].hash % n_buckets);
	if (c->n > 0)
		qsort(c->slots, c->n, sizeof(*c->slots), slot_compare);
	return n_buckets;
}

static void
write_bucket(struct writer *w, const struct slot *slots, size_t n,
    size_t records_begin)
{
	size_t begin = w->len, i;

	writer_u64(w, 0); /* the sum, later */
	for (i = 0; i < n; i++) {
		writer_u64(w, slots[i].hash);
		writer_u32(w,
		    slots[i].len == 0
			? 0
			: (uint32_t)(records_begin + slots[i].offset));
		writer_u32(w, slots[i].len);
	}
	if (writer_error(w) == 0)
		store_u64(w->p + begin,
		    hostpolicy_sum(w->p + begin + HOSTPOLICY_SUM_LEN,
			w->len - begin - HOSTPOLICY_SUM_LEN));
}

static size_t
slots_in_bucket(const struct compiler *c, size_t first, uint32_t bucket)
{
	size_t n = 0;

	while (first + n < c->n && c->slots[first + n].bucket == bucket)
		n++;
	return n;
}

static void
write_offsets(const struct compiler *c, uint32_t n_buckets, size_t at,
    struct writer *w)
{
	size_t first = 0, n;
	uint32_t b;

	for (b = 0; b < n_buckets; b++, first += n) {
		n = slots_in_bucket(c, first, b);
		writer_u32(w, (uint32_t)at);
		at += HOSTPOLICY_SUM_LEN + n * HOSTPOLICY_SLOT_LEN;
	}
	writer_u32(w, (uint32_t)at);
}

static void
write_buckets(const struct compiler *c, uint32_t n_buckets,
    size_t records_begin, struct writer *w)
{
	size_t first = 0, n;
	uint32_t b;

	for (b = 0; b < n_buckets; b++, first += n) {
		n = slots_in_bucket(c, first, b);
		write_bucket(w, c->slots + first, n, records_begin);
	}
}

static void
write_head(const struct compiler *c, const struct hostpolicy_origin *origin,
    uint64_t total, uint32_t n_buckets, struct writer *w)
{
	uint8_t digest[HOSTPOLICY_DIGEST_LEN];

	hostpolicy_digest(c->facts, digest);
	writer_bytes(w, HOSTPOLICY_MAGIC, strlen(HOSTPOLICY_MAGIC));
	writer_u64(w, total);
	writer_u64(w, c->policy->version);
	writer_u64(w, c->policy->expires_s);
	writer_bytes(w, digest, sizeof(digest));
	writer_u64(w, origin->size);
	writer_u64(w, origin->ctime_ns);
	writer_u64(w, origin->inode);
	writer_u32(w, c->lock_kinds);
	writer_u32(w, n_buckets);
}

void
hostpolicy_stamp(struct writer *image, const struct hostpolicy_origin *origin)
{
	struct reader r = { image->p, image->len };
	const uint8_t *skipped;
	uint8_t *at = image->p + HOSTPOLICY_ORIGIN_AT;
	uint32_t n_buckets = 0;
	size_t head;

	store_u64(at, origin->size);
	store_u64(at + 8, origin->ctime_ns);
	store_u64(at + 16, origin->inode);
	(void)reader_bytes(&r, HOSTPOLICY_HEAD_LEN - 4, &skipped);
	(void)reader_u32(&r, &n_buckets);
	head = HOSTPOLICY_HEAD_LEN + ((size_t)n_buckets + 1) * 4;
	store_u64(image->p + head, hostpolicy_sum(image->p, head));
}

static int
write_image(struct compiler *c, const struct hostpolicy_origin *origin,
    struct writer *w)
{
	uint32_t n_buckets = sort_into_buckets(c);
	size_t buckets = HOSTPOLICY_HEAD_LEN + ((size_t)n_buckets + 1) * 4 +
	    HOSTPOLICY_SUM_LEN;
	size_t records = buckets + (size_t)n_buckets * HOSTPOLICY_SUM_LEN +
	    c->n * HOSTPOLICY_SLOT_LEN;

	w->max_bytes = HOSTPOLICY_MAX_BYTES;
	write_head(c, origin, records + c->records.len, n_buckets, w);
	write_offsets(c, n_buckets, buckets, w);
	if (writer_error(w) == 0)
		writer_u64(w, hostpolicy_sum(w->p, w->len));
	write_buckets(c, n_buckets, records, w);
	writer_bytes(w, c->records.p, c->records.len);
	return writer_error(w);
}

int
hostpolicy_compile(const struct policy *p, const struct host_facts *facts,
    const struct hostpolicy_origin *origin, struct writer *ret)
{
	struct compiler c = { .policy = p,
		.facts = facts,
		.records = WRITER_INIT };
	size_t i;
	int r;

	c.records.max_bytes = HOSTPOLICY_MAX_BYTES;
	c.slots = calloc(p->n_roles + p->locks.n + 1, sizeof(*c.slots));
	if (c.slots == NULL)
		return -ENOMEM;
	for (i = 0; i < p->n_roles; i++)
		write_role(&c, &p->roles[i]);
	if ((r = write_locks(&c)) == 0 && (r = writer_error(&c.records)) == 0)
		r = write_image(&c, origin, ret);
	writer_clear(&c.records);
	free(c.slots);
	return r;
}
