/* SPDX-License-Identifier: ISC */
/* "publickey ssh-ed25519-cert-v01@openssh.com BASE64", newline, ... */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "authinfo.h"
#include "sshkey.h"

void
authinfo_clear(struct authinfo *a)
{
	free(a->method);
	cert_free(a->cert);
	free(a->key);
	*a = (struct authinfo){ 0 };
}

static int
read_key(const char *line, struct authinfo *a)
{
	AUTO_CLEAR(sshkey_clear) struct sshkey k = { 0 };
	int r;

	/* Two keys in one login: whose identity would it be? */
	if (a->cert != NULL || a->key != NULL)
		return -EBADMSG;
	if ((r = sshkey_parse_line(line, &k)) < 0)
		return r;
	if (sshkey_is_cert_type(k.type))
		return cert_parse(k.blob, k.len, &a->cert);
	a->key_len = k.len;
	a->key = TAKE(k.blob);
	return 0;
}

static int
read_line(const char *line, struct authinfo *a)
{
	size_t n = strcspn(line, " ");
	bool is_key = n == 9 && strncmp(line, "publickey", n) == 0;

	if (n == 0)
		return -EBADMSG;
	if (a->method == NULL || is_key) {
		free(a->method);
		if ((a->method = strndup(line, n)) == NULL)
			return -ENOMEM;
	}
	if (!is_key)
		return 0;
	return line[n] == ' ' ? read_key(line + n + 1, a) : -EBADMSG;
}

int
authinfo_parse(const char *text, struct authinfo *ret)
{
	AUTO_CLEAR(authinfo_clear) struct authinfo a = { 0 };
	AUTO(free) char *copy = strdup(text);
	char *at = copy, *line;
	int r;

	if (copy == NULL)
		return -ENOMEM;
	while ((line = strsep(&at, "\n")) != NULL)
		if (*line != '\0' && (r = read_line(line, &a)) < 0)
			return r;
	if (a.method == NULL)
		return -EBADMSG;
	*ret = a;
	a = (struct authinfo){ 0 };
	return 0;
}
