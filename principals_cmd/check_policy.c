/* SPDX-License-Identifier: ISC */
/* Policy, locks, KRL: can they be used, are they signed, how old are they? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auto.h"
#include "bundle.h"
#include "checks.h"
#include "clock.h"
#include "host.h"
#include "inforce.h"
#include "krl.h"
#include "parse.h"
#include "path.h"
#include "refreshstate.h"

#define SOON_S	      (7 * 86400U)
#define KRL_OLD_S     (30 * 86400U)
#define REFRESH_OLD_S 3600U

DEFINE_AUTO(policy_free, struct policy)
DEFINE_AUTO(krl_free, struct krl)

static uint64_t
now_s(void)
{
	return clock_now_usec() / USEC_PER_SEC;
}

/* In a child that has become the helper's account: what the helper meets. Its
 * words, or nothing, go to `to`. */
static void __attribute__((noreturn))
load_as_helper(const struct passwd *pw, int to)
{
	struct conf_error e = { 0 };
	enum reason reason;
	struct host h;

	if (initgroups(pw->pw_name, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		_exit(2);
	reason = host_load(&h, 0, &e);
	if (reason != REASON_NONE)
		dprintf(to, "%s: %s", reason_name(reason),
		    e.what[0] != '\0' ? e.what : reason_text(reason));
	_exit(0);
}

void
check_helper(struct checkup *c)
{
	const struct passwd *pw = getpwnam("_countersign");
	char words[512] = "it cannot be asked";
	int p[2], status = -1;
	size_t len = 0;
	ssize_t n = 0;
	pid_t pid;

	if (pw != NULL && pipe2(p, O_CLOEXEC) == 0) {
		if ((pid = fork()) == 0)
			load_as_helper(pw, p[1]);
		close(p[1]);
		while (pid > 0 && len < sizeof(words) - 1 &&
		    (n = read(p[0], words + len, sizeof(words) - 1 - len)) > 0)
			len += (size_t)n;
		close(p[0]);
		if (pid > 0)
			(void)waitpid(pid, &status, 0);
	}
	if (len > 0)
		words[len] = '\0';
	/* Anything but silence and success. */
	if (len > 0 || status != 0)
		finding_add(&c->findings, FINDING_HELPER, "%s", words);
}

static void
check_expiry(struct checkup *c, const struct policy *p)
{
	char end[CLOCK_TEXT_MAX];

	if (p->expires_s == 0)
		return;
	clock_rfc3339(p->expires_s, end);
	if (p->expires_s <= now_s())
		finding_add(&c->findings, FINDING_POLICY_EXPIRED,
		    "version %" PRIu64 " has expired at %s", p->version, end);
	else if (p->expires_s - now_s() < SOON_S)
		finding_add(&c->findings, FINDING_POLICY_EXPIRES_SOON,
		    "version %" PRIu64 " expires at %s", p->version, end);
}

static void
check_signature(struct checkup *c)
{
	AUTO_CLEAR(sshkey_list_clear) struct sshkey_list keys = { 0 };
	AUTO(free) char *text = NULL, *sig = NULL, *path = NULL;
	const struct settings *s = c->settings;
	struct conf_error e = { 0 };
	size_t len, sig_len;
	int r;

	if (asprintf(&path, "%s.sig", s->policy) < 0) {
		path = NULL;
		return;
	}
	if (path_read_trusted(s->policy, 0, POLICY_MAX_BYTES, &text, &len) < 0)
		return;
	r = path_read_trusted(path, 0, BUNDLE_SIG_MAX_BYTES, &sig, &sig_len);
	if (r < 0)
		conf_error(&e, 0, "'%s': %s", path, strerror(-r));
	else if ((r = host_load_cas(s->policy_key, 0, &keys, &e)) == 0)
		r = bundle_verify(text, len, sig, POLICY_NAMESPACE, &keys, &e);
	if (r < 0)
		finding_add(&c->findings, FINDING_POLICY_UNSIGNED, "%s",
		    e.what);
}

/* Compiled once more, and compared byte for byte. */
static void
check_compiled(struct checkup *c)
{
	AUTO(free) char *path = host_compiled_path(c->settings), *text = NULL;
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	struct conf_error e = { 0 };
	size_t len;
	int r;

	if (path == NULL || inforce_compiled_image(c->settings, 0, &w, &e) < 0)
		return;
	r = path_read_trusted(path, 0, HOSTPOLICY_MAX_BYTES, &text, &len);
	if (r < 0)
		finding_add(&c->findings, FINDING_POLICY_NOT_COMPILED,
		    "'%s': %s", path,
		    r == -EPERM ? "others than root may write it"
				: strerror(-r));
	else if (len != w.len || memcmp(text, w.p, len) != 0)
		finding_add(&c->findings, FINDING_POLICY_NOT_COMPILED,
		    "'%s' is of another policy or of other labels, or damaged",
		    path);
}

static void
check_refresh(struct checkup *c)
{
	AUTO_CLEAR(refreshstate_clear) struct refreshstate st = { 0 };
	char when[CLOCK_TEXT_MAX];

	if (c->settings->policy_sources.n == 0) {
		finding_add(&c->findings, FINDING_NO_SOURCE,
		    "there is no PolicySource");
		return;
	}
	if (refreshstate_load(c->settings, &st) < 0)
		return;
	if (st.tried_s == 0)
		finding_add(&c->findings, FINDING_REFRESH,
		    "there has been no refresh yet");
	else if (st.error != NULL)
		finding_add(&c->findings, FINDING_REFRESH, "since %s: %s",
		    clock_rfc3339(st.since_s, when), st.error);
	else if (st.tried_s + REFRESH_OLD_S < now_s())
		finding_add(&c->findings, FINDING_REFRESH,
		    "the last refresh was at %s",
		    clock_rfc3339(st.tried_s, when));
}

static void
check_krl(struct checkup *c)
{
	AUTO(krl_free) struct krl *k = NULL;
	AUTO(free) char *text = NULL;
	char when[CLOCK_TEXT_MAX];
	size_t len;
	int r;

	r = path_read_trusted(c->settings->krl, 0, KRL_MAX_BYTES, &text, &len);
	if (r == 0)
		r = krl_parse((const uint8_t *)text, len, &k);
	if (r == 0 && k != NULL && k->has_signature)
		r = -EBADMSG;
	if (r < 0) {
		finding_add(&c->findings, FINDING_KRL, "'%s': %s",
		    c->settings->krl,
		    r == -EBADMSG     ? "damaged"
			: r == -EPERM ? "others than root may write it"
				      : strerror(-r));
		return;
	}
	/* The empty one that ships has no date. */
	if (k != NULL && k->generated != 0 &&
	    k->generated + KRL_OLD_S < now_s())
		finding_add(&c->findings, FINDING_KRL_OLD, "it is of %s",
		    clock_rfc3339(k->generated, when));
}

/* Only a KRL that came from somewhere has a signature. */
static void
check_krl_signature(struct checkup *c)
{
	AUTO_CLEAR(sshkey_list_clear) struct sshkey_list keys = { 0 };
	AUTO(free) char *krl = NULL, *sig = NULL, *path = NULL;
	const struct settings *s = c->settings;
	struct conf_error e = { 0 };
	size_t len, sig_len;
	int r;

	if (s->policy_sources.n == 0 || !s->fetch_krl ||
	    asprintf(&path, "%s.sig", s->krl) < 0) {
		path = NULL;
		return;
	}
	if (path_read_trusted(s->krl, 0, KRL_MAX_BYTES, &krl, &len) < 0)
		return;
	r = path_read_trusted(path, 0, BUNDLE_SIG_MAX_BYTES, &sig, &sig_len);
	if (r < 0)
		conf_error(&e, 0, "'%s': %s", path, strerror(-r));
	else if ((r = host_load_cas(s->policy_key, 0, &keys, &e)) == 0)
		r = bundle_verify(krl, len, sig, KRL_NAMESPACE, &keys, &e);
	if (r < 0)
		finding_add(&c->findings, FINDING_KRL_UNSIGNED, "%s", e.what);
}

/* A file that looks like a lock and is none locks nobody. */
static void
check_lock_names(struct checkup *c, const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t n;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		n = strlen(e->d_name);
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    (e->d_name[0] != '.' && n > 5 &&
			strcmp(e->d_name + n - 5, ".json") == 0))
			continue;
		finding_add(&c->findings, FINDING_LOCKS,
		    "'%s/%s' is no lock: its name does not end in .json", dir,
		    e->d_name);
	}
	closedir(d);
}

static void
check_locks(struct checkup *c)
{
	AUTO_CLEAR(locks_clear) struct locks locks = { 0 };
	AUTO(free) char *dir = host_locks_path(c->settings);
	struct conf_error e = { 0 };
	size_t i;

	if (dir == NULL)
		return;
	if (host_read_locks(dir, 0, &locks, &e) < 0)
		finding_add(&c->findings, FINDING_LOCKS, "%s", e.what);
	for (i = 0; i < locks.n; i++)
		if (!lock_is_for_host(&locks.v[i], &c->settings->labels,
			c->settings->server_hostname, c->settings->server_id))
			finding_add(&c->findings, FINDING_LOCKS_ELSEWHERE,
			    "lock '%s' is for %s", locks.v[i].name,
			    locks.v[i].target.host != NULL
				? locks.v[i].target.host
				: "other labels");
	check_lock_names(c, dir);
}

void
check_policy(struct checkup *c)
{
	AUTO(policy_free) struct policy *p = inforce_policy(c->settings, 0);

	check_helper(c);
	check_locks(c);
	check_krl(c);
	check_krl_signature(c);
	check_refresh(c);
	if (p == NULL)
		return;
	check_expiry(c, p);
	check_signature(c);
	check_compiled(c);
}
