/* SPDX-License-Identifier: ISC */
/* Writing key revocation lists (OpenSSH PROTOCOL.krl). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "auto.h"
#include "krlwriter.h"
#include "path.h"

DEFINE_AUTO(krl_free, struct krl)

/* Bytes of each way to say it. A list's own header is paid once for a CA. */
#define COST_SINGLE 8U
#define COST_RANGE  21U /* type, length, two numbers */
#define COST_BITMAP 18U /* type, length, offset, length, and a byte's rest */
#define BITMAP_BITS (8 * KRL_BITMAP_MAX_BYTES)

/*
 * best[i]: the fewest bytes for the ranges before i. A bitmap over ranges j to
 * i costs COST_BITMAP + floor((hi_i + 1 - lo_j) / 8). That floor is, apart from
 * a carry that depends on lo_j mod 8 only, a term of i and a term of j: so for
 * each of the eight remainders the best j of the window is kept in a queue
 * (monotone, as in sliding-window minima), and each range is looked at O(1)
 * times.
 */
struct queue {
	uint32_t *v; /* indices of ranges */
	size_t head, tail;
};

struct plan {
	const struct krl_range *r;
	size_t n;
	uint64_t *best;
	uint32_t *start; /* of the bitmap that ends with range i, or n: none */
	struct queue queues[8];
};

static void
plan_clear(struct plan *p)
{
	size_t i;

	free(p->best);
	free(p->start);
	for (i = 0; i < 8; i++)
		free(p->queues[i].v);
}

/* What range j costs as a bitmap's first, less what all share. Serials are
 * beyond 2^61 only in lists of nobody's, but must not overflow: the term is
 * compared as a difference. */
static bool
is_worse(const struct plan *p, size_t a, size_t b)
{
	/* best[a] - lo_a / 8 >= best[b] - lo_b / 8, with lo_a <= lo_b */
	return p->best[a] + (p->r[b].lo / 8 - p->r[a].lo / 8) >= p->best[b];
}

static void
queue_push(struct plan *p, struct queue *q, size_t j)
{
	while (q->tail > q->head && is_worse(p, q->v[q->tail - 1], j))
		q->tail--;
	q->v[q->tail++] = (uint32_t)j;
}

static void
queue_drop_far(const struct plan *p, struct queue *q, uint64_t hi)
{
	while (q->head < q->tail && hi - p->r[q->v[q->head]].lo >= BITMAP_BITS)
		q->head++;
}

static uint64_t
single_cost(const struct krl_range *r)
{
	return r->n <= 2 ? r->n * COST_SINGLE : COST_RANGE;
}

static void
plan_range(struct plan *p, size_t i)
{
	const struct krl_range *r = &p->r[i];
	uint64_t best = p->best[i] + single_cost(r), cost;
	struct queue *q;
	size_t k, j;

	p->start[i] = (uint32_t)p->n;
	queue_push(p, &p->queues[r->lo % 8], i);
	for (k = 0; k < 8; k++) {
		q = &p->queues[k];
		queue_drop_far(p, q, r->hi);
		if (q->head == q->tail)
			continue;
		j = q->v[q->head];
		cost = p->best[j] + COST_BITMAP + (r->hi - p->r[j].lo + 1) / 8;
		if (cost < best) {
			best = cost;
			p->start[i] = (uint32_t)j;
		}
	}
	p->best[i + 1] = best;
}

static int
plan_make(const struct krl_ca *ca, struct plan *p)
{
	size_t i, counts[8] = { 0 };

	*p = (struct plan){ .r = ca->serials, .n = ca->n };
	p->best = calloc(ca->n + 1, sizeof(*p->best));
	p->start = calloc(ca->n + 1, sizeof(*p->start));
	if (p->best == NULL || p->start == NULL)
		return -ENOMEM;
	for (i = 0; i < ca->n; i++)
		counts[ca->serials[i].lo % 8]++;
	for (i = 0; i < 8; i++)
		if ((p->queues[i].v = calloc(counts[i] + 1,
			 sizeof(*p->queues[i].v))) == NULL)
			return -ENOMEM;
	for (i = 0; i < ca->n; i++)
		plan_range(p, i);
	return 0;
}

static void
put_range(const struct krl_range *r, struct writer *w)
{
	size_t mark;

	writer_u8(w, KRL_SERIAL_RANGE);
	mark = writer_string_begin(w);
	writer_u64(w, r->lo);
	writer_u64(w, r->hi);
	writer_string_end(w, mark);
}

static void
set_bits(uint8_t *bytes, size_t n_bytes, uint64_t from, uint64_t to)
{
	uint64_t bit;

	for (bit = from; bit <= to; bit++)
		bytes[n_bytes - 1 - bit / 8] |= (uint8_t)(1U << (bit % 8));
}

/* An mpint (RFC 4251 5): the first bit, a sign, is 0; no byte more than that
 * needs. */
static void
put_bitmap(const struct krl_range *first, const struct krl_range *last,
    struct writer *w)
{
	uint8_t bytes[BITMAP_BITS / 8 + 1] = { 0 };
	uint64_t offset = first->lo, bits = last->hi - offset + 1;
	size_t n = (size_t)(bits / 8) + 1, mark;

	for (; first <= last; first++)
		set_bits(bytes, n, first->lo - offset, first->hi - offset);
	writer_u8(w, KRL_SERIAL_BITMAP);
	mark = writer_string_begin(w);
	writer_u64(w, offset);
	writer_string(w, bytes, n);
	writer_string_end(w, mark);
}

/* From the end: which ranges each choice covers. Singles are only marked. */
static int
put_chosen(const struct plan *p, struct writer *w, bool *is_single)
{
	AUTO(free) uint32_t *ends = calloc(p->n + 1, sizeof(*ends));
	size_t i, n = 0;
	uint32_t j;

	if (ends == NULL)
		return -ENOMEM;
	for (i = p->n; i > 0;) {
		ends[n++] = (uint32_t)(i - 1);
		j = p->start[i - 1];
		i = j < p->n ? j : i - 1;
	}
	while (n > 0) {
		i = ends[--n];
		j = p->start[i];
		if (j < p->n)
			put_bitmap(&p->r[j], &p->r[i], w);
		else if (p->r[i].n <= 2)
			is_single[i] = true;
		else
			put_range(&p->r[i], w);
	}
	return writer_error(w);
}

static void
put_singles(const struct plan *p, const bool *is_single, struct writer *w)
{
	size_t i, n = 0, mark = 0;

	for (i = 0; i < p->n; i++) {
		if (!is_single[i])
			continue;
		if (n++ == 0) {
			writer_u8(w, KRL_SERIAL_LIST);
			mark = writer_string_begin(w);
		}
		writer_u64(w, p->r[i].lo);
		if (p->r[i].n == 2)
			writer_u64(w, p->r[i].hi);
	}
	if (n > 0)
		writer_string_end(w, mark);
}

static int
put_serials(const struct krl_ca *ca, struct writer *w)
{
	AUTO(free) bool *is_single = calloc(ca->n + 1, sizeof(*is_single));
	AUTO_CLEAR(plan_clear) struct plan p = { 0 };
	int r;

	if (is_single == NULL)
		return -ENOMEM;
	if ((r = plan_make(ca, &p)) < 0 ||
	    (r = put_chosen(&p, w, is_single)) < 0)
		return r;
	put_singles(&p, is_single, w);
	return writer_error(w);
}

static void
put_ids(const struct krl_ca *ca, struct writer *w)
{
	size_t mark, i;

	if (ca->ids.n == 0)
		return;
	writer_u8(w, KRL_KEY_ID);
	mark = writer_string_begin(w);
	for (i = 0; i < ca->ids.n; i++)
		writer_cstring(w, ca->ids.v[i]);
	writer_string_end(w, mark);
}

static int
put_ca(const struct krl_ca *ca, struct writer *w)
{
	size_t mark;
	int r;

	if (ca->n == 0 && ca->ids.n == 0)
		return 0;
	writer_u8(w, KRL_CERTIFICATES);
	mark = writer_string_begin(w);
	writer_string(w, ca->key.p, ca->key.len);
	writer_cstring(w, "");
	if ((r = put_serials(ca, w)) < 0)
		return r;
	put_ids(ca, w);
	writer_string_end(w, mark);
	return writer_error(w);
}

static void
put_blobs(const struct krl_blobs *b, uint8_t type, struct writer *w)
{
	size_t mark, i;

	if (b->n == 0)
		return;
	writer_u8(w, type);
	mark = writer_string_begin(w);
	for (i = 0; i < b->n; i++)
		writer_string(w, b->v[i].p, b->v[i].len);
	writer_string_end(w, mark);
}

int
krlwriter_put(const struct krl *k, struct writer *w)
{
	size_t i;
	int r;

	writer_bytes(w, KRL_MAGIC, sizeof(KRL_MAGIC));
	writer_u32(w, KRL_VERSION);
	writer_u64(w, k->version);
	writer_u64(w, k->generated);
	writer_u64(w, 0);
	writer_cstring(w, "");
	writer_cstring(w, k->comment);
	for (i = 0; i < k->n_cas; i++)
		if ((r = put_ca(&k->cas[i], w)) < 0)
			return r;
	put_blobs(&k->keys, KRL_EXPLICIT_KEY, w);
	put_blobs(&k->sha1s, KRL_FINGERPRINT_SHA1, w);
	put_blobs(&k->sha256s, KRL_FINGERPRINT_SHA256, w);
	return writer_error(w);
}

static bool
blobs_equal(const struct krl_blobs *a, const struct krl_blobs *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (a->v[i].len != b->v[i].len ||
		    memcmp(a->v[i].p, b->v[i].p, a->v[i].len) != 0)
			return false;
	return true;
}

/* Two serials with others between that do not matter may stand as two singles.
 */
static bool
serials_equal(const struct krl_ca *a, const struct krl_ca *b)
{
	size_t i, j = 0;

	for (i = 0; i < a->n; i++) {
		if (j >= b->n || a->serials[i].lo != b->serials[j].lo)
			return false;
		if (a->serials[i].n == 2 &&
		    b->serials[j].hi == b->serials[j].lo &&
		    a->serials[i].hi != a->serials[i].lo)
			j++;
		if (j >= b->n || a->serials[i].hi != b->serials[j].hi)
			return false;
		j++;
	}
	return j == b->n;
}

static bool
is_empty(const struct krl_ca *ca)
{
	return ca->n == 0 && ca->ids.n == 0;
}

static bool
ca_equal(const struct krl_ca *a, const struct krl_ca *b)
{
	size_t i;

	if (a->ids.n != b->ids.n || !serials_equal(a, b))
		return false;
	for (i = 0; i < a->ids.n; i++)
		if (strcmp(a->ids.v[i], b->ids.v[i]) != 0)
			return false;
	return true;
}

bool
krl_is_equal(const struct krl *a, const struct krl *b)
{
	size_t i, n = 0, m = 0;
	const struct krl_ca *other;

	for (i = 0; i < b->n_cas; i++)
		m += !is_empty(&b->cas[i]);
	for (i = 0; i < a->n_cas; i++) {
		if (is_empty(&a->cas[i]))
			continue;
		n++;
		other = krl_find_ca(b, a->cas[i].key.p, a->cas[i].key.len);
		if (other == NULL || !ca_equal(&a->cas[i], other))
			return false;
	}
	return n == m && a->version == b->version &&
	    a->generated == b->generated &&
	    strcmp(a->comment, b->comment) == 0 &&
	    blobs_equal(&a->keys, &b->keys) &&
	    blobs_equal(&a->sha1s, &b->sha1s) &&
	    blobs_equal(&a->sha256s, &b->sha256s);
}

int
krlwriter_save(const struct krl *k, const char *path, mode_t mode)
{
	AUTO_CLEAR(writer_clear)
	struct writer w = { .max_bytes = KRL_MAX_BYTES };
	AUTO(krl_free) struct krl *back = NULL;
	int r;

	if ((r = krlwriter_put(k, &w)) < 0 ||
	    (r = krl_parse(w.p, w.len, &back)) < 0)
		return r;
	/* sshd would refuse everybody, or let the revoked in. */
	if (!krl_is_equal(k, back))
		return -EBADMSG;
	return path_write_atomic(path, w.p, w.len, mode, 0);
}
