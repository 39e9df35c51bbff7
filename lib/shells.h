/* SPDX-License-Identifier: ISC */
/* Which shells start the session wrapper without reading a file of the user's. */
#ifndef CS_SHELLS_H
#define CS_SHELLS_H

#include <stdbool.h>

/* By its path: those that the drop-in's SetEnv line keeps from it. Of others,
 * tcsh and its .tcshrc for one, nobody knows. */
bool is_closed_shell(const char *path);

#endif
