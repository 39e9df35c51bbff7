/* SPDX-License-Identifier: ISC */
/* What a host is given is signed beside it. */
#include <errno.h>
#include <string.h>

#include "auto.h"
#include "bundle.h"
#include "sigverify.h"
#include "sshsig.h"

static int
check_signature(const struct sshsig *s, const void *file, size_t len,
    const char *name_space, struct conf_error *reterr)
{
	AUTO_CLEAR(writer_clear) struct writer data = WRITER_INIT;
	char hash[16];
	int r;

	if (s->hash.left >= sizeof(hash))
		return conf_error(reterr, 0, "signed with an unknown hash");
	memcpy(hash, s->hash.p, s->hash.left);
	hash[s->hash.left] = '\0';
	r = sshsig_signed_data(name_space, hash, file, len, &data);
	if (r == -EOPNOTSUPP)
		return conf_error(reterr, 0, "signed with an unknown hash");
	if (r == 0)
		r = sigverify(&s->key, &s->signature, NULL, data.p, data.len);
	if (r == -EOPNOTSUPP)
		return conf_error(reterr, 0,
		    "signed by a type of key that is not known here");
	if (r == -EBADMSG)
		return conf_error(reterr, 0,
		    "the signature does not fit: one of the two files is "
		    "damaged, or is not of the other");
	return r;
}

int
bundle_verify(const void *file, size_t len, const char *sig,
    const char *name_space, const struct sshkey_list *keys,
    struct conf_error *reterr)
{
	AUTO_CLEAR(sshsig_clear) struct sshsig s = { 0 };
	char fingerprint[SSHKEY_FINGERPRINT_MAX];
	int r;

	if ((r = sshsig_parse(sig, &s)) == -EBADMSG)
		return conf_error(reterr, 0,
		    "not a signature of ssh-keygen -Y");
	if (r < 0)
		return r;
	if (!reader_is(&s.name_space, name_space))
		return conf_error(reterr, 0,
		    "signed for something else than '%s'", name_space);
	if (!sshkey_list_has(keys, s.key.p, s.key.left)) {
		sshkey_fingerprint(s.key.p, s.key.left, fingerprint);
		return conf_error(reterr, 0,
		    "signed by a key that is not trusted here: %s",
		    fingerprint);
	}
	return check_signature(&s, file, len, name_space, reterr);
}
