/* SPDX-License-Identifier: ISC */
/* install-policy: verifies again what `fetch` brought, as root and without a
 * network, and puts it in force. Any failure leaves the host as it was. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "clock.h"
#include "inforce.h"
#include "release.h"
#include "report.h"

static const char usage[] =
    "usage: install-policy [--compile] [DIR]\n"
    "\n"
    "Puts the policy and the KRL in DIR (default: what countersign-fetch left "
    "in\n"
    "/var/lib/countersign/incoming/bundle) in force: policy.json, "
    "policy.json.sig, krl,\n"
    "krl.sig, signed by a key of /etc/countersign/policy_key.pub, newer than "
    "what is\n"
    "in force. Exit status 0: done, or nothing new; 1: refused, and all is as "
    "it was.\n"
    "\n"
    "  --compile    only compile the policy that is in force for this host's\n"
    "               labels\n"
    "  --help       this text\n";

struct install {
	struct settings *settings;
	const char *dir;
	bool compile_only;
	int lock;
};

DEFINE_AUTO(settings_free, struct settings)
DEFINE_AUTO(policy_free, struct policy)

static int
parse_options(int argc, char **argv, struct install *in)
{
	static const struct option longs[] = {
		{ "compile", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'c') {
			in->compile_only = true;
			continue;
		}
		fputs(usage, c == 'h' ? stdout : stderr);
		return c == 'h' ? 0 : 2;
	}
	if (argc - optind > 1 || (in->compile_only && optind < argc)) {
		fputs(usage, stderr);
		return 2;
	}
	if (optind < argc)
		in->dir = argv[optind];
	return -1;
}

/* One at a time; released by the kernel however we end. */
static int
lock(struct install *in)
{
	AUTO(free) char *dir = inforce_dir(in->settings), *path = NULL;

	if (dir == NULL || asprintf(&path, "%s/.lock", dir) < 0) {
		path = NULL;
		return report_failure("out of memory");
	}
	/* Of root's alone: a folder that others can open they can lock. */
	in->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (in->lock < 0 || flock(in->lock, LOCK_EX) < 0)
		return report_failure("cannot lock '%s': %s", path,
		    strerror(errno));
	inforce_tidy(dir);
	return -1;
}

static int
compile(const struct install *in)
{
	struct conf_error e = { 0 };

	/* Logins go on without it, only slower. */
	if (inforce_compile(in->settings, 0, &e) < 0)
		return report_failure("%s", e.what);
	return 0;
}

static int
put_in_force(const struct install *in, struct release *r)
{
	AUTO(policy_free) struct policy *old = NULL;
	struct conf_error e = { 0 };
	int status;

	if (r->krl_is_new && inforce_put_krl(in->settings, r, &e) < 0)
		return report_failure("%s", e.what);
	if (!r->policy_is_new)
		return compile(in);
	old = inforce_policy(in->settings, 0);
	if (inforce_put_policy(in->settings, r, &e) < 0)
		return report_failure("%s", e.what);
	status = compile(in);
	report_update(in->settings, old, r->policy);
	return status;
}

static int
install(const struct install *in)
{
	AUTO_CLEAR(release_clear) struct release r = { 0 };
	struct conf_error e = { 0 };
	int status;

	if (release_read(in->dir, release_n_wanted(in->settings), false, &r,
		&e) < 0 ||
	    release_verify(&r, in->settings, clock_now_usec() / USEC_PER_SEC, 0,
		&e) < 0)
		return report_failure("%s",
		    e.what[0] != '\0' ? e.what : "out of memory");
	status = put_in_force(in, &r);
	/* Also where only the compiled file could not be written. */
	if (inforce_is(in->settings, &r) &&
	    inforce_raise_marks(in->settings, r.policy->version,
		r.krl_version) < 0)
		return report_failure("cannot note the newest versions");
	return status;
}

int
main(int argc, char **argv)
{
	AUTO(settings_free) struct settings *settings = NULL;
	struct install in = { .dir = INFORCE_INCOMING, .lock = -1 };
	struct conf_error e = { 0 };
	int r;

	umask(022);
	if ((r = parse_options(argc, argv, &in)) >= 0)
		return r;
	if ((settings = settings_load_host(&e)) == NULL)
		return report_failure("%s", e.what);
	in.settings = settings;
	if ((r = lock(&in)) >= 0)
		return r;
	return in.compile_only ? compile(&in) : install(&in);
}
