/* SPDX-License-Identifier: ISC */
/* Fills in what is made of an event and of those before it (made.h). */
#ifndef CS_ENRICH_H
#define CS_ENRICH_H

#include <stdint.h>

#include "logsource.h"
#include "record.h"

struct enrich;

/* Adds the fields that it reads. NULL: out of memory. fields is borrowed. */
struct enrich *enrich_new(struct fields *fields);
void enrich_free(struct enrich *e);
/* The bit of a record's field that is made; 0 of others. */
uint32_t enrich_bit(const struct enrich *e, int field);
/* Somebody will ask for these bits. */
void enrich_wants(struct enrich *e, uint32_t bits);
/* Those of the bits that the record does not have yet. */
uint32_t enrich_missing(const struct enrich *e, const struct record *r,
    uint32_t bits);
/* Makes these of a record that has been read of this line, which stands as
 * long. */
void enrich_fill(struct enrich *e, struct record *r, uint32_t bits,
    const char *line, size_t len);

/* Each command that the record's command runs (through.h): the record says that
 * one meanwhile. */
struct enrich_through {
	void (*take)(void *context);
	void *context;
};
void enrich_each_through(struct enrich *e, struct record *r, uint32_t bits,
    const struct enrich_through *t);

#endif
