/* SPDX-License-Identifier: ISC */
/* ssh-keygen's -O words. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certoption.h"
#include "cidr.h"

#define NO_TOUCH "no-touch-required"

static const struct {
	const char *word, *extension;
} flags[] = { { "pty", "permit-pty" },
	{ "port-forwarding", "permit-port-forwarding" },
	{ "agent-forwarding", "permit-agent-forwarding" },
	{ "x11-forwarding", "permit-X11-forwarding" },
	{ "user-rc", "permit-user-rc" } };

/* The order of extensions is the writer's matter. */
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
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if ((r = strv_add(ext, flags[i].extension)) < 0)
			return r;
	return 0;
}

/* -O clear: the extensions that ssh-keygen has words for go. */
static void
clear_flags(struct strv *ext)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		strv_remove(ext, flags[i].extension);
	strv_remove(ext, NO_TOUCH);
}

static bool
has_prefix(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

const char *
certoption_flag(const char *word, bool *ret_no)
{
	size_t i;

	*ret_no = false;
	if (strcasecmp(word, NO_TOUCH) == 0)
		return NO_TOUCH;
	if (strcasecmp(word, "touch-required") == 0) {
		*ret_no = true;
		return NO_TOUCH;
	}
	*ret_no = has_prefix(word, "no-");
	if (!*ret_no && !has_prefix(word, "permit-"))
		return NULL;
	word += strlen(*ret_no ? "no-" : "permit-");
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcasecmp(flags[i].word, word) == 0)
			return flags[i].extension;
	return NULL;
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

static bool
has_name(const struct strv *options, const char *word)
{
	size_t i, n = strcspn(word, "=");

	for (i = 0; i < options->n; i++)
		if (strncmp(options->v[i], word, n) == 0 &&
		    (options->v[i][n] == '=' || options->v[i][n] == '\0'))
			return true;
	return false;
}

static int
add_once(struct strv *options, const char *word)
{
	if (has_name(options, word))
		return -EEXIST;
	return strv_add(options, word);
}

/* "NAME=" in ssh-keygen's spelling, whatever the case it was given in. */
static int
add_valued(struct cert_request *req, const char *name, const char *value)
{
	AUTO(free) char *option = NULL;

	if (*value == '\0')
		return -EINVAL;
	if (asprintf(&option, "%s=%s", name, value) < 0)
		return -ENOMEM;
	return add_once(&req->critical, option);
}

static int
add_named(struct strv *options, const char *word)
{
	if (word[0] == '\0' || word[0] == '=')
		return -EINVAL;
	return add_once(options, word);
}

int
certoption_add(struct cert_request *req, const char *word)
{
	const char *ext, *value = strchr(word, '=');
	bool is_no;

	if (strcasecmp(word, "clear") == 0) {
		clear_flags(&req->extensions);
		return 0;
	}
	if (has_prefix(word, "force-command="))
		return add_valued(req, "force-command", value + 1);
	if (has_prefix(word, "source-address="))
		return is_address_list(value + 1)
		    ? add_valued(req, "source-address", value + 1)
		    : -EINVAL;
	if (strcasecmp(word, "verify-required") == 0)
		return add_once(&req->critical, "verify-required");
	if (has_prefix(word, "critical:"))
		return add_named(&req->critical, word + strlen("critical:"));
	if (has_prefix(word, "extension:"))
		return add_named(&req->extensions, word + strlen("extension:"));
	if ((ext = certoption_flag(word, &is_no)) == NULL)
		return -EINVAL;
	if (is_no) {
		strv_remove(&req->extensions, ext);
		return 0;
	}
	return strv_add_once(&req->extensions, ext);
}
