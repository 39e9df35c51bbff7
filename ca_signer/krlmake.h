/* SPDX-License-Identifier: ISC */
/* The revocation list that a CA's ledger asks for. */
#ifndef CS_KRLMAKE_H
#define CS_KRLMAKE_H

#include "krl.h"
#include "ledger.h"

/*
 * What the ledger in dir revokes at now_s, by serial where that can be:
 * certificates that have expired are left out, and where leaving numbers out
 * that can do no harm (expired, or another CA's) would cost bytes they are in.
 * The ledger's chain is verified first. Normalized; its version is now_s. 0;
 * -errno with why.
 */
int krlmake(const char *dir, uint64_t now_s, struct krl **ret,
    char why[LEDGER_WHY_MAX]);

#endif
