/* SPDX-License-Identifier: ISC */
/* countersign init: a new CA in a new directory. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "ca.h"
#include "path.h"
#include "show.h"
#include "verbs.h"

DEFINE_AUTO(edkey_free, struct edkey)

static const char usage[] =
    "usage: countersign init --no-passphrase [-q] [--json] DIR\n"
    "\n"
    "Makes a certificate authority in the new folder DIR: a CA for users, one\n"
    "for hosts, a key that signs policy, the serial counter and the ledger.\n"
    "\n"
    "  --no-passphrase  write the keys unencrypted (this version writes no\n"
    "                   others: keep DIR on an encrypted disk, offline)\n"
    "  -q, --quiet      do not print what to do next\n"
    "  --json           print the public keys as one JSON object\n"
    "  -h, --help       this text\n";

struct init_options {
	bool no_passphrase, quiet, json;
	const char *dir;
};

static int
parse_options(int argc, char **argv, struct init_options *o)
{
	static const struct option longs[] = {
		{ "no-passphrase", no_argument, NULL, 'N' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "qh", longs, NULL)) != -1) {
		switch (c) {
		case 'N':
			o->no_passphrase = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_DONE;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	o->dir = argv[optind];
	return -1;
}

/* DIR/name and DIR/name.pub. *ret_line is the public line without newline. */
static int
make_key(const char *dir, const char *name, char **ret_line)
{
	AUTO(edkey_free) struct edkey *k = edkey_generate();
	AUTO_CLEAR(writer_clear) struct writer private = WRITER_INIT;
	AUTO_CLEAR(writer_clear) struct writer public = WRITER_INIT;
	AUTO(free) char *path = ca_path(dir, name);
	AUTO(free) char *base64 = NULL, *line = NULL, *pub_path = NULL;
	int r;

	if (k == NULL || path == NULL)
		return -ENOMEM;
	edkey_put_public(k, &public);
	if ((r = writer_error(&public)) < 0 ||
	    (r = edkey_format_private(k, name, &private)) < 0)
		return r;
	base64 = sshkey_base64_encode(public.p, public.len);
	if (base64 == NULL ||
	    asprintf(&line, "ssh-ed25519 %s %s\n", base64, name) < 0 ||
	    asprintf(&pub_path, "%s.pub", path) < 0)
		return -ENOMEM;
	if ((r = path_write_atomic(path, private.p, private.len, 0600,
		 O_EXCL)) < 0 ||
	    (r = path_write_atomic(pub_path, line, strlen(line), 0644,
		 O_EXCL)) < 0)
		return r;
	line[strlen(line) - 1] = '\0';
	*ret_line = TAKE(line);
	return 0;
}

static int
make_file(const char *dir, const char *name, const char *text)
{
	AUTO(free) char *path = ca_path(dir, name);

	if (path == NULL)
		return -ENOMEM;
	return path_write_atomic(path, text, strlen(text), 0600, O_EXCL);
}

static void
print_next(const char *dir, const char *user_ca, const char *host_ca)
{
	printf("A CA is in %s. Keep it offline; its three key files are the "
	       "keys to every host.\n\n"
	       "On each host, as /etc/countersign/user_ca.pub:\n  %s\n\n"
	       "In each person's known_hosts:\n  @cert-authority * %s\n\n"
	       "A certificate for a person:\n  countersign sign --ca %s "
	       "--user alice@example.com --role web id_ed25519.pub\n",
	    dir, user_ca, host_ca, dir);
}

static int
init_directory(const struct init_options *o)
{
	AUTO(free) char *user_ca = NULL, *host_ca = NULL, *policy = NULL;
	int r;

	if (mkdir(o->dir, 0700) < 0)
		return -errno;
	if ((r = make_key(o->dir, CA_USER_KEY, &user_ca)) < 0 ||
	    (r = make_key(o->dir, CA_HOST_KEY, &host_ca)) < 0 ||
	    (r = make_key(o->dir, CA_POLICY_KEY, &policy)) < 0 ||
	    (r = make_file(o->dir, CA_LEDGER, "")) < 0 ||
	    (r = make_file(o->dir, CA_SERIAL, "0\n")) < 0)
		return r;
	if (o->json)
		printf("{\"user_ca\":\"%s\",\"host_ca\":\"%s\","
		       "\"policy_key\":\"%s\"}\n",
		    user_ca, host_ca, policy);
	else if (!o->quiet)
		print_next(o->dir, user_ca, host_ca);
	return 0;
}

int
cmd_init(int argc, char **argv)
{
	struct init_options o = { 0 };
	int r;

	if ((r = parse_options(argc, argv, &o)) >= 0)
		return r;
	if (!o.no_passphrase)
		return show_error(EXIT_USAGE,
		    "this version writes CA keys unencrypted: say "
		    "--no-passphrase if that is what you want");
	if ((r = init_directory(&o)) == -EEXIST)
		return show_error(EXIT_INPUT,
		    "'%s' exists: nothing was changed; name a new folder",
		    o.dir);
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot make a CA in '%s': %s",
		    o.dir, strerror(-r));
	return EXIT_DONE;
}
