/* SPDX-License-Identifier: ISC */
/* The policy and the KRL in force on this host. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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
	int r = path_write_atomic_group(path, b->p, b->len, mode, group);

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
	const struct group *g = getgrnam(INFORCE_GROUP);

	return g != NULL ? g->gr_gid : (gid_t)-1;
}

/* The file itself last: its rename is what puts it in force. */
int
inforce_put_policy(const struct settings *s, const struct release *r,
    struct conf_error *reterr)
{
	gid_t group = policy_group();
	int e;

	if (group == (gid_t)-1)
		return conf_error(reterr, 0,
		    "there is no group " INFORCE_GROUP
		    ": run systemd-sysusers, or "
		    "/usr/share/countersign/prepare-host");
	e = put_signature(s->policy, &r->files[RELEASE_POLICY_SIG], 0640, group,
	    reterr);
	if (e < 0)
		return e;
	return put(s->policy, &r->files[RELEASE_POLICY], 0640, group, reterr);
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

static int
write_compiled(const char *path, const struct policy *p,
    const struct host_facts *facts, const struct hostpolicy_origin *origin,
    struct conf_error *reterr)
{
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	int r;

	if ((r = hostpolicy_compile(p, facts, origin, &w)) == 0)
		r = path_write_atomic_group(path, w.p, w.len, 0640,
		    policy_group());
	if (r < 0)
		conf_error(reterr, 0,
		    "cannot write '%s' (logins go on, only slower): %s", path,
		    strerror(-r));
	return r;
}

int
inforce_compile(const struct settings *s, const struct policy *p, uid_t trusted,
    struct conf_error *reterr)
{
	AUTO(free) char *path = host_compiled_path(s), *said = NULL;
	AUTO(policy_free) struct policy *own = NULL;
	struct host_facts facts = host_facts(s);
	struct hostpolicy_origin origin;
	struct conf_error e = { 0 };
	struct stat st;
	int r;

	if (path == NULL)
		return conf_error(reterr, 0, "out of memory");
	if (stat(s->policy, &st) < 0) {
		r = -errno;
		conf_error(reterr, 0, "cannot read '%s': %s", s->policy,
		    strerror(-r));
		return r;
	}
	origin = hostpolicy_origin_of(&st);
	if (is_compiled(path, &facts, &origin, trusted))
		return 0;
	if (p == NULL) {
		if ((r = policy_load(s->policy, trusted, &own, &e)) < 0) {
			said = conf_error_text(&e, s->policy);
			conf_error(reterr, 0, "%s",
			    said != NULL ? said : e.what);
			return r;
		}
		p = own;
	}
	return write_compiled(path, p, &facts, &origin, reterr);
}

/* NAME.xxxxxxxx, as path_write_atomic makes them, of our own names only. */
static bool
is_half_written(const char *name)
{
	static const char *const ours[] = { "policy.json", "policy.json.sig",
		"policy.bin", "krl", "krl.sig", "refresh.json" };
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
