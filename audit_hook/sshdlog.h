/* SPDX-License-Identifier: ISC */
/* What sshd's own log lines say of a certificate that it refused by itself. */
#ifndef CS_SSHDLOG_H
#define CS_SSHDLOG_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "decide.h"

#define SSHDLOG_TEXT_MAX    1024
#define SSHDLOG_PENDING_MAX 256

/* Who wrote a line. A pid may come again, which its start tells; a process that
 * has ended since has none any more (0), and is taken for the last of its pid. */
struct sshdlog_process {
	pid_t pid;
	uint64_t start_ticks;
};

/* sshd gives the reason in one line and the certificate in the next: what each
 * process said last is kept until then. The oldest is forgotten first. */
struct sshdlog {
	struct {
		struct sshdlog_process process;
		enum reason reason;
	} pending[SSHDLOG_PENDING_MAX];
	size_t next;
};

/* One refusal. Texts that the line did not have are empty. */
struct sshd_refusal {
	enum reason reason; /* REASON_NONE: sshd gave none */
	char login[SSHDLOG_TEXT_MAX];
	char user[SSHDLOG_TEXT_MAX]; /* the key id */
	char address[SSHDLOG_TEXT_MAX]; /* "192.0.2.1:50222" */
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	char ca_fingerprint[SSHKEY_FINGERPRINT_MAX];
	uint64_t serial;
};

/*
 * Takes one message of a process. 1: *ret is a refusal. 0: nothing to report,
 * which is also said of one that `principals` has reported itself. Text in the
 * message is hostile: names may hold anything that sshd's words are made of.
 */
int sshdlog_line(struct sshdlog *log, struct sshdlog_process process,
    const char *message, struct sshd_refusal *ret);

#endif
