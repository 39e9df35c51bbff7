/* SPDX-License-Identifier: ISC */
/* The policy and the KRL in force on this host. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "host.h"
#include "inforce.h"
#include "path.h"

DEFINE_AUTO(policy_free, struct policy)

char *
inforce_dir(const struct settings *s)
{
	return strndup(s->policy,
	    (size_t)(strrchr(s->policy, '/') - s->policy));
}

struct policy *
inforce_policy(const struct settings *s, uid_t trusted)
{
	struct conf_error ignored;
	struct policy *p = NULL;

	return policy_load(s->policy, trusted, &p, &ignored) == 0 ? p : NULL;
}

static int
put(const char *path, const struct release_bytes *b, mode_t mode, gid_t group,
    struct conf_error *reterr)
{
	int r = path_write_atomic_group(path, b->p, b->len, mode, group, 0);

	if (r < 0)
		conf_error(reterr, 0, "cannot write '%s': %s", path,
		    strerror(-r));
	return r;
}

static int
put_signature(const char *of, const struct release_bytes *b, mode_t mode,
    gid_t group, struct conf_error *reterr)
{
	AUTO(free) char *path = NULL;

	if (asprintf(&path, "%s.sig", of) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return put(path, b, mode, group, reterr);
}

static gid_t
policy_group(void)
{
	const struct group *g = getgrnam(HOST_GROUP);

	return g != NULL ? g->gr_gid : (gid_t)-1;
}

/* What was compiled beforehand, as soon as the file is there: a login that came
 * in between would read the whole policy. If others have put another file there
 * meanwhile, it is not of that, and inforce_compile will see to it. */
static int
put_compiled(const struct settings *s, const struct release_bytes *policy,
    struct writer *image, struct conf_error *reterr)
{
	AUTO(free) char *path = host_compiled_path(s), *text = NULL;
	AUTO(fclose) FILE *f = NULL;
	struct hostpolicy_origin origin;
	struct stat st;
	size_t len;
	int r;

	/* fstat first: a change after it leaves a stamp of no file. */
	if (path == NULL || path_open_trusted(s->policy, 0, &f) < 0 ||
	    fstat(fileno(f), &st) < 0 ||
	    path_read(f, POLICY_MAX_BYTES, &text, &len) < 0)
		return conf_error(reterr, 0, "cannot read '%s' again",
		    s->policy);
	if (len != policy->len || memcmp(text, policy->p, len) != 0)
		return 0;
	origin = hostpolicy_origin_of(&st);
	hostpolicy_stamp(image, &origin);
	r = path_write_atomic_group(path, image->p, image->len, 0640,
	    policy_group(), 0);
	if (r < 0)
		conf_error(reterr, 0,
		    "cannot write '%s' (logins go on, only slower): %s", path,
		    strerror(-r));
	return r;
}

/* The file itself last: its rename is what puts it in force. */
int
inforce_put_policy(const struct settings *s, const struct release *r,
    struct conf_error *reterr)
{
	AUTO_CLEAR(writer_clear) struct writer image = WRITER_INIT;
	struct hostpolicy_origin later = { 0 };
	struct host_facts facts = host_facts(s);
	gid_t group = policy_group();
	int e;

	if (group == (gid_t)-1)
		return conf_error(reterr, 0,
		    "there is no group " HOST_GROUP
		    ": run systemd-sysusers, or "
		    "/usr/share/countersign/prepare-host");
	e = hostpolicy_compile(r->policy, &facts, &later, &image);
	if (e < 0) {
		conf_error(reterr, 0, "cannot compile the policy: %s",
		    strerror(-e));
		return e;
	}
	if ((e = put_signature(s->policy, &r->files[RELEASE_POLICY_SIG], 0640,
		 group, reterr)) < 0 ||
	    (e = put(s->policy, &r->files[RELEASE_POLICY], 0640, group,
		 reterr)) < 0)
		return e;
	/* It is in force; that it is slow is said by inforce_compile. */
	(void)put_compiled(s, &r->files[RELEASE_POLICY], &image, reterr);
	return 0;
}

int
inforce_put_krl(const struct settings *s, const struct release *r,
    struct conf_error *reterr)
{
	int e = put_signature(s->krl, &r->files[RELEASE_KRL_SIG], 0644,
	    (gid_t)-1, reterr);

	if (e < 0)
		return e;
	return put(s->krl, &r->files[RELEASE_KRL], 0644, (gid_t)-1, reterr);
}

static bool
is_compiled(const char *path, const struct host_facts *facts,
    const struct hostpolicy_origin *origin, uid_t trusted)
{
	struct hostpolicy h;
	bool is_of;

	if (hostpolicy_map(path, trusted, &h) < 0)
		return false;
	is_of =
	    hostpolicy_is_of(&h, facts, origin) && hostpolicy_check(&h) == 0;
	hostpolicy_clear(&h);
	return is_of;
}

/* The policy, and which file these very bytes are of: asked of the descriptor,
 * since the name may be given to another file at any time. */
static int
read_source(const struct settings *s, uid_t trusted, struct policy **ret,
    struct hostpolicy_origin *ret_origin, struct conf_error *reterr)
{
	AUTO(fclose) FILE *f = NULL;
	AUTO(free) char *text = NULL, *said = NULL;
	struct conf_error e = { 0 };
	struct stat before, after;
	size_t len;
	int r;

	if ((r = path_open_trusted(s->policy, trusted, &f)) < 0 ||
	    (r = fstat(fileno(f), &before) < 0 ? -errno : 0) < 0 ||
	    (r = path_read(f, POLICY_MAX_BYTES, &text, &len)) < 0 ||
	    (r = fstat(fileno(f), &after) < 0 ? -errno : 0) < 0) {
		conf_error(reterr, 0, "cannot read '%s': %s", s->policy,
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
		return r;
	}
	*ret_origin = hostpolicy_origin_of(&before);
	if (before.st_ctim.tv_sec != after.st_ctim.tv_sec ||
	    before.st_ctim.tv_nsec != after.st_ctim.tv_nsec)
		return conf_error(reterr, 0, "'%s' is being changed",
		    s->policy);
	if ((r = policy_parse(text, len, ret, &e)) < 0) {
		said = conf_error_text(&e, s->policy);
		conf_error(reterr, 0, "%s", said != NULL ? said : e.what);
	}
	return r;
}

int
inforce_compiled_image(const struct settings *s, uid_t trusted,
    struct writer *ret, struct conf_error *reterr)
{
	AUTO(policy_free) struct policy *p = NULL;
	struct host_facts facts = host_facts(s);
	struct hostpolicy_origin origin;
	int r;

	if ((r = read_source(s, trusted, &p, &origin, reterr)) < 0)
		return r;
	if ((r = hostpolicy_compile(p, &facts, &origin, ret)) < 0)
		conf_error(reterr, 0, "cannot compile the policy: %s",
		    strerror(-r));
	return r;
}

int
inforce_compile(const struct settings *s, uid_t trusted,
    struct conf_error *reterr)
{
	AUTO(free) char *path = host_compiled_path(s);
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	struct host_facts facts = host_facts(s);
	struct hostpolicy_origin origin;
	struct stat st;
	int r;

	if (path == NULL)
		return conf_error(reterr, 0, "out of memory");
	if (stat(s->policy, &st) == 0) {
		origin = hostpolicy_origin_of(&st);
		if (is_compiled(path, &facts, &origin, trusted))
			return 0;
	}
	if ((r = inforce_compiled_image(s, trusted, &w, reterr)) < 0)
		return r;
	r = path_write_atomic_group(path, w.p, w.len, 0640, policy_group(), 0);
	if (r < 0)
		conf_error(reterr, 0,
		    "cannot write '%s' (logins go on, only slower): %s", path,
		    strerror(-r));
	return r;
}

bool
inforce_is(const struct settings *s, const struct release *r)
{
	const struct release_bytes *b = &r->files[RELEASE_POLICY];
	AUTO(free) char *text = NULL;
	size_t len;

	return path_read_trusted(s->policy, 0, POLICY_MAX_BYTES, &text, &len) ==
	    0 &&
	    len == b->len && memcmp(text, b->p, len) == 0;
}

static char *
marks_path(const struct settings *s)
{
	AUTO(free) char *dir = inforce_dir(s);
	char *path;

	if (dir == NULL || asprintf(&path, "%s/versions.json", dir) < 0)
		return NULL;
	return path;
}

static uint64_t
mark_of(const json_t *doc, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(doc, key));

	return n > 0 ? (uint64_t)n : 0;
}

void
inforce_read_marks(const struct settings *s, uid_t trusted,
    struct inforce_marks *ret)
{
	AUTO(free) char *path = marks_path(s), *text = NULL;
	json_auto_t *doc = NULL;
	size_t len;

	*ret = (struct inforce_marks){ 0 };
	if (path == NULL ||
	    path_read_trusted(path, trusted, 4096, &text, &len) < 0)
		return;
	doc = json_loadb(text, len, 0, NULL);
	ret->policy = mark_of(doc, "policy");
	ret->krl = mark_of(doc, "krl");
}

int
inforce_raise_marks(const struct settings *s, uint64_t policy, uint64_t krl)
{
	AUTO(free) char *path = marks_path(s), *text = NULL;
	json_auto_t *doc = NULL;
	struct inforce_marks m;

	inforce_read_marks(s, 0, &m);
	if (policy <= m.policy && krl <= m.krl)
		return 0;
	doc = json_pack("{s:I, s:I}", "policy",
	    (json_int_t)(policy > m.policy ? policy : m.policy), "krl",
	    (json_int_t)(krl > m.krl ? krl : m.krl));
	if (path == NULL || doc == NULL ||
	    (text = json_dumps(doc, JSON_COMPACT)) == NULL)
		return -ENOMEM;
	return path_write_atomic(path, text, strlen(text), 0644, 0);
}

/* NAME.xxxxxxxx, as path_write_atomic makes them, of our own names only. */
static bool
is_half_written(const char *name)
{
	static const char *const ours[] = { "policy.json", "policy.json.sig",
		"policy.bin", "krl", "krl.sig", "refresh.json",
		"versions.json" };
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		n = strlen(ours[i]);
		if (strncmp(name, ours[i], n) == 0 && name[n] == '.' &&
		    strlen(name + n + 1) == 8 &&
		    strspn(name + n + 1, "0123456789abcdef") == 8)
			return true;
	}
	return false;
}

void
inforce_tidy(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (is_half_written(e->d_name))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}
