/* SPDX-License-Identifier: ISC */
/* MITRE ATT&CK: which techniques and tactics there are. */
#ifndef CS_ATTACK_H
#define CS_ATTACK_H

#include <stdbool.h>
#include <stddef.h>

#define ATTACK_SUBS_MAX 99
#define ATTACK_NUMBERS	10000

struct attack {
	signed char subs[ATTACK_NUMBERS]; /* by technique; -1: there is none */
};

/* Reads attack.txt. 0, or -errno; -EINVAL: a line is not a number and how many
 * sub-techniques. */
int attack_read(const char *path, struct attack *ret);
/* "attack.t1059.004" is one, and so is "attack.execution"; a tag that does not
 * begin so is not asked about. */
bool attack_has(const struct attack *a, const char *tag);
/* The technique of a tag, "T1059.004", in buf; NULL: it names none. */
#define ATTACK_TEXT_MAX 16
const char *attack_technique(const char *tag, char buf[ATTACK_TEXT_MAX]);

#endif
