/* SPDX-License-Identifier: ISC */
/* New CA keys, as files: unencrypted by us, encrypted by ssh-keygen, since
 * encryption of keys is OpenSSH's business. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "askpass.h"
#include "auto.h"
#include "cakey.h"
#include "edkey.h"
#include "makekey.h"
#include "path.h"
#include "show.h"
#include "sshkey.h"

#define PASSPHRASE_MIN 5 /* ssh-keygen's */

DEFINE_AUTO(edkey_free, struct edkey)

void
makekey_clear(struct makekey *m)
{
	sodium_free(m->passphrase);
	m->passphrase = NULL;
}

static int
ask_once(const char *prompt, char **ret)
{
	int r = askpass_person(prompt, ret);

	if (r == 0)
		return -1;
	if (r == -ENXIO)
		return show_error(EXIT_INPUT,
		    "there is no terminal to ask for a passphrase on: set "
		    "SSH_ASKPASS, or say --no-passphrase");
	return show_error(EXIT_INPUT, "no passphrase was given");
}

int
makekey_ask(struct makekey *m, const char *what)
{
	AUTO(free) char *prompt = NULL;
	char *again = NULL;
	bool is_same;
	int r;

	if (m->no_passphrase)
		return -1;
	if (asprintf(&prompt, "New passphrase for %s: ", what) < 0)
		return show_error(EXIT_INPUT, "out of memory");
	if ((r = ask_once(prompt, &m->passphrase)) >= 0)
		return r;
	if (strlen(m->passphrase) < PASSPHRASE_MIN)
		return show_error(EXIT_INPUT,
		    "a passphrase has at least %d characters "
		    "(--no-passphrase: none)",
		    PASSPHRASE_MIN);
	if ((r = ask_once("The same again: ", &again)) >= 0)
		return r;
	is_same = strcmp(again, m->passphrase) == 0;
	sodium_free(again);
	return is_same ? -1
		       : show_error(EXIT_INPUT, "the two differ: try again");
}

static int
failed(const char *path, int r)
{
	return show_error(EXIT_INPUT, "cannot make the key '%s': %s", path,
	    strerror(-r));
}

static int
write_public(const struct writer *blob, const char *path, const char *comment)
{
	AUTO(free) char *base64 = sshkey_base64_encode(blob->p, blob->len);
	struct reader r = { blob->p, blob->len }, type;
	AUTO(free) char *line = NULL, *pub = NULL;
	int n;

	if (base64 == NULL || reader_string(&r, &type) < 0)
		return -ENOMEM;
	if (asprintf(&pub, "%s.pub", path) < 0)
		return -ENOMEM;
	n = asprintf(&line, "%.*s %s %s\n", (int)type.left,
	    (const char *)type.p, base64, comment);
	if (n < 0)
		return -ENOMEM;
	return path_write_atomic(pub, line, (size_t)n, 0644, O_EXCL);
}

static int
write_plain(const char *path, const char *comment)
{
	AUTO(edkey_free) struct edkey *k = edkey_generate();
	AUTO_CLEAR(writer_clear) struct writer private = WRITER_INIT;
	AUTO_CLEAR(writer_clear) struct writer public = WRITER_INIT;
	int r;

	if (k == NULL)
		return -ENOMEM;
	edkey_put_public(k, &public);
	if ((r = edkey_format_private(k, comment, &private)) < 0 ||
	    (r = path_write_atomic(path, private.p, private.len, 0600,
		 O_EXCL)) < 0)
		return r;
	return write_public(&public, path, comment);
}

static const char *
answer(const char *prompt, void *ctx)
{
	const struct makekey *m = ctx;

	(void)prompt;
	return m->passphrase;
}

static int
run_keygen(struct makekey *m, const char *dir, const char *path,
    const char *comment)
{
	const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-C",
		comment, "-f", path, NULL };
	char err[256];
	int r;

	r = askpass_run(dir, NULL, argv, answer, m, err, sizeof(err));
	if (r == 0)
		return -1;
	return show_error(EXIT_INPUT,
	    "ssh-keygen did not make the key '%s': %s", path,
	    r < 0 ? strerror(-r) : err);
}

int
makekey_write(const struct makekey *m, const char *path, const char *comment)
{
	struct makekey copy = *m;
	AUTO(free) char *dir = NULL;
	int r;

	if (m->no_passphrase)
		return (r = write_plain(path, comment)) < 0 ? failed(path, r)
							    : -1;
	/* ssh-keygen would ask whether to overwrite. */
	if (access(path, F_OK) == 0)
		return failed(path, -EEXIST);
	if ((dir = askpass_make_dir()) == NULL)
		return failed(path, -errno);
	r = run_keygen(&copy, dir, path, comment);
	rmdir(dir);
	return r;
}

int
makekey_copy_public(const char *from, const char *path)
{
	AUTO_CLEAR(writer_clear) struct writer blob = WRITER_INIT;
	int r;

	if ((r = cakey_load_public(from, &blob)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", from,
		    r == -EBADMSG ? "not a public key" : strerror(-r));
	if ((r = write_public(&blob, path, from)) < 0)
		return failed(path, r);
	return -1;
}
