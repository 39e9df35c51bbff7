/* SPDX-License-Identifier: ISC */
/* What the writer and the reader of policy.bin share (docs/FORMATS.md). */
#ifndef CS_HOSTPOLICYFORMAT_H
#define CS_HOSTPOLICYFORMAT_H

#include "hostpolicy.h"

#define HOSTPOLICY_MAGIC "CSPOLIC2"
/* Another one whenever the same policy would be compiled otherwise. */
#define HOSTPOLICY_COMPILER  "1"
#define HOSTPOLICY_ORIGIN_AT (8 + 8 + 8 + 8 + HOSTPOLICY_DIGEST_LEN)
#define HOSTPOLICY_HEAD_LEN  (HOSTPOLICY_ORIGIN_AT + 3 * 8 + 4 + 4)
#define HOSTPOLICY_SLOT_LEN  16
#define HOSTPOLICY_SUM_LEN   8
#define HOSTPOLICY_BUCKETS   (1U << 20) /* at most */

#define HOSTPOLICY_ROLE_KEY 'r'

/* A role's flags. */
#define HOSTPOLICY_FOR_HOST 1
#define HOSTPOLICY_DENIED   2

/* A lock's conditions. */
#define HOSTPOLICY_IF_SERIAL	  1
#define HOSTPOLICY_IF_USER	  2
#define HOSTPOLICY_IF_ROLE	  4
#define HOSTPOLICY_IF_LOGIN	  8
#define HOSTPOLICY_IF_FINGERPRINT 16

/* Sums find damage, not forgery: only root writes the file. */
uint64_t hostpolicy_sum(const void *data, size_t len);
/* Of a kind and a name. */
uint64_t hostpolicy_hash(char kind, const char *name);
/* The bit of the head's lock_kinds; 0 for another kind. */
uint32_t hostpolicy_lock_bit(char kind);
void hostpolicy_digest(const struct host_facts *facts,
    uint8_t ret[HOSTPOLICY_DIGEST_LEN]);

#endif
