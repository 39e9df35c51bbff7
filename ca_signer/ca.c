/* SPDX-License-Identifier: ISC */
/* A CA's directory: its keys. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "rotation.h"
#include "subject.h"

static inline void
auto_closedir(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

char *
ca_path(const char *dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

const char *
ca_key_name(enum ca_which which)
{
	static const char *const names[] = { "user_ca", "host_ca",
		"policy_key" };

	return names[which];
}

int
ca_open_key(const char *dir, enum ca_which which, unsigned timeout_s,
    struct cakey **ret, char why[CAKEY_WHY_MAX])
{
	struct cakey_options o = { .timeout_s = timeout_s };
	AUTO(free) char *path = NULL;
	AUTO(free) char *public = NULL;
	int r;

	if ((r = rotation_signing_key(dir, which, &path)) < 0) {
		snprintf(why, CAKEY_WHY_MAX, "%s", strerror(-r));
		return r;
	}
	if (asprintf(&public, "%s.pub", path) < 0) {
		public = NULL;
		snprintf(why, CAKEY_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	o.use_agent = access(path, F_OK) < 0 && errno == ENOENT &&
	    access(public, F_OK) == 0;
	o.path = o.use_agent ? public : path;
	return cakey_open(&o, ret, why);
}

static int
add_public(const char *path, struct sshkey_list *ret)
{
	struct sshkey *v, k = { 0 };
	int r;

	if ((r = subject_load(path, &k)) < 0)
		return r == -ENOENT ? 0 : r;
	if ((v = reallocarray(ret->v, ret->n + 1, sizeof(*v))) == NULL) {
		sshkey_clear(&k);
		return -ENOMEM;
	}
	ret->v = v;
	ret->v[ret->n++] = k;
	return 0;
}

static int
add_named(const char *dir, const char *name, const char *suffix,
    struct sshkey_list *ret)
{
	AUTO(free) char *path = NULL;

	if (asprintf(&path, "%s/%s%s", dir, name, suffix) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return add_public(path, ret);
}

static int
add_retired(const char *dir, const char *name, struct sshkey_list *ret)
{
	AUTO(free) char *folder = ca_path(dir, CA_RETIRED);
	AUTO(closedir) DIR *d = folder != NULL ? opendir(folder) : NULL;
	struct dirent *e;
	int r = 0;

	while (d != NULL && r == 0 && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, name, strlen(name)) == 0)
			r = add_named(folder, e->d_name, "", ret);
	return r;
}

int
ca_public_keys(const char *dir, enum ca_which which, bool is_retired_too,
    struct sshkey_list *ret)
{
	const char *name = ca_key_name(which);
	int r;

	if ((r = add_named(dir, name, ".pub", ret)) < 0 ||
	    (r = add_named(dir, name, CA_NEXT ".pub", ret)) < 0)
		return r;
	return is_retired_too ? add_retired(dir, name, ret) : 0;
}
