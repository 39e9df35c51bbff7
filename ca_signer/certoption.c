/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -O words. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certoption.h"
#include "cidr.h"

static void
strv_remove(struct strv *s, const char *item)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (strcmp(s->v[i], item) != 0)
			continue;
		free(s->v[i]);
		s->v[i] = s->v[--s->n];
		return;
	}
}

int
certoption_defaults(struct strv *ext)
{
	static const char *const names[] = { "permit-X11-forwarding",
		"permit-agent-forwarding", "permit-port-forwarding",
		"permit-pty" };
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if ((r = strv_add(ext, names[i])) < 0)
			return r;
	return 0;
}

static const char *
extension_of(const char *word)
{
	static const struct {
		const char *word, *extension;
	} flags[] = { { "pty", "permit-pty" },
		{ "port-forwarding", "permit-port-forwarding" },
		{ "agent-forwarding", "permit-agent-forwarding" },
		{ "x11-forwarding", "permit-X11-forwarding" },
		{ "user-rc", "permit-user-rc" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].word, word) == 0)
			return flags[i].extension;
	return NULL;
}

static bool
has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* sshd refuses a certificate whose list it cannot read. */
static bool
is_address_list(const char *list)
{
	AUTO(free) char *copy = strdup(list);
	char *at = copy, *item;
	struct cidr c;

	while (copy != NULL && (item = strsep(&at, ",")) != NULL)
		if (cidr_parse(item, &c) < 0)
			return false;
	return copy != NULL;
}

static int
add_critical(struct cert_request *req, const char *word)
{
	size_t i, n = strcspn(word, "=");

	if (word[n] == '=' && word[n + 1] == '\0')
		return -EINVAL;
	if (has_prefix(word, "source-address=") &&
	    !is_address_list(word + n + 1))
		return -EINVAL;
	for (i = 0; i < req->critical.n; i++)
		if (strncmp(req->critical.v[i], word, n) == 0 &&
		    strchr("=", req->critical.v[i][n]) != NULL)
			return -EEXIST;
	return strv_add(&req->critical, word);
}

int
certoption_add(struct cert_request *req, const char *word)
{
	const char *ext;

	if (strcmp(word, "clear") == 0) {
		strv_clear(&req->extensions);
		return 0;
	}
	if (has_prefix(word, "force-command=") ||
	    has_prefix(word, "source-address=") ||
	    strcmp(word, "verify-required") == 0)
		return add_critical(req, word);
	if (has_prefix(word, "no-")) {
		if ((ext = extension_of(word + 3)) == NULL)
			return -EINVAL;
		strv_remove(&req->extensions, ext);
		return 0;
	}
	/* ssh-keygen spells the other way "permit-...". */
	if (has_prefix(word, "permit-"))
		word += 7;
	if ((ext = extension_of(strcmp(word, "X11-forwarding") == 0
		     ? "x11-forwarding"
		     : word)) == NULL)
		return -EINVAL;
	return strv_add_once(&req->extensions, ext);
}
