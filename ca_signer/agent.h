/* SPDX-License-Identifier: ISC */
/* Talking to an ssh-agent (draft-miller-ssh-agent), with deadlines. */
#ifndef CS_AGENT_H
#define CS_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define AGENT_MAX_BYTES	     (256U * 1024U) /* of one message, as OpenSSH */
#define AGENT_MAX_IDENTITIES 2048U
#define AGENT_LIST_TIMEOUT_S 10
#define AGENT_SIGN_TIMEOUT_S 60 /* somebody may have to touch a token */

struct agent;

/* path: the socket. 0 or -errno. */
int agent_connect(const char *path, struct agent **ret);
/* Over a connected, non-blocking socket, which it takes. */
int agent_of_fd(int fd, struct agent **ret);
void agent_free(struct agent *a);
/* Is it OpenSSH's own, which reads requests that come before its answers? */
bool agent_takes_many(const struct agent *a);

/* The public key blobs that it holds: in ret, one wire string after the other.
 * -ETIMEDOUT, -EBADMSG for an answer that is none, -EPERM refused. */
int agent_list(struct agent *a, struct writer *ret);

#define AGENT_RSA_SHA2_256 2U
#define AGENT_RSA_SHA2_512 4U

/* Asks for a signature; the answers come in the order of the requests. At most
 * a few may be outstanding. */
int agent_ask_signature(struct agent *a, const struct reader *key,
    const void *data, size_t len, uint32_t flags, unsigned timeout_s);
/* Appends the signature, as SSH writes it, unverified. */
int agent_take_signature(struct agent *a, unsigned timeout_s,
    struct writer *ret);

#endif
