/* SPDX-License-Identifier: ISC */
/* What a host lets rules do: countersign-respond(5). */
#ifndef CS_RESPONDCONF_H
#define CS_RESPONDCONF_H

#include <jansson.h>

#include "conf.h"
#include "strv.h"

#define RESPOND_FILE_MAX (256U * 1024U)

struct respondconf {
	struct strv enforce; /* "end", "lock", "run"; none: all is only said */
	struct strv rules; /* globs over ids, one of which fits; none: any */
	struct strv exempt; /* globs over users and logins */
	uint64_t max_age_s; /* of an alert */
	uint64_t max_lock_s;
	uint64_t max_locks; /* of ours at a time */
	uint64_t max_ends; /* an hour */
	json_t *commands; /* name to list of words; NULL: none */
	char *run_as; /* whose account commands run under */
	char *request_dir, *request_key; /* of lock requests; NULL: none */
};

/* From a file that only root can have written; where there is none, nothing is
 * enforced. 0, -errno, or -EINVAL with what is wrong. The caller clears. */
int respondconf_read(const char *path, struct respondconf *ret,
    struct conf_error *reterr);
void respondconf_clear(struct respondconf *c);

#endif
