/* SPDX-License-Identifier: ISC */
/* What a source gives to hosts, read and verified. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "bundle.h"
#include "clock.h"
#include "host.h"
#include "inforce.h"
#include "krl.h"
#include "path.h"
#include "release.h"

DEFINE_AUTO(krl_free, struct krl)

static const struct {
	const char *name;
	size_t max_bytes;
} files[RELEASE_FILES] = {
	[RELEASE_POLICY] = { "policy.json", POLICY_MAX_BYTES },
	[RELEASE_POLICY_SIG] = { "policy.json.sig", BUNDLE_SIG_MAX_BYTES },
	[RELEASE_KRL] = { "krl", KRL_MAX_BYTES },
	[RELEASE_KRL_SIG] = { "krl.sig", BUNDLE_SIG_MAX_BYTES },
};

const char *
release_name(enum release_file file)
{
	return files[file].name;
}

size_t
release_max_bytes(enum release_file file)
{
	return files[file].max_bytes;
}

size_t
release_n_wanted(const struct settings *s)
{
	return s->fetch_krl ? RELEASE_FILES : RELEASE_KRL;
}

/* A pipe or a device in the place of a file must not hold us up. */
static int
open_regular(int dir, const char *name, int flags, FILE **ret)
{
	AUTO(close)
	int fd = openat(dir, name,
	    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((*ret = fdopen(fd, "re")) == NULL)
		return -errno;
	fd = -1;
	return 0;
}

static const char *
words_of(int r)
{
	switch (r) {
	case -EFBIG:
		return "larger than it may be";
	case -EINVAL:
		return "not a file";
	case -ELOOP:
		return "a symbolic link";
	default:
		return strerror(-r);
	}
}

static int
read_one(int dir, enum release_file file, int flags, struct release_bytes *ret)
{
	AUTO(fclose) FILE *f = NULL;
	int r = open_regular(dir, files[file].name, flags, &f);

	return r < 0 ? r
		     : path_read(f, files[file].max_bytes, &ret->p, &ret->len);
}

int
release_read(const char *dir, size_t n_wanted, bool with_links,
    struct release *ret, struct conf_error *reterr)
{
	int flags = with_links ? 0 : O_NOFOLLOW, r;
	AUTO(close)
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	size_t i;

	if (fd < 0) {
		r = -errno;
		conf_error(reterr, 0, "cannot read '%s': %s", dir,
		    strerror(-r));
		return r;
	}
	for (i = 0; i < n_wanted; i++) {
		r = read_one(fd, (enum release_file)i, flags, &ret->files[i]);
		if (r < 0) {
			conf_error(reterr, 0, "cannot read '%s/%s': %s", dir,
			    files[i].name, words_of(r));
			return r;
		}
	}
	return 0;
}

static int
load_keys(const struct settings *s, uid_t trusted, struct sshkey_list *ret,
    struct conf_error *reterr)
{
	int r = host_load_cas(s->policy_key, trusted, ret, reterr);

	if (r == 0 && ret->n == 0)
		return conf_error(reterr, 0,
		    "there is no key in '%s': put the CA's policy_key.pub "
		    "there",
		    s->policy_key);
	return r;
}

/* Something that has no reason of its own to give gets a name. */
static int
prefixed(int r, const char *name, struct conf_error *e)
{
	AUTO(free) char *text = NULL;

	if (r == -EINVAL && (text = conf_error_text(e, name)) != NULL)
		conf_error(e, 0, "%s", text);
	return r;
}

static int
verify_signature(const struct release *r, enum release_file file,
    const char *name_space, const struct sshkey_list *keys,
    struct conf_error *reterr)
{
	const struct release_bytes *b = &r->files[file];
	const struct release_bytes *sig = &r->files[file + 1];

	return prefixed(bundle_verify(b->p, b->len, sig->p, name_space, keys,
			    reterr),
	    release_name((enum release_file)(file + 1)), reterr);
}

static bool
same_bytes(const struct release_bytes *a, const struct release_bytes *b)
{
	return a->len == b->len && a->p != NULL && b->p != NULL &&
	    memcmp(a->p, b->p, a->len) == 0;
}

/* Absent is fine: this is the first. One that cannot be read at all is
 * replaced as well, since it lets nobody in; then nothing is known of it. */
static int
read_present(const char *path, uid_t trusted, size_t max_bytes,
    struct release_bytes *ret)
{
	int r = path_read_trusted(path, trusted, max_bytes, &ret->p, &ret->len);

	return r == -ENOMEM ? r : 0;
}

static int
compare_policy(struct release *r, const struct release_bytes *present,
    uint64_t newest, struct conf_error *reterr)
{
	struct conf_error ignored;
	struct policy *old = NULL;
	int e;

	r->policy_is_new = !same_bytes(&r->files[RELEASE_POLICY], present);
	if (r->policy->version < newest)
		return conf_error(reterr, 0,
		    "policy.json: version %" PRIu64 " is older than %" PRIu64
		    ", which was in force",
		    r->policy->version, newest);
	if (present->p == NULL)
		return 0;
	e = policy_parse(present->p, present->len, &old, &ignored);
	if (e < 0)
		return e == -ENOMEM ? e : 0;
	r->previous_version = old->version;
	policy_free(old);
	if (!r->policy_is_new || r->policy->version > r->previous_version)
		return 0;
	if (r->policy->version == r->previous_version)
		return conf_error(reterr, 0,
		    "policy.json: another policy with version %" PRIu64
		    ", which is in force",
		    r->policy->version);
	return conf_error(reterr, 0,
	    "policy.json: version %" PRIu64 " is older than %" PRIu64
	    ", which is in force",
	    r->policy->version, r->previous_version);
}

static int
verify_policy(struct release *r, const struct settings *s, uint64_t now_s,
    uid_t trusted, const struct sshkey_list *keys, struct conf_error *reterr)
{
	const struct release_bytes *b = &r->files[RELEASE_POLICY];
	struct release_bytes present = { 0 };
	struct inforce_marks marks;
	char end[CLOCK_TEXT_MAX];
	int e;

	inforce_read_marks(s, trusted, &marks);

	if ((e = verify_signature(r, RELEASE_POLICY, POLICY_NAMESPACE, keys,
		 reterr)) < 0)
		return e;
	e = policy_parse(b->p, b->len, &r->policy, reterr);
	if (e < 0)
		return prefixed(e, "policy.json", reterr);
	if ((e = read_present(s->policy, trusted, POLICY_MAX_BYTES,
		 &present)) == 0)
		e = compare_policy(r, &present, marks.policy, reterr);
	free(present.p);
	/* One that is in force may have expired: that is StalePolicy's. */
	if (e == 0 && r->policy_is_new && r->policy->expires_s != 0 &&
	    r->policy->expires_s <= now_s)
		return conf_error(reterr, 0,
		    "policy.json: version %" PRIu64 " has expired at %s",
		    r->policy->version,
		    clock_rfc3339(r->policy->expires_s, end));
	return e;
}

static int
krl_version_of(const struct release_bytes *b, uint64_t *ret)
{
	AUTO(krl_free) struct krl *k = NULL;
	int r = krl_parse((const uint8_t *)b->p, b->len, &k);

	if (r == 0 && k->has_signature)
		return -EBADMSG;
	if (r == 0)
		*ret = k->version;
	return r;
}

static int
compare_krl(struct release *r, const struct release_bytes *present,
    uint64_t newest, struct conf_error *reterr)
{
	uint64_t old = 0;
	int e;

	r->krl_is_new = !same_bytes(&r->files[RELEASE_KRL], present);
	if (r->krl_version < newest)
		return conf_error(reterr, 0,
		    "krl: version %" PRIu64 " is older than %" PRIu64
		    ", which was in force",
		    r->krl_version, newest);
	if (!r->krl_is_new || present->p == NULL)
		return 0;
	if ((e = krl_version_of(present, &old)) < 0)
		return e == -ENOMEM ? e : 0;
	if (r->krl_version > old)
		return 0;
	return conf_error(reterr, 0,
	    "krl: version %" PRIu64 " is not newer than %" PRIu64
	    ", which is in force",
	    r->krl_version, old);
}

static int
verify_krl(struct release *r, const struct settings *s, uid_t trusted,
    const struct sshkey_list *keys, struct conf_error *reterr)
{
	struct release_bytes present = { 0 };
	struct inforce_marks marks;
	int e;

	inforce_read_marks(s, trusted, &marks);
	if ((e = verify_signature(r, RELEASE_KRL, KRL_NAMESPACE, keys,
		 reterr)) < 0)
		return e;
	e = krl_version_of(&r->files[RELEASE_KRL], &r->krl_version);
	if (e == -EBADMSG)
		return conf_error(reterr, 0,
		    "krl: damaged, or with a signature inside: sshd would "
		    "refuse everybody");
	if (e == 0)
		e = read_present(s->krl, trusted, KRL_MAX_BYTES, &present);
	if (e == 0)
		e = compare_krl(r, &present, marks.krl, reterr);
	free(present.p);
	return e;
}

int
release_verify(struct release *r, const struct settings *s, uint64_t now_s,
    uid_t trusted, struct conf_error *reterr)
{
	AUTO_CLEAR(sshkey_list_clear) struct sshkey_list keys = { 0 };
	int e;

	if ((e = load_keys(s, trusted, &keys, reterr)) < 0)
		return e == -ENOMEM ? e : -EINVAL;
	if ((e = verify_policy(r, s, now_s, trusted, &keys, reterr)) < 0)
		return e;
	if (r->files[RELEASE_KRL].p == NULL)
		return 0;
	return verify_krl(r, s, trusted, &keys, reterr);
}

void
release_clear(struct release *r)
{
	size_t i;

	for (i = 0; i < RELEASE_FILES; i++)
		free(r->files[i].p);
	policy_free(r->policy);
	*r = (struct release){ 0 };
}
