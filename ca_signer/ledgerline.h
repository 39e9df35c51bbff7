/* SPDX-License-Identifier: ISC */
/* How the ledger's lines end, and how its anchor reads (docs/FORMATS.md). */
#ifndef CS_LEDGERLINE_H
#define CS_LEDGERLINE_H

#include "ledger.h"

#define LEDGER_TRAILER_MAX 192
#define LEDGER_ANCHOR_TEXT 128

/* The chain after a line: BLAKE2b-256 over the chain before it and the line up
 * to its member "chain". */
void ledger_chain(const uint8_t before[LEDGER_CHAIN_BYTES], const char *line,
    size_t len, uint8_t ret[LEDGER_CHAIN_BYTES]);
/* The rest of the line, with its newline; returns its length. */
int ledger_chain_format(const struct ledger_head *head,
    char ret[LEDGER_TRAILER_MAX]);
/* last_serial and chain out of the end of a line, which has no newline. 0 or
 * -EBADMSG. */
int ledger_trailer_parse(const char *p, size_t len, struct ledger_head *ret);
/* How much of the line the chain is over; 0 if the line does not end so. */
size_t ledger_chained_len(const char *p, size_t len);

/* "LAST_SERIAL SIZE CHAIN", blanks up to a fixed length, newline. */
void ledger_anchor_format(const struct ledger_head *head,
    char ret[LEDGER_ANCHOR_TEXT]);
int ledger_anchor_parse(const char *text, struct ledger_head *ret);

#endif
