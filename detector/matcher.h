/* SPDX-License-Identifier: ISC */
/* All texts and expressions of all rules, looked for in one pass over each
 * field (Hyperscan; whole texts by a hash table). */
#ifndef CS_MATCHER_H
#define CS_MATCHER_H

#include <stdint.h>

#include "conf.h"
#include "record.h"
#include "sigmapattern.h"

struct matcher;

struct matcher *matcher_new(void);
void matcher_free(struct matcher *m);
/*
 * The number of this pattern in this field, the same for the same. It is an
 * expression, an exact text, or a last component. 0 with *ret; -ENOMEM; -EINVAL with the reason
 * why Hyperscan does not take it.
 */
int matcher_add(struct matcher *m, int field, const struct sigmapattern *p,
    size_t line, uint32_t *ret, struct conf_error *reterr);
/* This one decides what is asked at all: it is looked for in every event. An
 * expression that nobody needs so is only looked for when it is asked about. */
void matcher_need(struct matcher *m, uint32_t atom);
/* After the last one. 0, -ENOMEM, or -EINVAL with the reason. */
int matcher_compile(struct matcher *m, struct conf_error *reterr);
/* How many patterns; how many bytes they take. */
size_t matcher_count(const struct matcher *m);
const struct sigmapattern *matcher_pattern(const struct matcher *m,
    uint32_t atom);
size_t matcher_bytes(const struct matcher *m);
/* How often it is expected to be found, of any patterns: less is better. */
double matcher_weight(const struct matcher *m, uint32_t atom);

/* Forgets what was found. */
void matcher_begin(struct matcher *m);
/* Looks for the patterns of a field in a value. */
void matcher_look(struct matcher *m, int field, const struct value *v);
/* What was found since matcher_begin: numbers, each once. */
const uint32_t *matcher_found(const struct matcher *m, size_t *ret_n);
/* In the record that has been looked at. */
bool matcher_has(struct matcher *m, uint32_t atom, const struct record *r);
/* The same as a bit for each number, but for those that are only looked for when
 * asked about; it stands until matcher_free. */
const uint64_t *matcher_bits(const struct matcher *m);
/* Is it one of them? After matcher_compile. */
bool matcher_is_asked_for(const struct matcher *m, uint32_t atom);
/* Does any pattern look into this field? */
bool matcher_wants(const struct matcher *m, int field);

#endif
