/* SPDX-License-Identifier: ISC */
/* The keys that are to be certified: read, judged, and where the result goes.
 */
#ifndef CS_SUBJECT_H
#define CS_SUBJECT_H

#include "sshkey.h"

#define SUBJECT_RSA_MIN_BITS 2048

/* From a public key file, "-" for stdin. 0, -errno, -EBADMSG. */
int subject_load(const char *path, struct sshkey *ret);
/* NULL if it may be certified, else why not. */
const char *subject_refusal(const struct sshkey *k);
/* KEY.pub -> KEY-cert.pub, as ssh-keygen; the caller frees. */
char *subject_cert_path(const char *path);

#endif
