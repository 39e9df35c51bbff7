/* SPDX-License-Identifier: ISC */
/* Address ranges (RFC 4632 for the notation). */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "cidr.h"
#include "parse.h"

static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

static bool
host_bits_are_zero(const struct cidr *c, unsigned max_bits)
{
	unsigned i;

	for (i = c->bits; i < max_bits; i++)
		if ((c->addr[i / 8] & (0x80 >> i % 8)) != 0)
			return false;
	return true;
}

int
cidr_parse(const char *text, struct cidr *ret)
{
	struct cidr c = { 0 };
	char addr[CIDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned max_bits;
	uint64_t bits;

	if (len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	c.family = strchr(addr, ':') != NULL ? AF_INET6 : AF_INET;
	max_bits = c.family == AF_INET6 ? 128 : 32;
	if (inet_pton(c.family, addr, c.addr) != 1)
		return -EINVAL;
	bits = max_bits;
	if (slash != NULL && parse_uint(slash + 1, 0, max_bits, &bits) < 0)
		return -EINVAL;
	c.bits = (unsigned)bits;
	if (!host_bits_are_zero(&c, max_bits))
		return -EINVAL;
	*ret = c;
	return 0;
}

char *
cidr_format(const struct cidr *c, char buf[CIDR_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN];

	if (inet_ntop(c->family, c->addr, addr, sizeof(addr)) == NULL)
		addr[0] = '\0';
	snprintf(buf, CIDR_TEXT_MAX, "%s/%u", addr, c->bits);
	return buf;
}

bool
cidr_contains(const struct cidr *a, const struct cidr *b)
{
	return a->family == b->family && a->bits <= b->bits &&
	    bits_equal(a->addr, b->addr, a->bits);
}

int
cidr_list_add(struct cidr_list *l, const struct cidr *c)
{
	struct cidr *v = reallocarray(l->v, l->n + 1, sizeof(*v));

	if (v == NULL)
		return -ENOMEM;
	l->v = v;
	l->v[l->n++] = *c;
	return 0;
}

int
cidr_list_intersect(const struct cidr_list *a, const struct cidr_list *b,
    struct cidr_list *ret)
{
	AUTO_CLEAR(cidr_list_clear) struct cidr_list l = { 0 };
	const struct cidr *narrow;
	size_t i, j;

	/* Two ranges are either one inside the other or apart. */
	for (i = 0; i < a->n; i++) {
		for (j = 0; j < b->n; j++) {
			if (cidr_contains(&a->v[i], &b->v[j]))
				narrow = &b->v[j];
			else if (cidr_contains(&b->v[j], &a->v[i]))
				narrow = &a->v[i];
			else
				continue;
			if (cidr_list_add(&l, narrow) < 0)
				return -ENOMEM;
		}
	}
	*ret = l;
	l = (struct cidr_list){ 0 };
	return 0;
}

void
cidr_list_clear(struct cidr_list *l)
{
	free(l->v);
	*l = (struct cidr_list){ 0 };
}
