/* SPDX-License-Identifier: ISC */
/* Writing key revocation lists, as small as the format lets them be. */
#ifndef CS_KRLWRITER_H
#define CS_KRLWRITER_H

#include "krl.h"
#include "wire.h"

/*
 * A normalized KRL as bytes (OpenSSH PROTOCOL.krl), without a signature. For
 * each CA one list of single serials, ranges and bitmaps, chosen so that their
 * bytes are the fewest; then key ids; then keys and hashes. The same KRL gives
 * the same bytes. 0 or -errno.
 */
int krlwriter_put(const struct krl *k, struct writer *w);
/* Writes the bytes to a file by rename, having read them back and compared:
 * every entry is there, and nothing else. 0, -EBADMSG, -errno. */
int krlwriter_save(const struct krl *k, const char *path, mode_t mode);
/* Do both say the same? Ranges that cover serials in between count as what
 * they cover. */
bool krl_is_equal(const struct krl *a, const struct krl *b);

#endif
