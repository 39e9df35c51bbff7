/* SPDX-License-Identifier: ISC */
/* A policy compiled for one host: what a login asks, in one image that is read
 * without parsing the rest (docs/FORMATS.md, policy.bin). */
#ifndef CS_HOSTPOLICY_H
#define CS_HOSTPOLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "policy.h"
#include "wire.h"

#define HOSTPOLICY_MAX_BYTES  (64U * 1024U * 1024U)
#define HOSTPOLICY_DIGEST_LEN 32

/* What of the host the image depends on. Borrowed. */
struct host_facts {
	const struct labels *labels;
	const char *hostname, *server_id;
};

/* The file that the image was made from: another one, or a change of any kind
 * (ctime cannot be set), another image. */
struct hostpolicy_origin {
	uint64_t size, ctime_ns, inode;
};
struct hostpolicy_origin hostpolicy_origin_of(const struct stat *st);

struct hostpolicy {
	const uint8_t *p;
	size_t len;
	bool is_mapped; /* else the bytes are on the heap, or others' */
	bool is_owned;
	uint64_t version;
	uint64_t expires_s; /* 0: never */
	uint32_t lock_kinds; /* of which there is any lock at all */
	uint32_t n_buckets;
	const uint8_t *buckets; /* offsets, n_buckets + 1 of them */
	uint8_t facts[HOSTPOLICY_DIGEST_LEN];
	struct hostpolicy_origin origin;
};

/* Appends the image to ret, whose max_bytes is set here. 0, -ENOMEM,
 * -EMSGSIZE. */
int hostpolicy_compile(const struct policy *p, const struct host_facts *facts,
    const struct hostpolicy_origin *origin, struct writer *ret);

/* Another origin for an image that was compiled before its file was in place. */
void hostpolicy_stamp(struct writer *image,
    const struct hostpolicy_origin *origin);

/* Checks the head; -EBADMSG. The bytes are borrowed. */
int hostpolicy_open(const uint8_t *p, size_t len, struct hostpolicy *ret);
/* Compiles in memory, which the result owns. */
int hostpolicy_make(const struct policy *p, const struct host_facts *facts,
    struct hostpolicy *ret);
/* Maps a file that only root or `trusted` could have written. -errno,
 * -EBADMSG. */
int hostpolicy_map(const char *path, uid_t trusted, struct hostpolicy *ret);
/* Looks at every sum, which logins do not: 0 or -EBADMSG. */
int hostpolicy_check(const struct hostpolicy *h);
void hostpolicy_clear(struct hostpolicy *h);
/* Is it of these facts and of this file (NULL: of any)? */
bool hostpolicy_is_of(const struct hostpolicy *h,
    const struct host_facts *facts, const struct hostpolicy_origin *origin);

/* A role, as far as it concerns this host. The readers are over the image. */
struct host_role {
	bool is_for_host; /* else there are no logins and no options */
	bool is_denied; /* by a label of this host */
	struct reader deny_logins, allow_logins; /* wire strings */
	struct reader options; /* role_options_parse */
};
/* 0; -ENOENT: the policy has none; -EBADMSG: the image is damaged. */
int hostpolicy_role(const struct hostpolicy *h, const char *name,
    struct host_role *ret);

/* By what a lock is found: the narrowest thing that its target names. */
enum lock_key {
	LOCK_BY_SERIAL = 's',
	LOCK_BY_FINGERPRINT = 'f',
	LOCK_BY_USER = 'u',
	LOCK_BY_LOGIN = 'l',
	LOCK_BY_ROLE = 'R',
	LOCK_BY_NOTHING = '*'
};
/* One of the locks at a key; empty readers are not set. */
struct host_lock {
	struct reader name, reason;
	uint64_t expires_s, serial;
	struct reader user, role, login, fingerprint;
};
/* The locks at that key, to be read with hostpolicy_next_lock. 0, -ENOENT,
 * -EBADMSG. */
int hostpolicy_locks(const struct hostpolicy *h, enum lock_key kind,
    const char *key, struct reader *ret);
/* 1 and the next, 0 at the end, -EBADMSG. */
int hostpolicy_next_lock(struct reader *locks, struct host_lock *ret);

#endif
