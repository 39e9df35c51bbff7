/* SPDX-License-Identifier: ISC */
/* countersign init: a new CA in a new directory. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "ca.h"
#include "ledger.h"
#include "makekey.h"
#include "path.h"
#include "profile.h"
#include "show.h"
#include "verbs.h"

DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: countersign init [--no-passphrase] [-q] [--json]\n"
    "                        [--user-ca PUB] [--host-ca PUB] [--policy-key "
    "PUB] DIR\n"
    "\n"
    "Makes a certificate authority in the new folder DIR: a CA for users, one\n"
    "for hosts, a key that signs policy and revocation lists, profiles.json\n"
    "(who may be issued what) and the ledger. The keys are encrypted under a\n"
    "passphrase, which is asked for.\n"
    "\n"
    "  --no-passphrase  write the keys unencrypted: keep DIR on an encrypted\n"
    "                   disk, away from networks\n"
    "  --user-ca PUB, --host-ca PUB, --policy-key PUB\n"
    "                   use the key of this public key file instead of a new\n"
    "                   one: it is in an ssh-agent, on a token, in a HSM\n"
    "  -q, --quiet      do not print what to do next\n"
    "  --json           print the public keys as one JSON object\n"
    "  -h, --help       this text\n";

struct init {
	struct makekey make;
	bool quiet, json;
	const char *given[CA_WHICH_COUNT]; /* public key files, or NULL */
	const char *dir;
};

static int
parse_options(int argc, char **argv, struct init *o)
{
	static const struct option longs[] = {
		{ "no-passphrase", no_argument, NULL, 'N' },
		{ "user-ca", required_argument, NULL, 'u' },
		{ "host-ca", required_argument, NULL, 't' },
		{ "policy-key", required_argument, NULL, 'p' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		switch (c) {
		case 'N':
			o->make.no_passphrase = true;
			break;
		case 'u':
			o->given[CA_USER] = optarg;
			break;
		case 't':
			o->given[CA_HOST] = optarg;
			break;
		case 'p':
			o->given[CA_POLICY] = optarg;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'j':
			o->json = true;
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	o->dir = argv[optind];
	return -1;
}

static bool
needs_passphrase(const struct init *o)
{
	return o->given[CA_USER] == NULL || o->given[CA_HOST] == NULL ||
	    o->given[CA_POLICY] == NULL;
}

static int
make_keys(const struct init *o, const char *dir)
{
	int i, r = -1;

	for (i = 0; i < CA_WHICH_COUNT && r < 0; i++) {
		const char *name = ca_key_name((enum ca_which)i);
		AUTO(free) char *path = ca_path(dir, name);

		if (path == NULL)
			return show_error(EXIT_INPUT, "out of memory");
		r = o->given[i] != NULL ? makekey_copy_public(o->given[i], path)
					: makekey_write(&o->make, path, name);
	}
	return r;
}

static int
make_files(const char *dir)
{
	AUTO(free) char *profiles = ca_path(dir, PROFILE_FILE);
	int r;

	if (profiles == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if ((r = path_write_atomic(profiles, profiles_default,
		 strlen(profiles_default), 0600, O_EXCL)) < 0 ||
	    (r = ledger_create(dir)) < 0)
		return show_error(EXIT_INPUT, "cannot make a CA in '%s': %s",
		    dir, strerror(-r));
	return -1;
}

static void
key_event(struct event *ev, const char *name, const struct sshkey_list *keys,
    char fp[SSHKEY_FINGERPRINT_MAX])
{
	if (keys->n == 0)
		return;
	sshkey_fingerprint(keys->v[0].blob, keys->v[0].len, fp);
	event_string(ev, name, fp);
}

/* The ledger's first line names the keys. */
static int
write_first_line(const char *dir, struct sshkey_list keys[CA_WHICH_COUNT])
{
	AUTO(settings_free) struct settings *host = NULL;
	char fp[CA_WHICH_COUNT][SSHKEY_FINGERPRINT_MAX];
	struct conf_error e = { 0 };
	struct event_context ctx = { .emitter = "signer" };
	struct eventsink sink;
	struct event ev;
	int r;

	if ((host = settings_load_host(&e)) == NULL)
		return show_error(EXIT_INPUT, "%s", e.what);
	ctx.host = host;
	eventsink_init(&sink, host, "signer");
	event_init(&ev, &ctx, "ca.init", "CS002I");
	key_event(&ev, "user_ca", &keys[CA_USER], fp[CA_USER]);
	key_event(&ev, "host_ca", &keys[CA_HOST], fp[CA_HOST]);
	key_event(&ev, "policy_key", &keys[CA_POLICY], fp[CA_POLICY]);
	r = ca_record(dir, &sink, &ev);
	eventsink_clear(&sink);
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot write its ledger: %s",
		    strerror(-r));
	return -1;
}

/* As it was given to us is how it is given on: type and base64, and the name
 * that it has here for a comment. */
static char *
public_line(const struct sshkey *k, const char *name)
{
	AUTO(free) char *base64 = sshkey_base64_encode(k->blob, k->len);
	char *line = NULL;

	if (base64 == NULL ||
	    asprintf(&line, "%s %s %s", k->type, base64, name) < 0)
		return NULL;
	return line;
}

static void
print_next(const struct init *o, char *lines[CA_WHICH_COUNT])
{
	if (o->json) {
		printf("{\"user_ca\":\"%s\",\"host_ca\":\"%s\","
		       "\"policy_key\":\"%s\"}\n",
		    lines[CA_USER], lines[CA_HOST], lines[CA_POLICY]);
		return;
	}
	if (o->quiet)
		return;
	printf(
	    "A CA is in %s. Keep it offline; its keys are the keys to every "
	    "host.\n"
	    "Who may be issued what is in %s/%s: narrow it to your people.\n\n"
	    "On each host, as /etc/countersign/user_ca.pub (TrustedUserCAKeys):"
	    "\n  %s\n"
	    "and as /etc/countersign/policy_key.pub (it signs policy and "
	    "revocation lists):\n  %s\n\n"
	    "In each person's known_hosts:\n  @cert-authority * %s\n\n"
	    "A certificate for a person:\n  countersign sign --ca %s "
	    "--user alice@example.com --role web id_ed25519.pub\n",
	    o->dir, o->dir, PROFILE_FILE, lines[CA_USER], lines[CA_POLICY],
	    lines[CA_HOST], o->dir);
}

static int
finish(const struct init *o, const char *dir)
{
	struct sshkey_list keys[CA_WHICH_COUNT] = { { 0 } };
	char *lines[CA_WHICH_COUNT] = { NULL };
	int i, r = -1;

	for (i = 0; i < CA_WHICH_COUNT && r < 0; i++) {
		if (ca_public_keys(dir, (enum ca_which)i, false, &keys[i]) <
			0 ||
		    keys[i].n != 1 ||
		    (lines[i] = public_line(&keys[i].v[0],
			 ca_key_name((enum ca_which)i))) == NULL)
			r = show_error(EXIT_INPUT,
			    "cannot read the new key '%s' back",
			    ca_key_name((enum ca_which)i));
	}
	if (r < 0)
		r = write_first_line(dir, keys);
	/* Only whole: an earlier folder of that name stays as it is. */
	if (r < 0 &&
	    renameat2(AT_FDCWD, dir, AT_FDCWD, o->dir, RENAME_NOREPLACE) < 0)
		r = errno == EEXIST
		    ? show_error(EXIT_INPUT,
			  "'%s' exists: nothing was changed; name a new folder",
			  o->dir)
		    : show_error(EXIT_INPUT, "cannot make '%s': %s", o->dir,
			  strerror(errno));
	if (r < 0) {
		(void)path_fsync_parent(o->dir);
		print_next(o, lines);
	}
	for (i = 0; i < CA_WHICH_COUNT; i++) {
		free(lines[i]);
		sshkey_list_clear(&keys[i]);
	}
	return r;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
make_beside(const struct init *o)
{
	AUTO(free) char *dir = NULL;
	size_t n = strlen(o->dir);
	int r;

	while (n > 1 && o->dir[n - 1] == '/')
		n--;
	if (asprintf(&dir, "%.*s.XXXXXX", (int)n, o->dir) < 0) {
		dir = NULL;
		return show_error(EXIT_INPUT, "out of memory");
	}
	if (mkdtemp(dir) == NULL)
		return show_error(EXIT_INPUT, "cannot make '%s': %s", o->dir,
		    strerror(errno));
	if ((r = make_keys(o, dir)) < 0 && (r = make_files(dir)) < 0)
		r = finish(o, dir);
	if (r >= 0)
		nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return r < 0 ? EXIT_DONE : r;
}

int
cmd_init(int argc, char **argv)
{
	struct init o = { 0 };
	int r;

	if ((r = parse_options(argc, argv, &o)) >= 0)
		return r;
	if (access(o.dir, F_OK) == 0)
		return show_error(EXIT_INPUT,
		    "'%s' exists: nothing was changed; name a new folder",
		    o.dir);
	if (!needs_passphrase(&o) ||
	    (r = makekey_ask(&o.make, "the CA's keys")) < 0)
		r = make_beside(&o);
	makekey_clear(&o.make);
	return r;
}
