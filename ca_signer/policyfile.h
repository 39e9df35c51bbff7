/* SPDX-License-Identifier: ISC */
/* A policy that the user names. */
#ifndef CS_POLICYFILE_H
#define CS_POLICYFILE_H

#include "policy.h"

struct policyfile {
	const char *path; /* borrowed; "-" is stdin */
	char *text;
	size_t len;
	struct policy *policy;
};

/* An exit code that has been explained ("FILE:LINE:COLUMN: ..."), or -1: then
 * the caller clears. */
int policyfile_load(const char *path, struct policyfile *ret);
/* Only the text: of one that need not be right. */
int policyfile_read(const char *path, struct policyfile *ret);
/* Writes it whole, with the mode that it had. As above. */
int policyfile_replace(const char *path, const char *text);
void policyfile_clear(struct policyfile *p);

#endif
