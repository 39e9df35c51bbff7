/* SPDX-License-Identifier: ISC */
/* What somebody did to a file over SFTP or scp, as the recorder tells it to the
 * keeper. */
#ifndef CS_FILEOP_H
#define CS_FILEOP_H

#include <stddef.h>
#include <stdint.h>

/* The longest text of an operation: PATH_MAX and what shows that it is more. */
#define FILEOP_TEXT_MAX 4100

enum fileop_action {
	FILEOP_OPEN = 1,
	FILEOP_CLOSE,
	FILEOP_READ,
	FILEOP_WRITE,
	FILEOP_LSTAT,
	FILEOP_FSTAT,
	FILEOP_SETSTAT,
	FILEOP_FSETSTAT,
	FILEOP_OPENDIR,
	FILEOP_READDIR,
	FILEOP_REMOVE,
	FILEOP_MKDIR,
	FILEOP_RMDIR,
	FILEOP_REALPATH,
	FILEOP_STAT,
	FILEOP_RENAME,
	FILEOP_READLINK,
	FILEOP_SYMLINK,
	FILEOP_LINK,
	FILEOP_COPY, /* copy-data */
	FILEOP_EXTENDED, /* a request of another name */
	FILEOP_UPLOAD, /* scp */
	FILEOP_DOWNLOAD,
	FILEOP_LOST, /* not an operation: what passes is not followed any more,
		      * and `message` says why */
	FILEOP_ACTIONS
};

enum fileop_attribute {
	FILEOP_HAS_SIZE = 1,
	FILEOP_HAS_OWNER = 2,
	FILEOP_HAS_PERMISSIONS = 4,
	FILEOP_HAS_TIMES = 8
};

/* Which of the texts. */
enum fileop_text_name {
	FILEOP_PATH,
	FILEOP_TARGET, /* the name that is made: rename, symlink, link, copy;
			* what a name stands for: realpath, readlink */
	FILEOP_MESSAGE, /* an error in the other side's words; a name */
	FILEOP_TEXTS
};

struct fileop_text {
	const uint8_t *p;
	size_t n;
};

struct fileop {
	uint8_t action;
	/* No bools: what comes from a process that is not trusted is any byte.
	 */
	uint8_t has_failed;
	uint8_t is_unanswered; /* whether it has is not known */
	uint8_t is_cut; /* a text was longer than is told */
	uint8_t is_directory; /* close */
	uint8_t
	    is_senders; /* scp: `message` is of the side that has the file */
	uint8_t attributes; /* FILEOP_HAS_* */
	uint32_t flags; /* of open: SSH_FXF_* */
	uint32_t status; /* SSH_FX_*, if it has failed */
	uint32_t owner, group, permissions;
	uint32_t accessed_s, modified_s; /* since 1970 */
	uint64_t size;
	uint64_t bytes_read, bytes_written; /* close, upload, download */
	struct fileop_text texts[FILEOP_TEXTS];
};

/* Takes one; what it points to is borrowed. */
typedef void fileop_teller(void *context, const struct fileop *op);

#endif
