/* SPDX-License-Identifier: ISC */
/* An ssh-agent of our own, for CA keys that only OpenSSH can open. */
#ifndef CS_PRIVATEAGENT_H
#define CS_PRIVATEAGENT_H

#include <stddef.h>

struct private_agent;

/* Starts ssh-agent in a folder of ours. It ends, and the folder goes, with
 * private_agent_free or with this process, however that ends. 0 or -errno. */
int private_agent_start(struct private_agent **ret);
void private_agent_free(struct private_agent *a);
const char *private_agent_socket(const struct private_agent *a);
/*
 * Adds the key file with ssh-add, which asks for its passphrase through us, at
 * most ASKPASS_TRIES times. 0; -EACCES: not opened; -ENXIO: nobody to ask;
 * -errno. On failure err is what ssh-add said.
 */
int private_agent_add(struct private_agent *a, const char *path, char *err,
    size_t err_size);

#endif
