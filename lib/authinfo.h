/* SPDX-License-Identifier: ISC */
/* sshd's SSH_AUTH_INFO_0: one line for each method that was used. */
#ifndef CS_AUTHINFO_H
#define CS_AUTHINFO_H

#include "sshcert.h"

struct authinfo {
	char *method; /* of the line that counts: "publickey" */
	struct cert *cert; /* NULL: a plain key, or no key at all */
	uint8_t *key; /* the plain key's blob, if it was one */
	size_t key_len;
};

/* 0; -ENOMEM; -EBADMSG: a line that sshd would not write, or two keys. */
int authinfo_parse(const char *text, struct authinfo *ret);
void authinfo_clear(struct authinfo *a);

#endif
