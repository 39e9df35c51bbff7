/* SPDX-License-Identifier: ISC */
/* A certificate in a file. */
#include <errno.h>
#include <string.h>

#include "auto.h"
#include "certfile.h"
#include "input.h"

int
certfile_load(const char *path, struct cert **ret)
{
	AUTO(free) char *text = NULL;
	char *type, *base64, *at;
	int r;

	if ((r = input_read(path, 2 * CERT_MAX_BYTES, &text)) < 0)
		return r;
	at = text;
	type = strsep(&at, " \t\r\n");
	base64 = strsep(&at, " \t\r\n");
	if (base64 == NULL)
		return -EBADMSG;
	if ((r = cert_parse_base64(base64, ret)) < 0)
		return r;
	return strcmp((*ret)->type, type) == 0 ? 0 : -EBADMSG;
}

const char *
certfile_error(int r)
{
	return r == -EBADMSG ? "not an OpenSSH certificate" : strerror(-r);
}
