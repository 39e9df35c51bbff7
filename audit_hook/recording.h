/* SPDX-License-Identifier: ISC */
/* The keeper's side of a session's record: the file, and the recorder that
 * writes it. */
#ifndef CS_RECORDING_H
#define CS_RECORDING_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "filecopy.h"
#include "recordermsg.h"
#include "settings.h"
#include "uuid.h"

/* Accounts that are asked for once: a login waits for no name service. */
struct recording_owner {
	uid_t uid; /* the recorder's */
	gid_t gid;
	gid_t readers; /* whose group the files are */
};

struct recording_manner {
	bool has_tty;
	bool is_strict;
	bool has_input; /* of a terminal */
	uint64_t max_bytes;
	enum file_tap tap;
	struct recorder_typed *typed; /* before it; NULL: no terminal */
};

struct recording {
	int fd; /* the file; -1: none */
	char path[PATH_MAX];
	int control; /* the recorder's socket; -1: it is gone, or none began */
	int pidfd; /* the recorder; whoever reaps it need not tell */
	uint64_t start_usec; /* since boot */
	uint64_t tx, rx;
	uint64_t not_told; /* file operations */
	uint64_t active_ms; /* since boot: the person's last sign of life */
	enum recorder_end why; /* 0: it has not said */
};

void recording_init(struct recording *r);
/* A new file RecordingDirectory/YYYY/MM/DD/SID.cast whose first line is
 * `header`. 0 or -errno, and then there is none; -ETIMEDOUT: the disk does not
 * answer. */
int recording_create(struct recording *r, const struct settings *host,
    const struct recording_owner *owner, const struct uuid *sid,
    uint64_t now_usec, const char *header);
/* One that another keeper has left: 0 or -errno. */
int recording_reopen(struct recording *r, const char *path,
    uint64_t start_usec);
/* Is its program there? 0 or -errno. */
int recording_can_start(void);
/* Starts the recorder on these descriptors (recordermsg.h), which stay the
 * caller's; control and file are put among them. Without a terminal, what is
 * more than max_bytes of a stream passes unrecorded. 0 or -errno. */
int recording_start(struct recording *r, const struct settings *host,
    const struct recording_owner *owner, int fds[RECORDER_FDS],
    const struct recording_manner *how);
/* What the recorder says: 1 with *ret, whose `op` points into it, 0 for nothing
 * of sense, -ECONNRESET once it is gone. */
int recording_hear(struct recording *r, struct recorder_fileop *ret);
/* Shows text to the person; what a terminal could take amiss is left out. */
void recording_say(const struct recording *r, enum recorder_order_type type,
    const char *text);
/* What an errno of a recording's disk means. */
const char *recording_error(int error);
/* Lets go of it; last_line, of CASTWRITER_ROOM of the text, is what archive(8)
 * is to end the file with: "x" with how the program ended. */
void recording_close(struct recording *r, const char *exit_text,
    char *last_line, size_t size);
/* Lets go of everything; the file stays. */
void recording_clear(struct recording *r);

#endif
