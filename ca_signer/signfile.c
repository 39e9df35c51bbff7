/* SPDX-License-Identifier: ISC */
/* Signatures beside files, by a CA's policy key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "ca.h"
#include "path.h"
#include "show.h"
#include "signfile.h"
#include "sshsig.h"

#define FILE_MAX_BYTES (128U * 1024U * 1024U)

DEFINE_AUTO(cakey_free, struct cakey)

static int
read_file(const char *path, char **ret, size_t *ret_len)
{
	AUTO(fclose) FILE *f = fopen(path, "re");

	return f == NULL ? -errno : path_read(f, FILE_MAX_BYTES, ret, ret_len);
}

static int
sign(struct cakey *key, const char *name_space, const char *text, size_t len,
    struct writer *ret)
{
	AUTO_CLEAR(writer_clear) struct writer data = WRITER_INIT;
	struct cakey_job job = { .signature = WRITER_INIT };
	struct reader public = cakey_public(key), signature;
	int r;

	if ((r = sshsig_signed_data(name_space, SSHSIG_HASH, text, len,
		 &data)) < 0)
		return r;
	job.data = data.p;
	job.len = data.len;
	if ((r = cakey_sign(key, &job, 1)) == 0) {
		signature =
		    (struct reader){ job.signature.p, job.signature.len };
		r = sshsig_format(&public, name_space, &signature, ret);
	}
	writer_clear(&job.signature);
	return r;
}

int
signfile_write_text(const char *ca_dir, const char *path,
    const char *name_space, unsigned timeout_s, const char *text, size_t len)
{
	AUTO_CLEAR(writer_clear) struct writer w = WRITER_INIT;
	AUTO(cakey_free) struct cakey *key = NULL;
	AUTO(free) char *sig = NULL;
	char why[CAKEY_WHY_MAX];
	int r;

	if (ca_open_key(ca_dir, CA_POLICY, timeout_s, &key, why) < 0)
		return show_error(EXIT_INPUT,
		    "cannot use the policy key in '%s': %s", ca_dir, why);
	if (asprintf(&sig, "%s.sig", path) < 0) {
		sig = NULL;
		return show_error(EXIT_INPUT, "out of memory");
	}
	if ((r = sign(key, name_space, text, len, &w)) < 0)
		return show_error(EXIT_INPUT, "the policy key did not sign: %s",
		    cakey_sign_error(r));
	if ((r = path_write_atomic(sig, w.p, w.len, 0644, 0)) < 0)
		return show_error(EXIT_INPUT, "cannot write '%s': %s", sig,
		    strerror(-r));
	return -1;
}

int
signfile_write(const char *ca_dir, const char *path, const char *name_space,
    unsigned timeout_s)
{
	AUTO(free) char *text = NULL;
	size_t len = 0;
	int r;

	if ((r = read_file(path, &text, &len)) < 0)
		return show_error(EXIT_INPUT, "cannot read '%s': %s", path,
		    strerror(-r));
	return signfile_write_text(ca_dir, path, name_space, timeout_s, text,
	    len);
}
