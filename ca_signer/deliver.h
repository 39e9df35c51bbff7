/* SPDX-License-Identifier: ISC */
/* Key files in, certificate files out. */
#ifndef CS_DELIVER_H
#define CS_DELIVER_H

#include "issue.h"

/* Makes an item's wanted, or without a CA's folder its req. An exit code that
 * has been explained, or -1. */
typedef int deliver_fill(struct issue_item *it, size_t i, void *ctx);

/*
 * Certifies each public key file, "-" for stdin to stdout. With a CA's folder
 * all of them or none; without one, as ssh-keygen, those before the first that
 * fails. out: where the only certificate goes, or NULL for KEY-cert.pub.
 * Returns the exit code.
 */
int deliver_files(struct issuer *is, char **paths, size_t n, const char *out,
    deliver_fill *fill, void *ctx);

/* One certificate to the file `out`, or "-", with what is said of it. An exit
 * code that has been explained, or -1. */
int deliver_to(struct issuer *is, const struct issue_item *it, const char *out);

/* "type base64 comment\n"; the caller frees. NULL: out of memory. */
char *deliver_format(const struct issue_item *it);
/* One JSON object with its line, of a batch's line if number is not 0. */
int deliver_json(const struct issue_item *it, uint64_t number, FILE *f);

#endif
