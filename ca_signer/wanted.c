/* SPDX-License-Identifier: ISC */
/* What somebody asks a CA for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "decide.h"
#include "jsonread.h"
#include "parse.h"
#include "show.h"
#include "sshcert.h"
#include "validity.h"
#include "wanted.h"

static void
facts_clear(struct facts *f)
{
	free(f->connector_id);
	free(f->mfa);
	free(f->claims);
	free(f->request_id);
	free(f->reason);
	free(f->client_ip);
	*f = (struct facts){ 0 };
}

void
wanted_clear(struct wanted *w)
{
	free(w->id);
	free(w->profile);
	strv_clear(&w->roles);
	strv_clear(&w->principals);
	strv_clear(&w->options);
	facts_clear(&w->facts);
	*w = (struct wanted){ 0 };
}

static int
claims_from(json_t *doc, char **ret, struct conf_error *e)
{
	char *text;

	if (!json_is_object(doc))
		return conf_error(e, 0, "claims: want a JSON object");
	text =
	    json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	if (text == NULL)
		return -ENOMEM;
	if (strlen(text) > WANTED_CLAIMS_MAX_BYTES) {
		free(text);
		return conf_error(e, 0, "claims: more than %u bytes",
		    WANTED_CLAIMS_MAX_BYTES);
	}
	free(*ret);
	*ret = text;
	return 0;
}

int
wanted_set_claims(struct wanted *w, const char *text, struct conf_error *e)
{
	json_auto_t *doc = NULL;
	int r;

	if ((r = jsonread_load(text, strlen(text), &doc, e)) < 0)
		return r;
	return claims_from(doc, &w->facts.claims, e);
}

static bool
is_name(const char *text)
{
	return is_principal(text) && is_plain_text(text);
}

static int
check_id(const struct wanted *w, struct conf_error *e)
{
	if (w->id == NULL)
		return conf_error(e, 0, "who is it for?");
	if (!is_name(w->id))
		return conf_error(e, 0,
		    "an ID is 1 to 255 bytes without blanks, control or "
		    "invisible characters or , * ? ! # \"");
	return 0;
}

static int
check_names(const struct wanted *w, struct conf_error *e)
{
	size_t i;

	for (i = 0; i < w->roles.n; i++)
		if (!is_simple_name(w->roles.v[i]))
			return conf_error(e, 0,
			    "'%s' cannot be a role: letters, digits and . _ -",
			    w->roles.v[i]);
	for (i = 0; i < w->principals.n; i++)
		if (!is_name(w->principals.v[i]))
			return conf_error(e, 0,
			    "'%s' cannot be a %s: 1 to 255 bytes without "
			    "blanks, control characters or , * ? ! # \"",
			    w->principals.v[i],
			    w->kind == CERT_HOST ? "host name" : "principal");
	/* A profile's principals are not its roles. */
	for (i = 0; i < w->principals.n && w->kind == CERT_USER; i++)
		if (strncmp(w->principals.v[i], ROLE_PRINCIPAL_PREFIX,
			strlen(ROLE_PRINCIPAL_PREFIX)) == 0)
			return conf_error(e, 0,
			    "'%s' is a role: ask for it as one",
			    w->principals.v[i]);
	if (w->roles.n + w->principals.n > CERT_MAX_PRINCIPALS)
		return conf_error(e, 0, "more than %d principals",
		    CERT_MAX_PRINCIPALS);
	if (w->roles.n + w->principals.n == 0)
		return conf_error(e, 0,
		    "a certificate without a role opens nothing: say which");
	return 0;
}

static int
check_facts(const struct facts *f, struct conf_error *e)
{
	const char *const texts[] = { f->connector_id, f->mfa, f->request_id,
		f->reason, f->client_ip };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i] != NULL &&
		    (texts[i][0] == '\0' ||
			strlen(texts[i]) > WANTED_FACT_MAX_BYTES))
			return conf_error(e, 0,
			    "a connector, second factor, request, reason or "
			    "address is 1 to %u bytes",
			    WANTED_FACT_MAX_BYTES);
	return 0;
}

int
wanted_check(const struct wanted *w, struct conf_error *e)
{
	int r;

	if ((r = check_id(w, e)) < 0 || (r = check_names(w, e)) < 0)
		return r;
	return check_facts(&w->facts, e);
}

static int
copy_text(const char *text, char **ret)
{
	if (text == NULL)
		return 0;
	return (*ret = strdup(text)) == NULL ? -ENOMEM : 0;
}

static int
copy_list(const struct strv *from, struct strv *to)
{
	size_t i;
	int r;

	for (i = 0; i < from->n; i++)
		if ((r = strv_add(to, from->v[i])) < 0)
			return r;
	return 0;
}

int
wanted_copy(const struct wanted *from, struct wanted *to)
{
	const struct facts *f = &from->facts;
	int r;

	to->kind = from->kind;
	to->ttl_s = from->ttl_s;
	if ((r = copy_text(from->id, &to->id)) < 0 ||
	    (r = copy_text(from->profile, &to->profile)) < 0 ||
	    (r = copy_list(&from->roles, &to->roles)) < 0 ||
	    (r = copy_list(&from->principals, &to->principals)) < 0 ||
	    (r = copy_list(&from->options, &to->options)) < 0 ||
	    (r = copy_text(f->connector_id, &to->facts.connector_id)) < 0 ||
	    (r = copy_text(f->mfa, &to->facts.mfa)) < 0 ||
	    (r = copy_text(f->claims, &to->facts.claims)) < 0 ||
	    (r = copy_text(f->request_id, &to->facts.request_id)) < 0 ||
	    (r = copy_text(f->reason, &to->facts.reason)) < 0)
		return r;
	return copy_text(f->client_ip, &to->facts.client_ip);
}

/* ---- a batch's line ---- */

struct batch_line {
	struct wanted want;
	char *key;
};

static int
read_list(const struct jsonread_place *at, json_t *v, void *field)
{
	strv_clear(field);
	return jsonread_strings(at, v, NULL, NULL, field);
}

static int
read_ttl(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = jsonread_string(at, v);

	if (s == NULL || validity_parse_ttl(s, field) < 0)
		return jsonread_refuse(at,
		    "want a time with its unit, such as \"8h\"");
	return 0;
}

static int
read_claims(const struct jsonread_place *at, json_t *v, void *field)
{
	return claims_from(v, field, at->err);
}

static void
batch_line_clear(struct batch_line *b)
{
	wanted_clear(&b->want);
	free(b->key);
}

#define WANTED(name, read, field)                       \
	{                                               \
		name, read,                             \
		    offsetof(struct batch_line, want) + \
		    offsetof(struct wanted, field)      \
	}

static int
read_line(json_t *doc, struct batch_line *b, struct conf_error *e)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(batch_line, "key", jsonread_text, key),
		WANTED("user", jsonread_text, id),
		WANTED("roles", read_list, roles),
		WANTED("principals", read_list, principals),
		WANTED("hostnames", read_list, principals),
		WANTED("options", read_list, options),
		WANTED("profile", jsonread_text, profile),
		WANTED("ttl", read_ttl, ttl_s),
		WANTED("connector_id", jsonread_text, facts.connector_id),
		WANTED("mfa", jsonread_text, facts.mfa),
		WANTED("claims", read_claims, facts.claims),
		WANTED("request_id", jsonread_text, facts.request_id),
		WANTED("reason", jsonread_text, facts.reason),
		WANTED("client_ip", jsonread_text, facts.client_ip),
	};
	struct jsonread_place top = { .err = e };

	return jsonread_object(&top, doc, keys, ARRAY_SIZE(keys), b);
}

int
wanted_from_json(const char *text, size_t len, const struct wanted *base,
    struct wanted *ret, char **ret_key, struct conf_error *e)
{
	AUTO_CLEAR(batch_line_clear) struct batch_line b = { 0 };
	json_auto_t *doc = NULL;
	int r;

	if ((r = wanted_copy(base, &b.want)) < 0 ||
	    (r = jsonread_load(text, len, &doc, e)) < 0 ||
	    (r = read_line(doc, &b, e)) < 0)
		return r;
	if (b.key == NULL)
		return conf_error(e, 0, "it has no \"key\"");
	if (b.want.kind == CERT_HOST && b.want.id == NULL &&
	    b.want.principals.n > 0 &&
	    (r = copy_text(b.want.principals.v[0], &b.want.id)) < 0)
		return r;
	*ret = b.want;
	*ret_key = TAKE(b.key);
	b.want = (struct wanted){ 0 };
	return 0;
}
