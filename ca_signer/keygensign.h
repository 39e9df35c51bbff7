/* SPDX-License-Identifier: ISC */
/* `countersign sign -s`: in the place of `ssh-keygen -s`. */
#ifndef CS_KEYGENSIGN_H
#define CS_KEYGENSIGN_H

/* argv as ssh-keygen's, [0] the verb. Returns the exit code, ssh-keygen's own:
 * 0, 1 wrong usage, 255 anything else. */
int keygensign_run(int argc, char **argv);

#define KEYGEN_USAGE 1
#define KEYGEN_FATAL 255

#endif
