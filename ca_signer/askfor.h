/* SPDX-License-Identifier: ISC */
/* The options that `sign --ca` and `host` share. */
#ifndef CS_ASKFOR_H
#define CS_ASKFOR_H

#include <getopt.h>

#include "issue.h"

struct askfor {
	struct issuer is;
	struct wanted wanted;
	const char *batch, *out;
};

enum {
	OPT_CA = 256,
	OPT_USER,
	OPT_ROLE,
	OPT_HOSTNAME,
	OPT_TTL,
	OPT_PROFILE,
	OPT_PRINCIPAL,
	OPT_BATCH,
	OPT_CONNECTOR_ID,
	OPT_MFA,
	OPT_CLAIMS,
	OPT_REQUEST_ID,
	OPT_REASON,
	OPT_CLIENT_IP,
	OPT_AGENT_TIMEOUT,
	OPT_ALLOW_UNKNOWN_TYPE,
	OPT_JSON,
	OPT_HELP
};

/* Takes the option with its argument. An exit code that has been explained, -1
 * when it was taken, -2 when it is none of these. */
int askfor_option(int c, const char *arg, struct askfor *a);
void askfor_clear(struct askfor *a);
/* The key files, or the batch. Returns the exit code. */
int askfor_run(struct askfor *a, char **paths, size_t n);

#endif
