/* SPDX-License-Identifier: ISC */
/* A CA's key, wherever it lives: in this process, in an agent of ours that
 * opened its file, or in the user's agent. */
#ifndef CS_CAKEY_H
#define CS_CAKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

struct cakey;

struct cakey_options {
	const char *path; /* the private key; with use_agent the public one */
	bool use_agent; /* of $SSH_AUTH_SOCK */
	const char *algorithm; /* ssh-keygen's -t, or NULL */
	unsigned timeout_s; /* of one signature by an agent; 0: the default */
};

#define CAKEY_WHY_MAX 512

/* Opens the key, which may ask for its passphrase. 0, or -errno with what to
 * do about it in why. */
int cakey_open(const struct cakey_options *o, struct cakey **ret,
    char why[CAKEY_WHY_MAX]);
void cakey_free(struct cakey *k);
/* Its public key blob, borrowed. */
struct reader cakey_public(const struct cakey *k);

struct cakey_job {
	const uint8_t *data;
	size_t len;
	struct writer signature; /* the caller clears it */
};

/*
 * Signs all of them, in order. Each signature that an agent gives is verified;
 * of a key in this process the first of each call and every
 * CAKEY_SAMPLE-th. 0, -ETIMEDOUT, -EPERM (the agent refused), -EBADMSG (what
 * came is no signature of this key over these bytes), -errno.
 */
int cakey_sign(struct cakey *k, struct cakey_job *jobs, size_t n);
#define CAKEY_SAMPLE 64U
/* In words; borrowed. */
const char *cakey_sign_error(int r);

/* A public key file's blob: KEY.pub, a private key's file, or the file beside
 * it; ret_comment may be NULL. 0, -errno, -EBADMSG. */
int cakey_load_public(const char *path, struct writer *ret);

#endif
