/* SPDX-License-Identifier: ISC */
/* `countersign krl -k` and `-Q`: in the place of ssh-keygen's. */
#ifndef CS_KEYGENKRL_H
#define CS_KEYGENKRL_H

/* argv as ssh-keygen's, [0] the verb. Returns the exit code, ssh-keygen's own:
 * 0, 1 wrong usage or (-Q) revoked, 255 anything else. */
int keygenkrl_run(int argc, char **argv);

#endif
