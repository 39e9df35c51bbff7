/* SPDX-License-Identifier: ISC */
/* The ledger: what a CA did, a line each, chained by hashes, only growing
 * (docs/FORMATS.md). It is also where serial numbers come from. */
#ifndef CS_LEDGER_H
#define CS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "wire.h"

#define LEDGER_FILE	   "ledger.jsonl"
#define LEDGER_ANCHOR	   "serial"
#define LEDGER_LOCK	   "lock"
#define LEDGER_CHAIN_BYTES 32U
#define LEDGER_CHAIN_TEXT  (2 * LEDGER_CHAIN_BYTES + 1)
#define LEDGER_LINE_MAX	   (256U * 1024U)
#define LEDGER_WHY_MAX	   256

/* Where the ledger stands after a line. */
struct ledger_head {
	uint64_t size; /* bytes */
	uint64_t last_serial; /* 0: none yet */
	uint8_t chain[LEDGER_CHAIN_BYTES];
};

/* ---- writing ---- */

struct ledger;

/* A new, empty ledger in a new CA's folder. 0 or -errno. */
int ledger_create(const char *dir);
/*
 * Opens for appending, alone: waits for whoever else has it, saying so on
 * stderr after two seconds; a killed signer frees it. A line that was half
 * written when its writer was killed is taken back: its certificate never
 * left. 0; -errno, with what to do in why.
 */
int ledger_open(const char *dir, struct ledger **ret, char why[LEDGER_WHY_MAX]);
void ledger_free(struct ledger *l);
/* As of the last commit. */
const struct ledger_head *ledger_head(const struct ledger *l);
/* A number that no certificate has; it is used up by the commit of a line with
 * it, and by nothing else. 0: there are none left. */
uint64_t ledger_next_serial(const struct ledger *l);
/* Puts a line in the queue; serial: the one that it uses up, or 0. */
int ledger_add(struct ledger *l, const struct event *ev, uint64_t serial);
/* All queued lines, on disk when this returns 0; on -errno none of them is. */
int ledger_commit(struct ledger *l);
/* The lines of the last commit, each with its newline; borrowed until the next
 * ledger_add. */
struct reader ledger_committed(const struct ledger *l);
/* Forgets what is queued. */
void ledger_rollback(struct ledger *l);
/* ---- reading ---- */

struct ledger_line {
	const char *p;
	size_t len; /* without the newline */
	uint64_t number; /* from 1 */
};

struct ledger_view {
	const char *p;
	size_t len, at, dropped;
	uint64_t number;
	int lock;
};

/* Maps the ledger as it stands, from byte `from`, which begins a line. Waits for
 * writers, unless is_mine: the caller has it open for writing. 0 or -errno. */
int ledger_view_open(const char *dir, uint64_t from, bool is_mine,
    struct ledger_view *ret);
void ledger_view_close(struct ledger_view *v);
/* False at the end. A last line without its newline is none. */
bool ledger_view_next(struct ledger_view *v, struct ledger_line *ret);

/* A member of the line by its key, as JSON text: the first with that key, and
 * those that the signer writes come before all text of others. */
bool ledger_line_is(const struct ledger_line *l, const char *event);
bool ledger_line_uint(const struct ledger_line *l, const char *key,
    uint64_t *ret);
/* Without its quotes, still escaped; borrowed. */
bool ledger_line_text(const struct ledger_line *l, const char *key,
    const char **ret, size_t *ret_len);
bool ledger_line_text_is(const struct ledger_line *l, const char *key,
    const char *text);
/* RFC 3339 to seconds. */
bool ledger_line_time(const struct ledger_line *l, const char *key,
    uint64_t *ret);

/*
 * Follows the chain from the first line to the last and compares with the
 * anchor. 0; -EBADMSG, with the line and what is wrong in why; -errno.
 */
int ledger_verify(const char *dir, struct ledger_head *ret,
    char why[LEDGER_WHY_MAX]);
/* The chain, seen from here: does it have this head anywhere? For a head that
 * was noted elsewhere, before somebody could change the whole file. */
int ledger_has_head(const char *dir, const char *chain_text);
/* Makes the anchor anew from a ledger that is whole in itself. */
int ledger_repair_anchor(const char *dir, char why[LEDGER_WHY_MAX]);

#endif
