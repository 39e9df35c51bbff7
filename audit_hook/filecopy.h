/* SPDX-License-Identifier: ISC */
/* Does a command line copy files, as clients ask for it? */
#ifndef CS_FILECOPY_H
#define CS_FILECOPY_H

#include <stdbool.h>

/*
 * scp with -t or -f, rsync with --server, or sftp-server, internal-sftp: at the
 * beginning of any of the simple commands in it. This reads no shell: it keeps
 * from accidents who has one (countersign-policy(5), file_copy).
 */
bool is_file_copy(const char *command);

#endif
