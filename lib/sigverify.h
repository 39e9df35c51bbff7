/* SPDX-License-Identifier: ISC */
/* Is an SSH signature good? For every key type of OpenSSH's. */
#ifndef CS_SIGVERIFY_H
#define CS_SIGVERIFY_H

#include "wire.h"

/*
 * `signature` as SSH writes it: type, then its body (RFC 4253 6.6, 5656 3.1.2,
 * 8332 3, 8709 6; PROTOCOL.u2f for sk- keys). algorithm: the type that it must
 * have, or NULL for what the key's type allows, SHA-1 with RSA excepted. 0;
 * -EBADMSG: no; -EOPNOTSUPP: a key or signature type that is not known here;
 * -ENOMEM.
 */
int sigverify(const struct reader *key, const struct reader *signature,
    const char *algorithm, const void *data, size_t len);

#endif
