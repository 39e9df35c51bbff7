/* SPDX-License-Identifier: ISC */
/* countersign rotate: a next CA key beside the present one. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "clock.h"
#include "ledger.h"
#include "makekey.h"
#include "path.h"
#include "rotation.h"
#include "show.h"
#include "verbs.h"

DEFINE_AUTO(settings_free, struct settings)

static const char usage[] =
    "usage: countersign rotate --ca DIR user|host|policy "
    "start|switch|back|finish|status\n"
    "                          [--no-passphrase] [--next PUB] [--force]\n"
    "\n"
    "Brings a new CA key in beside the old one, in three steps with time for\n"
    "rolling out between them. Each step says what to roll out and how to go\n"
    "back.\n"
    "\n"
    "  start    makes the next key; the old one still signs\n"
    "  switch   the next key signs; both have to be trusted\n"
    "  finish   the old key goes; refused while its certificates are valid\n"
    "  back     undoes start or switch\n"
    "  status   where it stands\n"
    "\n"
    "  --ca DIR         the CA\n"
    "  --no-passphrase  start: write the next key unencrypted\n"
    "  --next PUB       start: the next key is in an agent, on a token\n"
    "  --json           status: one JSON object\n"
    "  --force          finish: although certificates of the old key are "
    "valid\n"
    "  -h, --help       this text\n";

struct rotate {
	const char *dir, *next;
	enum ca_which which;
	const char *word; /* "user" */
	struct makekey make;
	bool force, json;
	enum rotation_phase phase; /* before */
};

/* What each kind of key is to those who trust it. */
static const struct {
	const char *word, *where;
} kinds[CA_WHICH_COUNT] = {
	[CA_USER] = { "user",
	    "/etc/countersign/user_ca.pub (TrustedUserCAKeys) on every host" },
	[CA_HOST] = { "host",
	    "known_hosts of every person (each line after '@cert-authority * "
	    "')" },
	[CA_POLICY] = { "policy",
	    "/etc/countersign/policy_key.pub on every host" },
};

static int
record(const struct rotate *o, const char *step)
{
	AUTO(settings_free) struct settings *host = NULL;
	struct event_context ctx = { .emitter = "signer" };
	struct conf_error e = { 0 };
	struct eventsink sink;
	struct event ev;
	int r;

	if ((host = settings_load_host(&e)) == NULL)
		return show_error(EXIT_INPUT, "%s", e.what);
	ctx.host = host;
	eventsink_init(&sink, host, "signer");
	event_init(&ev, &ctx, "ca.rotate", "CS003I");
	event_string(&ev, "key", ca_key_name(o->which));
	event_string(&ev, "step", step);
	r = ca_record(o->dir, &sink, &ev);
	eventsink_clear(&sink);
	return r < 0 ? show_error(EXIT_INPUT, "cannot write the ledger: %s",
			   strerror(-r))
		     : -1;
}

static char *
key_path(const struct rotate *o, const char *suffix)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s%s", o->dir, ca_key_name(o->which),
		   suffix) < 0
	    ? NULL
	    : path;
}

static void
print_keys(const struct rotate *o)
{
	struct sshkey_list keys = { 0 };
	size_t i;

	if (ca_public_keys(o->dir, o->which, false, &keys) < 0)
		return;
	for (i = 0; i < keys.n; i++) {
		AUTO(free)
		char *base64 =
		    sshkey_base64_encode(keys.v[i].blob, keys.v[i].len);

		printf("  %s %s %s%s\n", keys.v[i].type,
		    base64 != NULL ? base64 : "", ca_key_name(o->which),
		    i > 0 ? CA_NEXT : "");
	}
	sshkey_list_clear(&keys);
}

static int
set_phase(const struct rotate *o, enum rotation_phase phase)
{
	int r = rotation_set_phase(o->dir, o->which, phase);

	if (r < 0)
		return show_error(EXIT_INPUT, "cannot write '%s/rotation': %s",
		    o->dir, strerror(-r));
	return -1;
}

static int
wrong_phase(const struct rotate *o, const char *step)
{
	static const char *const where[] = { "no rotation has been started",
		"the next key is there and does not sign yet",
		"the next key signs",
		"a 'finish' was cut short: finish again" };

	return show_error(EXIT_REFUSED,
	    "'%s' is not what comes now for the %s key: %s", step, o->word,
	    where[o->phase]);
}

static int
start(struct rotate *o)
{
	AUTO(free) char *path = key_path(o, CA_NEXT);
	int r;

	if (o->phase != ROTATION_NONE)
		return wrong_phase(o, "start");
	if (path == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	if (o->next == NULL && (r = makekey_ask(&o->make, "the next key")) >= 0)
		return r;
	r = o->next != NULL
	    ? makekey_copy_public(o->next, path)
	    : makekey_write(&o->make, path, ca_key_name(o->which));
	if (r >= 0 || (r = set_phase(o, ROTATION_START)) >= 0)
		return r;
	printf("The next key is there; the old one still signs. Roll out now, "
	       "both lines, to\n%s:\n\n",
	    kinds[o->which].where);
	print_keys(o);
	printf("\nWhen everybody has both: countersign rotate --ca %s %s "
	       "switch\nTo go back: countersign rotate --ca %s %s back\n",
	    o->dir, o->word, o->dir, o->word);
	return record(o, "start");
}

static int
do_switch(struct rotate *o)
{
	int r;

	if (o->phase != ROTATION_START)
		return wrong_phase(o, "switch");
	if ((r = set_phase(o, ROTATION_SWITCH)) >= 0)
		return r;
	printf("The next key signs from now on. Nothing is to be rolled out; "
	       "certificates of the\nold key are good until they end.\n\n"
	       "When they have ended: countersign rotate --ca %s %s finish\n"
	       "To go back (the old key signs again): countersign rotate --ca "
	       "%s %s back\n",
	    o->dir, o->word, o->dir, o->word);
	return record(o, "switch");
}

static int
back_from_start(struct rotate *o)
{
	AUTO(free) char *path = key_path(o, CA_NEXT);
	AUTO(free) char *pub = key_path(o, CA_NEXT ".pub");
	int r;

	if (path == NULL || pub == NULL)
		return show_error(EXIT_INPUT, "out of memory");
	/* First the word, then the files: killed between, the files are in
	 * the way of the next start, which says so. */
	if ((r = set_phase(o, ROTATION_NONE)) >= 0)
		return r;
	if ((unlink(path) < 0 && errno != ENOENT) ||
	    (unlink(pub) < 0 && errno != ENOENT))
		return show_error(EXIT_INPUT, "cannot remove the next key: %s",
		    strerror(errno));
	printf("The next key is gone. Roll out the one line that is left, "
	       "to\n%s:\n\n",
	    kinds[o->which].where);
	print_keys(o);
	return record(o, "back");
}

static int
back(struct rotate *o)
{
	int r;

	if (o->phase == ROTATION_START)
		return back_from_start(o);
	if (o->phase != ROTATION_SWITCH)
		return wrong_phase(o, "back");
	if ((r = set_phase(o, ROTATION_START)) >= 0)
		return r;
	printf("The old key signs again. The next one has signed in the "
	       "meantime: it has to stay trusted\nuntil those certificates "
	       "have ended.\n");
	return record(o, "back");
}

/* When the last certificate of the old key ends. */
static int
last_end(const struct rotate *o, const struct sshkey *key, uint64_t *ret)
{
	char fp[SSHKEY_FINGERPRINT_MAX];
	struct ledger_line line;
	struct ledger_view v = { .lock = -1 };
	uint64_t end;
	int r;

	sshkey_fingerprint(key->blob, key->len, fp);
	if ((r = ledger_view_open(o->dir, 0, false, &v)) < 0)
		return r;
	*ret = 0;
	while (ledger_view_next(&v, &line))
		if (ledger_line_is(&line, "cert.create") &&
		    ledger_line_text_is(&line, "ca_fingerprint", fp) &&
		    ledger_line_time(&line, "valid_before", &end) && end > *ret)
			*ret = end;
	ledger_view_close(&v);
	return 0;
}

static int
check_ended(const struct rotate *o)
{
	uint64_t now = clock_now_usec() / USEC_PER_SEC, end = 0;
	struct sshkey_list keys = { 0 };
	char text[CLOCK_TEXT_MAX];
	int r;

	r = ca_public_keys(o->dir, o->which, false, &keys);
	if (r == 0 && keys.n > 0)
		r = last_end(o, &keys.v[0], &end);
	sshkey_list_clear(&keys);
	if (r < 0)
		return show_error(EXIT_INPUT, "cannot read the CA in '%s': %s",
		    o->dir, strerror(-r));
	if (end > now && !o->force)
		return show_error(EXIT_REFUSED,
		    "certificates of the old key are valid until %s: wait, or "
		    "say --force",
		    clock_rfc3339(end, text));
	return -1;
}

/* retired/NAME-FINGERPRINT.pub: the revocation list still speaks of it. */
static int
retire_public(const struct rotate *o, const char *pub)
{
	AUTO(free) char *folder = ca_path(o->dir, CA_RETIRED);
	struct sshkey_list keys = { 0 };
	char fp[SSHKEY_FINGERPRINT_MAX];
	AUTO(free) char *to = NULL;
	size_t i;
	int r;

	if (access(pub, F_OK) < 0)
		return 0;
	if (folder == NULL)
		return -ENOMEM;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return -errno;
	if ((r = ca_public_keys(o->dir, o->which, false, &keys)) < 0 ||
	    keys.n == 0) {
		sshkey_list_clear(&keys);
		return r < 0 ? r : -ENOENT;
	}
	sshkey_fingerprint(keys.v[0].blob, keys.v[0].len, fp);
	sshkey_list_clear(&keys);
	for (i = 0; fp[i] != '\0'; i++)
		if (fp[i] == '/' || fp[i] == ':')
			fp[i] = '_';
	if (asprintf(&to, "%s/%s-%s.pub", folder, ca_key_name(o->which), fp) <
	    0) {
		to = NULL;
		return -ENOMEM;
	}
	return rename(pub, to) < 0 ? -errno : 0;
}

/* A next key that is in an agent has no file to take the old one's place. */
static int
remove_old_private(const struct rotate *o)
{
	AUTO(free) char *old = key_path(o, "");
	AUTO(free) char *next = key_path(o, CA_NEXT);

	if (old == NULL || next == NULL)
		return -ENOMEM;
	if (access(next, F_OK) == 0 || unlink(old) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

/* The private key before the public one; each may have been moved already by a
 * finish that was killed. */
static int
move_keys(const struct rotate *o)
{
	AUTO(free) char *old = key_path(o, "");
	AUTO(free) char *old_pub = key_path(o, ".pub");
	AUTO(free) char *next = key_path(o, CA_NEXT);
	AUTO(free) char *next_pub = key_path(o, CA_NEXT ".pub");
	int r;

	if (old == NULL || old_pub == NULL || next == NULL || next_pub == NULL)
		return -ENOMEM;
	if (access(next, F_OK) == 0 && rename(next, old) < 0)
		return -errno;
	if (access(next_pub, F_OK) == 0) {
		if ((r = retire_public(o, old_pub)) < 0)
			return r;
		if (rename(next_pub, old_pub) < 0)
			return -errno;
	}
	return path_fsync_parent(old);
}

static int
finish_moving(struct rotate *o)
{
	int r;

	if (o->phase == ROTATION_SWITCH && (r = remove_old_private(o)) < 0)
		return r;
	if ((r = rotation_set_phase(o->dir, o->which, ROTATION_FINISH)) < 0 ||
	    (r = move_keys(o)) < 0)
		return r;
	return rotation_set_phase(o->dir, o->which, ROTATION_NONE);
}

static int
finish(struct rotate *o)
{
	int r;

	if (o->phase != ROTATION_SWITCH && o->phase != ROTATION_FINISH)
		return wrong_phase(o, "finish");
	if (o->phase == ROTATION_SWITCH && (r = check_ended(o)) >= 0)
		return r;
	if ((r = finish_moving(o)) < 0)
		return show_error(EXIT_INPUT,
		    "cannot move the keys: %s; say finish again", strerror(-r));
	printf("The old key is gone (its public half is in %s/" CA_RETIRED
	       "). Roll out the one line that is left, to\n%s:\n\n",
	    o->dir, kinds[o->which].where);
	print_keys(o);
	printf("\nThere is no way back: a new rotation would bring a new "
	       "key.\n");
	return record(o, "finish");
}

static int
status_json(const struct rotate *o)
{
	static const char *const phases[] = { "none", "start", "switch",
		"finish" };
	struct sshkey_list keys = { 0 };
	char fp[SSHKEY_FINGERPRINT_MAX];
	size_t i;

	if (ca_public_keys(o->dir, o->which, false, &keys) < 0)
		return show_error(EXIT_INPUT, "cannot read the keys in '%s'",
		    o->dir);
	printf("{\"key\":\"%s\",\"phase\":\"%s\",\"trusted\":[",
	    ca_key_name(o->which), phases[o->phase]);
	for (i = 0; i < keys.n; i++) {
		sshkey_fingerprint(keys.v[i].blob, keys.v[i].len, fp);
		printf("%s\"%s\"", i > 0 ? "," : "", fp);
	}
	puts("]}");
	sshkey_list_clear(&keys);
	return -1;
}

static int
status(struct rotate *o)
{
	static const char *const text[] = { "one key, no rotation",
		"the old key signs, the next one is to be rolled out",
		"the next key signs, the old one is still to be trusted",
		"a 'finish' was cut short: finish again" };

	if (o->json)
		return status_json(o);
	printf("%s: %s\n", ca_key_name(o->which), text[o->phase]);
	print_keys(o);
	return -1;
}

static int
parse_options(int argc, char **argv, struct rotate *o, const char **ret_step)
{
	static const struct option longs[] = {
		{ "ca", required_argument, NULL, 'c' },
		{ "no-passphrase", no_argument, NULL, 'N' },
		{ "next", required_argument, NULL, 'n' },
		{ "force", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, i;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->dir = optarg;
			break;
		case 'N':
			o->make.no_passphrase = true;
			break;
		case 'n':
			o->next = optarg;
			break;
		case 'f':
			o->force = true;
			break;
		case 'j':
			o->json = true;
			break;
		default:
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	for (i = 0; o->dir != NULL && optind + 2 == argc && i < CA_WHICH_COUNT;
	     i++) {
		if (strcmp(argv[optind], kinds[i].word) != 0)
			continue;
		o->which = (enum ca_which)i;
		o->word = kinds[i].word;
		*ret_step = argv[optind + 1];
		return -1;
	}
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int
run(struct rotate *o, const char *step)
{
	static const struct {
		const char *name;
		int (*run)(struct rotate *);
	} steps[] = { { "start", start }, { "switch", do_switch },
		{ "back", back }, { "finish", finish }, { "status", status } };
	size_t i;
	int r;

	if ((r = rotation_phase(o->dir, o->which, &o->phase)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s/rotation': %s",
		    o->dir, r == -EBADMSG ? "it is damaged" : strerror(-r));
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (strcmp(steps[i].name, step) == 0)
			return steps[i].run(o);
	fputs(usage, stderr);
	return EXIT_USAGE;
}

int
cmd_rotate(int argc, char **argv)
{
	struct rotate o = { 0 };
	const char *step = NULL;
	int r;

	if ((r = parse_options(argc, argv, &o, &step)) < 0)
		r = run(&o, step);
	makekey_clear(&o.make);
	return r < 0 ? EXIT_DONE : r;
}
