/* SPDX-License-Identifier: ISC */
/* The CA keys that this host trusts. */
#include <errno.h>
#include <string.h>

#include "auto.h"
#include "path.h"
#include "trustedcas.h"

int
trustedcas_load(const char *path, uid_t trusted, struct sshkey_list *ret,
    struct conf_error *reterr)
{
	AUTO(free) char *text = NULL;
	size_t len, line = 0;
	int r;

	r = path_read_trusted(path, trusted, TRUSTEDCAS_MAX_BYTES, &text, &len);
	if (r < 0) {
		conf_error(reterr, 0, "cannot read '%s': %s", path,
		    r == -EPERM ? "others than root may write it" :
				  strerror(-r));
		return r;
	}
	if ((r = sshkey_list_parse(text, ret, &line)) == -EINVAL)
		conf_error(reterr, line, "%s:%zu: not a public key", path,
		    line);
	return r;
}
