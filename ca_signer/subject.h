/* SPDX-License-Identifier: ISC */
/* The keys that are to be certified: read, judged, and where the result goes.
 */
#ifndef CS_SUBJECT_H
#define CS_SUBJECT_H

#include "sshkey.h"

#define SUBJECT_RSA_MIN_BITS	 2048U
#define SUBJECT_RSA_OPENSSH_BITS 1024U

enum {
	SUBJECT_ALLOW_UNKNOWN = 1, /* types that are not known here */
	SUBJECT_ALLOW_WEAK = 2 /* what ssh-keygen still certifies */
};

/* From a public key file, "-" for stdin. 0, -errno, -EBADMSG. */
int subject_load(const char *path, struct sshkey *ret);
/* As ssh-keygen finds a public key: the file, FILE.pub, or the public half of
 * the private key in the file. */
int subject_load_near(const char *path, struct sshkey *ret);
/* NULL if it may be certified, else why not. allow: SUBJECT_ALLOW_... */
const char *subject_refusal(const struct sshkey *k, unsigned allow);
/* NULL, or what is to be said of it although it is certified. */
const char *subject_warning(const struct sshkey *k);
/* KEY.pub -> KEY-cert.pub, as ssh-keygen; the caller frees. */
char *subject_cert_path(const char *path);

#endif
