/* SPDX-License-Identifier: ISC */
/* The policy and the KRL in force on this host: /var/lib/countersign. */
#ifndef CS_INFORCE_H
#define CS_INFORCE_H

#include "release.h"

/* Where fetch leaves what it brought. */
#define INFORCE_SPOOL	 "/var/lib/countersign/incoming"
#define INFORCE_INCOMING INFORCE_SPOOL "/bundle"

/* The settings' folder; the caller frees; NULL if out of memory. */
char *inforce_dir(const struct settings *s);
/* The policy in force, or NULL. The caller frees. */
struct policy *inforce_policy(const struct settings *s, uid_t trusted);

/* Each replaces by rename and syncs. 0 or -errno with *reterr; then what was in
 * force still is. */
int inforce_put_policy(const struct settings *s, const struct release *r,
    struct conf_error *reterr);
int inforce_put_krl(const struct settings *s, const struct release *r,
    struct conf_error *reterr);
/* policy.bin of the policy in force and this host's labels, unless it is there
 * already. */
int inforce_compile(const struct settings *s, uid_t trusted,
    struct conf_error *reterr);
/* What would be written there now. 0 or -errno with *reterr. */
int inforce_compiled_image(const struct settings *s, uid_t trusted,
    struct writer *ret, struct conf_error *reterr);

/* Is this release's policy what lies there now? */
bool inforce_is(const struct settings *s, const struct release *r);

/* The newest versions that were ever put in force here, also when what is in
 * force has been taken away. 0: none. */
struct inforce_marks {
	uint64_t policy, krl;
};
void inforce_read_marks(const struct settings *s, uid_t trusted,
    struct inforce_marks *ret);
/* 0 or -errno. */
int inforce_raise_marks(const struct settings *s, uint64_t policy,
    uint64_t krl);
/* Removes what a killed predecessor had half written. */
void inforce_tidy(const char *dir);

#endif
