/* SPDX-License-Identifier: ISC */
/* New CA keys, as files. */
#ifndef CS_MAKEKEY_H
#define CS_MAKEKEY_H

#include <stdbool.h>

/* How the keys of one call are to be. */
struct makekey {
	bool no_passphrase;
	char *passphrase; /* asked for once; sodium_free by makekey_clear */
};

/* Asks for the passphrase, twice, if there shall be one. An exit code that has
 * been explained, or -1. */
int makekey_ask(struct makekey *m, const char *what);
void makekey_clear(struct makekey *m);
/* An Ed25519 key: path (0600) and path.pub, neither of which may exist. An exit
 * code that has been explained, or -1. */
int makekey_write(const struct makekey *m, const char *path,
    const char *comment);
/* Only path.pub: the private key is in an agent. */
int makekey_copy_public(const char *from, const char *path);

#endif
