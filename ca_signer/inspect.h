/* SPDX-License-Identifier: ISC */
/* What `inspect` shows beside certificates. */
#ifndef CS_INSPECT_H
#define CS_INSPECT_H

#include <stdbool.h>

enum inspect_kind {
	INSPECT_CERT, /* or nothing that is known */
	INSPECT_KRL,
	INSPECT_SIGNATURE
};

/* By how the file begins; stdin can only be a certificate. */
enum inspect_kind inspect_kind(const char *path);
/* Each returns the exit code. */
int inspect_krl(const char *path, bool json);
int inspect_signature(const char *path, const char *signed_file, bool json);

#endif
