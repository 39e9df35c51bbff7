/* SPDX-License-Identifier: ISC */
/* countersign policy lock: what a host asks for becomes a lock of the policy. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "bundle.h"
#include "clock.h"
#include "host.h"
#include "input.h"
#include "lock.h"
#include "policyfile.h"
#include "policyfmt.h"
#include "show.h"
#include "verbs.h"

static const char usage[] =
    "usage: countersign policy lock --key FILE [-w] [-q] POLICY REQUEST...\n"
    "\n"
    "Adds the locks that detectors request to the policy, raises its version, and\n"
    "prints it. Each REQUEST has to be signed (in REQUEST.sig) by one of the keys,\n"
    "and to end some time; what has ended is passed over. Exit status 1: one is not\n"
    "taken, and nothing is changed.\n"
    "\n"
    "  --key FILE    the keys of detectors, one a line\n"
    "  -w, --write   replace POLICY instead of printing it\n"
    "  -q, --quiet   no word about each\n"
    "  --help        this text\n";

struct adding {
	const char *key, *policy;
	bool writes, quiet;
	struct sshkey_list keys;
	json_t *document;
	size_t added;
};

static int
check_signature(const struct adding *a, const char *path, const char *text)
{
	AUTO(free) char *sig = NULL, *sig_path = NULL;
	struct conf_error e = { 0 };
	int r;

	if (asprintf(&sig_path, "%s.sig", path) < 0) {
		sig_path = NULL;
		return show_error(EXIT_INPUT, "out of memory");
	}
	if ((r = input_read(sig_path, BUNDLE_SIG_MAX_BYTES, &sig)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", sig_path,
		    strerror(-r));
	r = bundle_verify(text, strlen(text), sig, LOCK_NAMESPACE, &a->keys,
	    &e);
	return r == 0
	    ? -1
	    : show_error(r == -ENOMEM ? EXIT_INPUT : EXIT_REFUSED, "%s: %s",
		  sig_path, r == -ENOMEM ? "out of memory" : e.what);
}

static bool
has_ended(const struct lock *l)
{
	return l->expires_s != 0 &&
	    l->expires_s <= clock_now_usec() / USEC_PER_SEC;
}

static void
say_of(const struct adding *a, const struct lock *l, const char *what)
{
	if (a->quiet)
		return;
	fputs("lock ", stderr);
	show_text(stderr, l->name, strlen(l->name));
	fprintf(stderr, ": %s\n", what);
}

/* A machine may say who, and until when; not where, and not for ever. */
static int
check_lock(const struct lock *l, const char *path)
{
	const struct lock_target *t = &l->target;

	if (l->expires_s == 0)
		return show_error(EXIT_REFUSED, "%s: it has no end", path);
	if (t->user == NULL && t->login == NULL && t->serial == 0 &&
	    t->fingerprint == NULL)
		return show_error(EXIT_REFUSED,
		    "%s: it locks no user, login, serial or fingerprint", path);
	return -1;
}

static int
add(struct adding *a, const struct lock *l, const char *text)
{
	json_t *list = json_object_get(a->document, "locks"), *one;

	if (list == NULL) {
		list = json_array();
		json_object_set_new(a->document, "locks", list);
	}
	if ((one = json_loads(text, 0, NULL)) == NULL ||
	    json_array_append_new(list, one) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	a->added++;
	say_of(a, l, "added");
	return -1;
}

static int
add_request(struct adding *a, const struct policyfile *p, const char *path)
{
	AUTO_CLEAR(locks_clear) struct locks one = { 0 };
	AUTO(free) char *text = NULL;
	struct conf_error e = { 0 };
	int r;

	if ((r = input_read(path, LOCK_FILE_MAX_BYTES, &text)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    strerror(-r));
	if ((r = check_signature(a, path, text)) >= 0)
		return r;
	if (locks_parse_one(text, strlen(text), &one, &e) < 0)
		return show_error(EXIT_INPUT, "%s: %s", path, e.what);
	/* Asked for again: it is there. */
	if (locks_find(&p->policy->locks, one.v[0].name) != NULL)
		return -1;
	if (has_ended(&one.v[0])) {
		say_of(a, &one.v[0], "has ended, passed over");
		return -1;
	}
	if ((r = check_lock(&one.v[0], path)) >= 0)
		return r;
	return add(a, &one.v[0], text);
}

static int
put_out(struct adding *a, const struct policyfile *p)
{
	struct policyfile new = { .path = p->path };
	AUTO(free) char *dumped = NULL, *text = NULL;
	struct conf_error e = { 0 };

	if (a->added > 0)
		json_object_set_new(a->document, "version",
		    json_integer((json_int_t)p->policy->version + 1));
	dumped = json_dumps(a->document, 0);
	if (dumped == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	new.text = dumped;
	new.len = strlen(dumped);
	/* Two requests of one name, or more than there may be. */
	if (policy_parse(new.text, new.len, &new.policy, &e) < 0)
		return show_error(EXIT_REFUSED, "with these locks: %s", e.what);
	text = policyfmt(&new);
	policy_free(new.policy);
	if (text == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if (!a->writes) {
		fputs(text, stdout);
		return EXIT_DONE;
	}
	if (a->added == 0)
		return EXIT_DONE;
	return policyfile_replace(p->path, text) >= 0 ? EXIT_INPUT : EXIT_DONE;
}

static int
lock(struct adding *a, char **requests)
{
	AUTO_CLEAR(policyfile_clear) struct policyfile p = { 0 };
	AUTO(free) char *keys = NULL;
	struct conf_error e = { 0 };
	size_t line;
	int r;

	if ((r = input_read(a->key, HOST_CA_MAX_BYTES, &keys)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", a->key,
		    strerror(-r));
	if (sshkey_list_parse(keys, &a->keys, &line) < 0)
		return show_error(EXIT_INPUT, "%s:%zu: not a public key",
		    a->key, line);
	if ((r = policyfile_load(a->policy, &p)) >= 0)
		return r;
	if (jsonread_load(p.text, p.len, &a->document, &e) < 0)
		return show_error(EXIT_INPUT, "%s: %s", a->policy, e.what);
	for (; *requests != NULL; requests++)
		if ((r = add_request(a, &p, *requests)) >= 0)
			return r;
	return put_out(a, &p);
}

int
cmd_policy_lock(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "write", no_argument, NULL, 'w' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct adding a = { 0 };
	int c, r;

	while ((c = getopt_long(argc, argv, "wqh", longs, NULL)) != -1)
		if (c == 'k')
			a.key = optarg;
		else if (c == 'w')
			a.writes = true;
		else if (c == 'q')
			a.quiet = true;
		else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	if (a.key == NULL || argc - optind < 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	a.policy = argv[optind];
	r = lock(&a, argv + optind + 1);
	json_decref(a.document);
	sshkey_list_clear(&a.keys);
	return r;
}
