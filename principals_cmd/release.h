/* SPDX-License-Identifier: ISC */
/* What a source gives to hosts: policy and KRL, each with its signature. */
#ifndef CS_RELEASE_H
#define CS_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "settings.h"

enum release_file {
	RELEASE_POLICY,
	RELEASE_POLICY_SIG,
	RELEASE_KRL,
	RELEASE_KRL_SIG,
	RELEASE_FILES
};

struct release_bytes {
	char *p; /* NUL-terminated; NULL: there is none */
	size_t len;
};

struct release {
	struct release_bytes files[RELEASE_FILES];
	/* After release_verify: */
	struct policy *policy;
	uint64_t krl_version;
	uint64_t previous_version; /* of the policy in force; 0: none */
	bool policy_is_new, krl_is_new; /* than what is in force */
};

/* "policy.json", ... in a source and in the folder it is handed over in. */
const char *release_name(enum release_file file);
/* The most that such a file may have. */
size_t release_max_bytes(enum release_file file);
/* How many of the files this host wants: without the KRL, the first two. */
size_t release_n_wanted(const struct settings *s);

/* Into a zeroed one, to be cleared on failure as well. 0 or -errno with *reterr:
 * regular files only, and never more than they may have. Without with_links no
 * symbolic link is followed: for root, in a folder of another's. */
int release_read(const char *dir, size_t n_wanted, bool with_links,
    struct release *ret, struct conf_error *reterr);
/*
 * Could it be put in force here: signed by one of the host's policy keys, not
 * older than what is in force, not expired, a KRL that sshd reads? 0, -ENOMEM,
 * or -EINVAL with *reterr. What is in force has to be root's or `trusted`'s.
 */
int release_verify(struct release *r, const struct settings *s, uint64_t now_s,
    uid_t trusted, struct conf_error *reterr);
void release_clear(struct release *r);

#endif
