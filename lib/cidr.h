/* SPDX-License-Identifier: ISC */
/* Address ranges: parsed, intersected, printed. */
#ifndef CS_CIDR_H
#define CS_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIDR_TEXT_MAX 64

struct cidr {
	int family; /* AF_INET or AF_INET6 */
	uint8_t addr[16]; /* host bits are zero */
	unsigned bits;
};

struct cidr_list {
	struct cidr *v;
	size_t n;
};

/* "10.0.0.0/8", "2001:db8::/32" or one address. -EINVAL also if bits beyond
 * the prefix are set, as OpenSSH refuses them. */
int cidr_parse(const char *text, struct cidr *ret);
char *cidr_format(const struct cidr *c, char buf[CIDR_TEXT_MAX]);
/* Is b's every address one of a's? */
bool cidr_contains(const struct cidr *a, const struct cidr *b);
int cidr_list_add(struct cidr_list *l, const struct cidr *c);
/* What both lists hold. 0 or -ENOMEM. */
int cidr_list_intersect(const struct cidr_list *a, const struct cidr_list *b,
    struct cidr_list *ret);
void cidr_list_clear(struct cidr_list *l);

#endif
