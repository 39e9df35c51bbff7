/* SPDX-License-Identifier: ISC */
/* A lock: who may not log in, whatever roles they hold, for all or until a
 * time (policy.json(5)). */
#ifndef CS_LOCK_H
#define CS_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "jsonread.h"
#include "labelrule.h"

/* What is set has to fit all together; NULL, 0 and no labels are not set. */
struct lock_target {
	char *user; /* key id */
	char *role;
	char *login;
	uint64_t serial;
	char *fingerprint; /* of the certified key: SHA256:... */
	char *host; /* ServerHostname or ServerId */
	struct label_rules labels;
};

struct lock {
	char *name;
	char *reason; /* may be NULL */
	char *updated_by; /* may be NULL */
	uint64_t expires_s; /* 0: never */
	struct lock_target target;
};

struct locks {
	struct lock *v;
	size_t n;
};

#define LOCK_NAMESPACE	    "lock@countersign" /* of a request's SSHSIG */
#define LOCKS_MAX	    100000
#define LOCK_REASON_MAX	    400
#define LOCK_FILE_MAX_BYTES 65536U

jsonread_reader locks_read; /* struct locks: a list, no name twice */
/* One object, as a file of locks.d holds it, added. 0, -ENOMEM, -EINVAL. */
int locks_parse_one(const char *text, size_t len, struct locks *ret,
    struct conf_error *reterr);
void locks_clear(struct locks *l);
const struct lock *locks_find(const struct locks *l, const char *name);
bool lock_target_equal(const struct lock_target *a,
    const struct lock_target *b);
/* The target as JSON, as a policy would write it; the caller decrefs. */
json_t *lock_target_json(const struct lock_target *t);
/* Does it concern this host at all? */
bool lock_is_for_host(const struct lock *l, const struct labels *labels,
    const char *hostname, const char *server_id);

#endif
