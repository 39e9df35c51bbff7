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

/* What a program without a terminal speaks, as far as its files can be seen in
 * what passes. */
enum file_tap {
	FILE_TAP_NONE,
	FILE_TAP_SFTP,
	FILE_TAP_SCP_SINK, /* scp -t: it takes files */
	FILE_TAP_SCP_SOURCE /* scp -f: it has them */
};

/*
 * For a command line that is one simple command: sftp-server, or scp with -t or
 * -f, also behind exec, sudo or doas. *ret_operand is where scp's operands begin
 * in it, else its end. Being wrong costs nothing but a word in the record:
 * whatever else a session is in for does not depend on it.
 */
enum file_tap file_tap_for(const char *command, const char **ret_operand);
/* "sftp", "scp-sink", "scp-source"; NULL, and FILE_TAP_NONE for another text. */
const char *file_tap_name(enum file_tap tap);
enum file_tap file_tap_of(const char *name);

#endif
