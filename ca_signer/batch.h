/* SPDX-License-Identifier: ISC */
/* Many requests as JSON lines, their answers as JSON lines. */
#ifndef CS_BATCH_H
#define CS_BATCH_H

#include "issue.h"

#define BATCH_LINE_MAX_BYTES (256U * 1024U)

/*
 * Answers each line of fd with one on stdout, in order, over the defaults in
 * base. As many lines as are there at once, up to ISSUE_AT_ONCE, share one
 * fsync of the ledger; answers do not wait for lines that have not been sent.
 * A line that is refused does not stop the others. Returns EXIT_DONE, or the
 * code of the first that was refused.
 */
int batch_run(struct issuer *is, int fd, const struct wanted *base);

#endif
