/* SPDX-License-Identifier: ISC */
/* How the ledger's lines end, how its anchor reads, and members of a line. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "clock.h"
#include "jsontext.h"
#include "ledgerline.h"
#include "parse.h"

#define CHAIN_KEY  ",\"chain\":\""
#define CHAIN_TAIL (sizeof(CHAIN_KEY) - 1 + 2 * LEDGER_CHAIN_BYTES + 2)
#define SERIAL_KEY ",\"last_serial\":"
#define ANCHOR_LEN (LEDGER_ANCHOR_TEXT - 1)

void
ledger_chain(const uint8_t before[LEDGER_CHAIN_BYTES], const char *line,
    size_t len, uint8_t ret[LEDGER_CHAIN_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, LEDGER_CHAIN_BYTES);
	crypto_generichash_update(&state, before, LEDGER_CHAIN_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)line, len);
	crypto_generichash_final(&state, ret, LEDGER_CHAIN_BYTES);
}

int
ledger_chain_format(const struct ledger_head *head,
    char ret[LEDGER_TRAILER_MAX])
{
	char hex[LEDGER_CHAIN_TEXT];

	sodium_bin2hex(hex, sizeof(hex), head->chain, sizeof(head->chain));
	return snprintf(ret, LEDGER_TRAILER_MAX, CHAIN_KEY "%s\"}\n", hex);
}

static int
parse_chain(const char *hex, uint8_t ret[LEDGER_CHAIN_BYTES])
{
	size_t len;

	if (sodium_hex2bin(ret, LEDGER_CHAIN_BYTES, hex, 2 * LEDGER_CHAIN_BYTES,
		NULL, &len, NULL) != 0 ||
	    len != LEDGER_CHAIN_BYTES)
		return -EBADMSG;
	return 0;
}

size_t
ledger_chained_len(const char *p, size_t len)
{
	if (len < CHAIN_TAIL ||
	    memcmp(p + len - CHAIN_TAIL, CHAIN_KEY, sizeof(CHAIN_KEY) - 1) !=
		0 ||
	    memcmp(p + len - 2, "\"}", 2) != 0)
		return 0;
	return len - CHAIN_TAIL;
}

int
ledger_trailer_parse(const char *p, size_t len, struct ledger_head *ret)
{
	size_t chained = ledger_chained_len(p, len), at = chained, n;
	size_t key = sizeof(SERIAL_KEY) - 1;
	char digits[24];
	struct ledger_head head = *ret;

	while (at > 0 && p[at - 1] >= '0' && p[at - 1] <= '9')
		at--;
	n = chained - at;
	if (n == 0 || n >= sizeof(digits) || at < key ||
	    memcmp(p + at - key, SERIAL_KEY, key) != 0)
		return -EBADMSG;
	memcpy(digits, p + at, n);
	digits[n] = '\0';
	if (parse_uint(digits, 0, UINT64_MAX, &head.last_serial) < 0 ||
	    parse_chain(p + chained + sizeof(CHAIN_KEY) - 1, head.chain) < 0)
		return -EBADMSG;
	*ret = head;
	return 0;
}

void
ledger_anchor_format(const struct ledger_head *head,
    char ret[LEDGER_ANCHOR_TEXT])
{
	char hex[LEDGER_CHAIN_TEXT];
	int n;

	sodium_bin2hex(hex, sizeof(hex), head->chain, sizeof(head->chain));
	n = snprintf(ret, LEDGER_ANCHOR_TEXT, "%" PRIu64 " %" PRIu64 " %s",
	    head->last_serial, head->size, hex);
	memset(ret + n, ' ', ANCHOR_LEN - 1 - (size_t)n);
	ret[ANCHOR_LEN - 1] = '\n';
	ret[ANCHOR_LEN] = '\0';
}

int
ledger_anchor_parse(const char *text, struct ledger_head *ret)
{
	AUTO(free) char *copy = strdup(text);
	char *at = copy, *serial, *size, *hex;
	struct ledger_head head;

	if (copy == NULL)
		return -ENOMEM;
	serial = strsep(&at, " ");
	size = strsep(&at, " ");
	hex = strsep(&at, " \n");
	if (hex == NULL || strlen(hex) != 2 * LEDGER_CHAIN_BYTES ||
	    parse_uint(serial, 0, UINT64_MAX, &head.last_serial) < 0 ||
	    parse_uint(size, 0, INT64_MAX, &head.size) < 0 ||
	    parse_chain(hex, head.chain) < 0)
		return -EBADMSG;
	*ret = head;
	return 0;
}

bool
ledger_line_is(const struct ledger_line *l, const char *event)
{
	static const char key[] = "{\"event\":\"";
	size_t n = sizeof(key) - 1, len = strlen(event);

	return l->len > n + len && memcmp(l->p, key, n) == 0 &&
	    memcmp(l->p + n, event, len) == 0 && l->p[n + len] == '"';
}

/* Where the value begins. Text of others cannot look like a key: its quotes
 * are escaped. */
static const char *
find_value(const struct ledger_line *l, const char *key)
{
	char pattern[64];
	const char *found;
	int n = snprintf(pattern, sizeof(pattern), "\"%s\":", key);

	if (n < 0 || (size_t)n >= sizeof(pattern))
		return NULL;
	found = memmem(l->p, l->len, pattern, (size_t)n);
	return found != NULL ? found + n : NULL;
}

bool
ledger_line_uint(const struct ledger_line *l, const char *key, uint64_t *ret)
{
	const char *p = find_value(l, key), *end = l->p + l->len;
	char digits[24];
	size_t n = 0;

	while (p != NULL && p + n < end && p[n] >= '0' && p[n] <= '9' &&
	    n < sizeof(digits) - 1) {
		digits[n] = p[n];
		n++;
	}
	digits[n] = '\0';
	return parse_uint(digits, 0, UINT64_MAX, ret) == 0;
}

bool
ledger_line_text(const struct ledger_line *l, const char *key, const char **ret,
    size_t *ret_len)
{
	const char *p = find_value(l, key), *end = l->p + l->len, *at;

	if (p == NULL || p >= end || *p++ != '"')
		return false;
	for (at = p; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	if (at >= end)
		return false;
	*ret = p;
	*ret_len = (size_t)(at - p);
	return true;
}

bool
ledger_line_text_is(const struct ledger_line *l, const char *key,
    const char *text)
{
	const uint8_t *t = (const uint8_t *)text;
	size_t left = strlen(text), len, n, used;
	char c[JSONTEXT_CHAR_MAX + 1];
	const char *p;

	if (!ledger_line_text(l, key, &p, &len))
		return false;
	for (; left > 0; t += used, left -= used, p += n, len -= n) {
		n = jsontext_char(t, left, c, &used);
		if (n > len || memcmp(p, c, n) != 0)
			return false;
	}
	return len == 0;
}

bool
ledger_line_time(const struct ledger_line *l, const char *key, uint64_t *ret)
{
	char text[CLOCK_TEXT_MAX];
	const char *p;
	size_t len;

	if (!ledger_line_text(l, key, &p, &len) || len >= sizeof(text))
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	return clock_parse_rfc3339(text, ret) == 0;
}
