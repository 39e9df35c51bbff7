/* SPDX-License-Identifier: ISC */
/* A policy in its one layout. */
#ifndef CS_POLICYFMT_H
#define CS_POLICYFMT_H

#include "policyfile.h"

/* The same document: members in the order of policy.json(5), roles, labels,
 * locks and lists in the order that they had; what fits into 100 columns is one
 * line. The caller frees; NULL if out of memory. */
char *policyfmt(const struct policyfile *p);

#endif
