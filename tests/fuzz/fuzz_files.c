/* SPDX-License-Identifier: ISC */
/*
 * SFTP and scp as they pass. Input: a byte for the protocol, then pieces, each
 * after a byte: the high bit for the server's side, the others for its length.
 * Whatever the pieces are cut into, the same is told, and both sides are never
 * held at once.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "scptap.h"
#include "sftptap.h"

struct told {
	uint64_t sum, n;
};

static void
note(void *context, const struct fileop *op)
{
	struct told *t = context;
	size_t i, k;

	if (op->action == 0 || op->action >= FILEOP_ACTIONS)
		abort();
	t->sum = t->sum * 31 + op->action + op->has_failed * 2U +
	    op->is_unanswered * 3U + op->status + op->flags + op->size +
	    op->bytes_read + op->bytes_written;
	for (i = 0; i < FILEOP_TEXTS; i++) {
		if (op->texts[i].n > FILEOP_TEXT_MAX)
			abort();
		for (k = 0; k < op->texts[i].n; k++)
			t->sum = t->sum * 31 + op->texts[i].p[k];
	}
	t->n++;
}

/* The next piece, cut to what is there; false: there is none. */
static bool
next_piece(const uint8_t **p, size_t *left, bool *ret_is_server, size_t *ret_n)
{
	if (*left == 0)
		return false;
	*ret_is_server = (**p & 0x80) != 0;
	*ret_n = **p & 0x7f;
	(*p)++;
	(*left)--;
	if (*ret_n > *left)
		*ret_n = *left;
	return true;
}

/* A side's bytes: those from `at` on may not pass yet. */
struct side {
	uint8_t *p;
	size_t at, n;
};

typedef size_t passer(void *tap, const uint8_t *p, size_t n);

static size_t
sftp_client(void *t, const uint8_t *p, size_t n)
{
	return sftptap_client(t, p, n);
}

static size_t
sftp_server(void *t, const uint8_t *p, size_t n)
{
	return sftptap_server(t, p, n);
}

static size_t
scp_sender(void *t, const uint8_t *p, size_t n)
{
	return scptap_sender(t, p, n);
}

static size_t
scp_receiver(void *t, const uint8_t *p, size_t n)
{
	return scptap_receiver(t, p, n);
}

static void
offer(void *tap, passer *const passers[2], struct side sides[2], size_t most)
{
	size_t passed, i, n;

	do
		for (passed = 0, i = 0; i < 2; i++) {
			n = sides[i].n - sides[i].at;
			if (n > most)
				n = most;
			n = passers[i](tap, sides[i].p + sides[i].at, n);
			sides[i].at += n;
			passed += n;
		}
	while (passed > 0);
}

/* Returns whether both sides are held at once. */
static bool
converse(void *tap, passer *const passers[2], const uint8_t *p, size_t left,
    size_t most)
{
	struct side sides[2] = { { .p = malloc(left + 1) },
		{ .p = malloc(left + 1) } };
	bool is_server, are_held;
	size_t n;

	while (next_piece(&p, &left, &is_server, &n)) {
		memcpy(sides[is_server].p + sides[is_server].n, p, n);
		sides[is_server].n += n;
		offer(tap, passers, sides, most);
		p += n;
		left -= n;
	}
	are_held = sides[0].at < sides[0].n && sides[1].at < sides[1].n;
	free(sides[0].p);
	free(sides[1].p);
	return are_held;
}

static struct told
through_sftp(const uint8_t *p, size_t left, size_t most)
{
	static passer *const passers[] = { sftp_client, sftp_server };
	/* Its end leaves no handle open: what is large need not be cleared. */
	static struct sftptap tap;
	struct sftptap *t = &tap;
	struct told told = { 0 };

	t->tell = note;
	t->context = &told;
	t->is_over = t->has_begun = t->is_refused = false;
	t->client.n = t->server.n = t->first = t->end = 0;
	t->client.skip = t->server.skip = 0;
	if (converse(t, passers, p, left, most) && !t->is_refused)
		abort();
	sftptap_end(t);
	if (t->n_handles != 0 || t->first != t->end)
		abort();
	return told;
}

static struct told
through_scp(const uint8_t *p, size_t left, size_t most)
{
	static passer *const passers[] = { scp_sender, scp_receiver };
	struct scptap *t = calloc(1, sizeof(*t));
	struct told told = { 0 };

	t->tell = note;
	t->context = &told;
	t->action = FILEOP_UPLOAD;
	if (converse(t, passers, p, left, most) && !t->is_refused)
		abort();
	scptap_end(t);
	free(t);
	return told;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct told a, b;

	if (len == 0)
		return 0;
	if (p[0] % 2 == 0) {
		a = through_sftp(p + 1, len - 1, 128);
		b = through_sftp(p + 1, len - 1, 1);
	} else {
		a = through_scp(p + 1, len - 1, 128);
		b = through_scp(p + 1, len - 1, 1);
	}
	if (a.sum != b.sum || a.n != b.n)
		abort();
	return 0;
}
