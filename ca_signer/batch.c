/* SPDX-License-Identifier: ISC */
/* Many requests as JSON lines, their answers as JSON lines. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "batch.h"
#include "deliver.h"

/* Lines that come one after the other are one batch. */
#define MORE_WAIT_MS 5

struct batch {
	struct issuer *is;
	const struct wanted *base;
	int fd;
	bool at_end;
	char *buf;
	size_t len, at; /* what is in buf, what of it has been taken */
	bool is_skipping; /* the rest of a line that is too long */
	uint64_t number; /* of the last line */
	struct issue_item *items;
	uint64_t *numbers;
	size_t n;
	int code; /* of the first that was refused */
};

static void
batch_clear(struct batch *b)
{
	free(b->buf);
	free(b->items);
	free(b->numbers);
}

/* False if nothing more is there within wait_ms (-1: for ever). */
static bool
read_more(struct batch *b, int wait_ms)
{
	struct pollfd pfd = { b->fd, POLLIN, 0 };
	ssize_t n;

	memmove(b->buf, b->buf + b->at, b->len - b->at);
	b->len -= b->at;
	b->at = 0;
	if (wait_ms >= 0 && poll(&pfd, 1, wait_ms) <= 0)
		return false;
	do
		n = read(b->fd, b->buf + b->len, BATCH_LINE_MAX_BYTES - b->len);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		b->at_end = true;
	else
		b->len += (size_t)n;
	return n > 0;
}

static struct issue_item *
add_item(struct batch *b)
{
	struct issue_item *it = &b->items[b->n];

	issue_item_init(it);
	it->name = "-";
	b->numbers[b->n++] = b->number;
	return it;
}

static void
refuse(struct issue_item *it, const char *rule, const char *why)
{
	it->code = EXIT_USAGE;
	it->refusal.rule = rule;
	snprintf(it->error, sizeof(it->error), "%s", why);
}

static void
take_line(struct batch *b, const char *text, size_t len)
{
	AUTO(free) char *key = NULL;
	struct conf_error e = { 0 };
	struct issue_item *it;
	int r;

	b->number++;
	if (len == 0 || strspn(text, " \t\r") == len)
		return;
	it = add_item(b);
	if ((r = wanted_from_json(text, len, b->base, &it->wanted, &key, &e)) <
	    0) {
		refuse(it, "line", r == -ENOMEM ? "out of memory" : e.what);
		return;
	}
	if ((r = sshkey_parse_line(key, &it->subject)) < 0) {
		refuse(it, "key", "its \"key\" is not a public key's line");
		return;
	}
	issue_prepare(b->is, it);
}

/* A line that does not fit is answered once, and passed over to its end. */
static void
take_too_long(struct batch *b)
{
	if (!b->is_skipping) {
		b->number++;
		refuse(add_item(b), "line", "the line is too long");
	}
	b->is_skipping = true;
	b->at = b->len;
}

/* What is whole in the buffer; false when it needs more. */
static bool
take_buffered(struct batch *b)
{
	char *start = b->buf + b->at, *end;

	end = memchr(start, '\n', b->len - b->at);
	if (end == NULL && b->at_end && b->len > b->at)
		end = b->buf + b->len;
	if (end == NULL) {
		if (b->at == 0 && b->len == BATCH_LINE_MAX_BYTES)
			take_too_long(b);
		return false;
	}
	b->at = (size_t)(end - b->buf) + (end < b->buf + b->len);
	if (b->is_skipping)
		b->is_skipping = false;
	else
		take_line(b, start, (size_t)(end - start));
	return true;
}

static void
collect(struct batch *b)
{
	while (b->n < ISSUE_AT_ONCE) {
		if (take_buffered(b))
			continue;
		if (b->at_end)
			return;
		if (!read_more(b, b->n > 0 ? MORE_WAIT_MS : -1) && !b->at_end)
			return;
	}
}

/* Its certificate is in the ledger, and could not be told. */
static int
answer(struct batch *b)
{
	int r = 0, code = -1;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->items[i].code >= 0 && b->code < 0)
			b->code = b->items[i].code;
		if (r == 0)
			r = deliver_json(&b->items[i], b->numbers[i], stdout);
		if (r == 0 && i + 1 == b->n && fflush(stdout) != 0)
			r = -errno;
	}
	for (i = 0; r < 0 && i < b->n; i++)
		if (b->items[i].code < 0)
			issue_undelivered(b->is, &b->items[i], strerror(-r));
	if (r < 0)
		code = show_error(EXIT_INPUT, "cannot write: %s", strerror(-r));
	return code;
}

static int
run_once(struct batch *b)
{
	size_t i;
	int r = -1;

	b->n = 0;
	collect(b);
	if (b->n > 0 && (r = issue_sign(b->is, b->items, b->n)) < 0)
		r = answer(b);
	for (i = 0; i < b->n; i++)
		issue_item_clear(&b->items[i]);
	return r;
}

int
batch_run(struct issuer *is, int fd, const struct wanted *base)
{
	AUTO_CLEAR(batch_clear)
	struct batch b = { .is = is, .base = base, .fd = fd, .code = -1 };
	int r = -1;

	b.buf = malloc(BATCH_LINE_MAX_BYTES);
	b.items = calloc(ISSUE_AT_ONCE, sizeof(*b.items));
	b.numbers = calloc(ISSUE_AT_ONCE, sizeof(*b.numbers));
	if (b.buf == NULL || b.items == NULL || b.numbers == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	while (r < 0 && (!b.at_end || b.at < b.len))
		r = run_once(&b);
	if (r >= 0)
		return r;
	return b.code >= 0 ? b.code : EXIT_DONE;
}
