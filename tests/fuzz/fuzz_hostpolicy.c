/* SPDX-License-Identifier: ISC */
/* policy.bin: lookups and decisions over whatever passes the head's sum. The
 * sums are made right first, so that what is behind them is reached. */
#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "fuzz.h"
#include "hostpolicyformat.h"

static void
store_u64(uint8_t *p, uint64_t v)
{
	int i;

	for (i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static uint32_t
load_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Bytes from..to begin with the sum of the rest. */
static void
mend(uint8_t *p, size_t len, uint64_t from, uint64_t to)
{
	if (from + 8 <= to && to <= len)
		store_u64(p + from,
		    hostpolicy_sum(p + from + 8, to - from - 8));
}

static void
mend_all(uint8_t *p, size_t len)
{
	uint32_t n = len >= HOSTPOLICY_HEAD_LEN
	    ? load_u32(p + HOSTPOLICY_HEAD_LEN - 4)
	    : 0;
	size_t head = HOSTPOLICY_HEAD_LEN + ((size_t)n + 1) * 4, b, at;
	uint32_t from, to;

	if (n == 0 || n > 64 || head + 8 > len)
		return;
	store_u64(p + 8, len);
	for (b = 0; b < n; b++) {
		from = load_u32(p + HOSTPOLICY_HEAD_LEN + b * 4);
		to = load_u32(p + HOSTPOLICY_HEAD_LEN + b * 4 + 4);
		for (at = (size_t)from + 8; at + 16 <= to && to <= len;
		     at += 16)
			mend(p, len, load_u32(p + at + 8),
			    (uint64_t)load_u32(p + at + 8) +
				load_u32(p + at + 12));
	}
	for (b = 0; b < n; b++)
		mend(p, len, load_u32(p + HOSTPOLICY_HEAD_LEN + b * 4),
		    load_u32(p + HOSTPOLICY_HEAD_LEN + b * 4 + 4));
	store_u64(p + head, hostpolicy_sum(p, head));
}

static uint8_t ca[] = "ca";

static void
ask(const struct hostpolicy *h)
{
	struct sshkey key = { .blob = ca, .len = sizeof(ca) };
	struct sshkey_list cas = { &key, 1 };
	struct cert c = { .kind = CERT_USER,
		.key_id = (char[]){ "mallory@x" },
		.key = ca,
		.key_len = sizeof(ca),
		.ca = ca,
		.ca_len = sizeof(ca),
		.serial = 666,
		.valid_before = 100 };
	struct decide_question q = { .cert = &c,
		.login = "deploy",
		.trusted_cas = &cas,
		.policy = h,
		.local_locks = h,
		.now_s = 1 };
	struct decision d;

	strv_add(&c.principals, "role:web");
	strv_add(&c.principals, "role:far");
	strv_add(&c.principals, "role:ban");
	decide(&q, &d);
	free(decision_line(&d));
	decision_clear(&d);
	strv_clear(&c.principals);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	struct hostpolicy h;

	if (copy == NULL)
		return 0;
	memcpy(copy, p, len);
	mend_all(copy, len);
	if (hostpolicy_open(copy, len, &h) == 0) {
		(void)hostpolicy_check(&h);
		ask(&h);
	}
	free(copy);
	return 0;
}
