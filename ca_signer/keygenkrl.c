/* SPDX-License-Identifier: ISC */
/* `countersign krl -k` and `-Q`: ssh-keygen's letters, with its meanings. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "cakey.h"
#include "clock.h"
#include "keygenkrl.h"
#include "keygensign.h"
#include "krlfile.h"
#include "krlquery.h"
#include "krlspec.h"
#include "krlwriter.h"
#include "parse.h"
#include "show.h"
#include "sshkey.h"
#include "subject.h"

DEFINE_AUTO(krl_free, struct krl)
DEFINE_AUTO(cert_free, struct cert)

struct keygen_krl {
	bool is_making, is_asking, is_updating, is_listing, quiet;
	const char *file, *ca, *comment;
	uint64_t version;
};

static int
take_option(int c, struct keygen_krl *o)
{
	switch (c) {
	case 'k':
		o->is_making = true;
		return -1;
	case 'Q':
		o->is_asking = true;
		return -1;
	case 'u':
		o->is_updating = true;
		return -1;
	case 'l':
		o->is_listing = true;
		return -1;
	case 'q':
		o->quiet = true;
		return -1;
	case 'v':
		return -1;
	case 'f':
		o->file = optarg;
		return -1;
	case 's':
		o->ca = optarg;
		return -1;
	case 'C':
		o->comment = optarg;
		return -1;
	case 'z':
		return parse_uint(optarg, 0, UINT64_MAX, &o->version) == 0
		    ? -1
		    : show_error(KEYGEN_FATAL, "invalid version number '%s'",
			  optarg);
	default:
		return KEYGEN_USAGE;
	}
}

static int
parse_options(int argc, char **argv, struct keygen_krl *o)
{
	int c, r;

	while ((c = getopt(argc, argv, "kQulqvf:s:C:z:")) != -1)
		if ((r = take_option(c, o)) >= 0)
			return r;
	if (o->is_making == o->is_asking)
		return show_error(KEYGEN_USAGE,
		    "say --ca DIR, -k or -Q (see countersign krl --help)");
	if (o->file == NULL)
		return show_error(KEYGEN_FATAL, "which list? say -f FILE");
	return -1;
}

static int
cannot_read(const char *path, int r, const char *bad)
{
	return show_error(KEYGEN_FATAL, "cannot read '%s': %s", path,
	    r == -EBADMSG ? bad : strerror(-r));
}

static int
load_ca(const struct keygen_krl *o, struct writer *blob, struct krlspec_ca *ret)
{
	int r;

	if (o->ca == NULL)
		return -1;
	ret->is_given = true;
	if (strcasecmp(o->ca, "none") == 0) {
		ret->is_any = true;
		return -1;
	}
	if ((r = cakey_load_public(o->ca, blob)) < 0)
		return cannot_read(o->ca, r, "not a public key");
	ret->key = (struct reader){ blob->p, blob->len };
	return -1;
}

static int
read_spec(const struct keygen_krl *o, const char *path,
    const struct krlspec_ca *ca, struct krl *k)
{
	AUTO(fclose) FILE *opened = NULL;
	bool is_stdin = strcmp(path, "-") == 0;
	struct conf_error e = { 0 };
	int r;

	if (!is_stdin && (opened = fopen(path, "re")) == NULL)
		return cannot_read(path, -errno, NULL);
	if (!o->quiet) {
		fputs("Revoking from ", stdout);
		if (is_stdin)
			fputs("(standard input)", stdout);
		else
			show_text(stdout, path, strlen(path));
		putchar('\n');
	}
	if ((r = krlspec_read(is_stdin ? stdin : opened, ca, k, &e)) == 0)
		return -1;
	return show_error(KEYGEN_FATAL, "%s:%zu: %s", path, e.line,
	    r == -ENOMEM ? "out of memory" : e.what);
}

static int
open_list(const struct keygen_krl *o, struct krl **ret)
{
	int r;

	if (!o->is_updating)
		return (*ret = krl_new()) == NULL
		    ? show_error(KEYGEN_FATAL, "out of memory")
		    : -1;
	if ((r = krlfile_load(o->file, ret)) < 0)
		return cannot_read(o->file, r, "not a revocation list");
	return -1;
}

static int
save(const struct keygen_krl *o, struct krl *k)
{
	int r;

	if (o->version != 0)
		k->version = o->version;
	k->generated = clock_now_usec() / USEC_PER_SEC;
	if (o->comment != NULL) {
		free(k->comment);
		if ((k->comment = strdup(o->comment)) == NULL)
			return show_error(KEYGEN_FATAL, "out of memory");
	}
	if ((r = krl_normalize(k)) < 0 ||
	    (r = krlwriter_save(k, o->file, 0644)) < 0)
		return show_error(KEYGEN_FATAL, "cannot write '%s': %s",
		    o->file,
		    r == -EBADMSG ? "what was read back is not what was "
				    "written; the file is as it was"
				  : strerror(-r));
	return EXIT_DONE;
}

static int
make(const struct keygen_krl *o, char **specs, size_t n)
{
	AUTO_CLEAR(writer_clear) struct writer blob = WRITER_INIT;
	AUTO(krl_free) struct krl *k = NULL;
	struct krlspec_ca ca = { 0 };
	size_t i;
	int r;

	if ((r = load_ca(o, &blob, &ca)) >= 0 || (r = open_list(o, &k)) >= 0)
		return r;
	for (i = 0; i < n; i++)
		if ((r = read_spec(o, specs[i], &ca, k)) >= 0)
			return r;
	return save(o, k);
}

/* 0 good, 1 revoked, 255 */
static int
ask_one(const struct krl *k, const char *path)
{
	AUTO_CLEAR(sshkey_clear) struct sshkey key = { 0 };
	AUTO(cert_free) struct cert *c = NULL;
	const char *why;
	int r;

	if ((r = subject_load_near(path, &key)) < 0)
		return cannot_read(path, r, "not a public key");
	if (sshkey_is_cert_type(key.type)) {
		if ((r = cert_parse(key.blob, key.len, &c)) < 0 || c->is_opaque)
			return cannot_read(path, -EBADMSG,
			    "not a certificate of a known type");
		why = krl_why_revoked_cert(k, c);
	} else {
		why = krl_why_revoked_key(k, key.blob, key.len);
	}
	show_text(stdout, path, strlen(path));
	if (key.comment[0] != '\0') {
		fputs(" (", stdout);
		show_text(stdout, key.comment, strlen(key.comment));
		putchar(')');
	}
	printf(": %s\n", why != NULL ? "REVOKED" : "ok");
	return why != NULL;
}

static int
ask(const struct keygen_krl *o, char **keys, size_t n)
{
	AUTO(krl_free) struct krl *k = NULL;
	int r, code = EXIT_DONE;
	size_t i;

	if ((r = krlfile_load(o->file, &k)) < 0)
		return cannot_read(o->file, r, "not a revocation list");
	if (o->is_listing)
		krlfile_dump(k, stdout);
	for (i = 0; i < n; i++) {
		if ((r = ask_one(k, keys[i])) == KEYGEN_FATAL)
			return r;
		code |= r;
	}
	return code;
}

int
keygenkrl_run(int argc, char **argv)
{
	struct keygen_krl o = { 0 };
	int r;

	if ((r = parse_options(argc, argv, &o)) >= 0)
		return r;
	return (o.is_making ? make : ask)(&o, argv + optind,
	    (size_t)(argc - optind));
}
