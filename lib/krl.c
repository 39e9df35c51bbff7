/* SPDX-License-Identifier: ISC */
/* Key revocation lists as sets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "krl.h"

struct krl *
krl_new(void)
{
	struct krl *k = calloc(1, sizeof(*k));

	if (k != NULL && (k->comment = strdup("")) == NULL) {
		free(k);
		return NULL;
	}
	return k;
}

static void
blobs_clear(struct krl_blobs *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		free(b->v[i].p);
	free(b->v);
}

void
krl_free(struct krl *k)
{
	size_t i;

	if (k == NULL)
		return;
	for (i = 0; i < k->n_cas; i++) {
		free(k->cas[i].key.p);
		free(k->cas[i].serials);
		strv_clear(&k->cas[i].ids);
	}
	free(k->cas);
	free(k->comment);
	blobs_clear(&k->keys);
	blobs_clear(&k->sha1s);
	blobs_clear(&k->sha256s);
	free(k);
}

/* Room for one more of `size` bytes. */
static int
grow(void **v, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap > 0 ? *cap * 2 : 8;
	void *p;

	if (n < *cap)
		return 0;
	if ((p = reallocarray(*v, more, size)) == NULL)
		return -ENOMEM;
	*v = p;
	*cap = more;
	return 0;
}

int
krl_add_blob(struct krl_blobs *b, const uint8_t *p, size_t len)
{
	struct krl_blob blob = { malloc(len + 1), len };

	if (blob.p == NULL ||
	    grow((void **)&b->v, b->n, &b->cap, sizeof(*b->v)) < 0) {
		free(blob.p);
		return -ENOMEM;
	}
	if (len > 0)
		memcpy(blob.p, p, len);
	b->v[b->n++] = blob;
	return 0;
}

static int
blob_compare(const void *a, const void *b)
{
	const struct krl_blob *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int c = n > 0 ? memcmp(x->p, y->p, n) : 0;

	return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

bool
krl_blobs_have(const struct krl_blobs *b, const uint8_t *p, size_t len)
{
	uint8_t *borrowed;
	struct krl_blob key = { NULL, len };

	memcpy(&borrowed, &p, sizeof(p));
	key.p = borrowed;
	return b->n > 0 &&
	    bsearch(&key, b->v, b->n, sizeof(*b->v), blob_compare) != NULL;
}

static void
blobs_normalize(struct krl_blobs *b)
{
	size_t i, n = 0;

	if (b->n == 0)
		return;
	qsort(b->v, b->n, sizeof(*b->v), blob_compare);
	for (i = 0; i < b->n; i++) {
		if (n > 0 && blob_compare(&b->v[n - 1], &b->v[i]) == 0)
			free(b->v[i].p);
		else
			b->v[n++] = b->v[i];
	}
	b->n = n;
}

const struct krl_ca *
krl_find_ca(const struct krl *k, const uint8_t *key, size_t key_len)
{
	size_t i;

	for (i = 0; i < k->n_cas; i++)
		if (k->cas[i].key.len == key_len &&
		    (key_len == 0 ||
			memcmp(k->cas[i].key.p, key, key_len) == 0))
			return &k->cas[i];
	return NULL;
}

struct krl_ca *
krl_ca(struct krl *k, const uint8_t *key, size_t key_len)
{
	const struct krl_ca *found = krl_find_ca(k, key, key_len);
	struct krl_ca *v, *ca;

	if (found != NULL)
		return &k->cas[found - k->cas];
	if (k->n_cas >= KRL_MAX_CAS)
		return NULL;
	if ((v = reallocarray(k->cas, k->n_cas + 1, sizeof(*v))) == NULL)
		return NULL;
	k->cas = v;
	ca = &v[k->n_cas];
	*ca = (struct krl_ca){ .key = { malloc(key_len + 1), key_len } };
	if (ca->key.p == NULL)
		return NULL;
	if (key_len > 0)
		memcpy(ca->key.p, key, key_len);
	k->n_cas++;
	return ca;
}

int
krl_add_range(struct krl_ca *ca, const struct krl_range *range)
{
	if (range->lo == 0 || range->hi < range->lo)
		return -EINVAL;
	if (ca->n >= KRL_MAX_RANGES)
		return -EMSGSIZE;
	if (grow((void **)&ca->serials, ca->n, &ca->cap, sizeof(*ca->serials)) <
	    0)
		return -ENOMEM;
	ca->serials[ca->n++] = *range;
	return 0;
}

int
krl_add_serials(struct krl_ca *ca, uint64_t lo, uint64_t hi)
{
	return krl_add_range(ca, &(struct krl_range){ lo, hi, hi - lo + 1 });
}

int
krl_add_cert(struct krl *k, const struct cert *c)
{
	struct krl_ca *ca = krl_ca(k, c->ca, c->ca_len);

	if (ca == NULL)
		return -ENOMEM;
	if (c->serial == 0)
		return strv_add(&ca->ids, c->key_id);
	return krl_add_serials(ca, c->serial, c->serial);
}

static int
range_compare(const void *a, const void *b)
{
	const struct krl_range *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

static bool
is_sorted(const struct krl_ca *ca)
{
	size_t i;

	for (i = 1; i < ca->n; i++)
		if (ca->serials[i - 1].lo > ca->serials[i].lo)
			return false;
	return true;
}

static void
serials_normalize(struct krl_ca *ca)
{
	struct krl_range *last, *r;
	size_t i, n = 0;

	if (ca->n > 0 && !is_sorted(ca))
		qsort(ca->serials, ca->n, sizeof(*ca->serials), range_compare);
	for (i = 0; i < ca->n; i++) {
		r = &ca->serials[i];
		last = n > 0 ? &ca->serials[n - 1] : NULL;
		if (last == NULL ||
		    (last->hi != UINT64_MAX && r->lo > last->hi + 1)) {
			ca->serials[n++] = *r;
			continue;
		}
		if (r->hi > last->hi)
			last->hi = r->hi;
		/* Neighbours: what is in between is in both. */
		last->n = last->hi - last->lo + 1;
	}
	ca->n = n;
}

static int
text_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
ids_normalize(struct strv *ids)
{
	size_t i, n = 0;

	if (ids->n == 0)
		return;
	qsort(ids->v, ids->n, sizeof(*ids->v), text_compare);
	for (i = 0; i < ids->n; i++) {
		if (n > 0 && strcmp(ids->v[n - 1], ids->v[i]) == 0)
			free(ids->v[i]);
		else
			ids->v[n++] = ids->v[i];
	}
	ids->n = n;
}

static int
ca_compare(const void *a, const void *b)
{
	return blob_compare(&((const struct krl_ca *)a)->key,
	    &((const struct krl_ca *)b)->key);
}

int
krl_normalize(struct krl *k)
{
	size_t i;

	for (i = 0; i < k->n_cas; i++) {
		serials_normalize(&k->cas[i]);
		ids_normalize(&k->cas[i].ids);
	}
	if (k->n_cas > 0)
		qsort(k->cas, k->n_cas, sizeof(*k->cas), ca_compare);
	blobs_normalize(&k->keys);
	blobs_normalize(&k->sha1s);
	blobs_normalize(&k->sha256s);
	return 0;
}

static int
range_covers(const void *key, const void *element)
{
	uint64_t serial = *(const uint64_t *)key;
	const struct krl_range *r = element;

	return (serial > r->hi) - (serial < r->lo);
}

bool
krl_has_serial(const struct krl_ca *ca, uint64_t serial)
{
	return ca->n > 0 &&
	    bsearch(&serial, ca->serials, ca->n, sizeof(*ca->serials),
		range_covers) != NULL;
}
