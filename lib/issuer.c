/* SPDX-License-Identifier: ISC */
/* The issuers of a policy: every member is checked. */
#include <errno.h>
#include <string.h>

#include "auto.h"
#include "issuer.h"
#include "parse.h"

struct issuer {
	char *name, *issuer, *audience, *jwks;
	struct strv algorithms;
	struct strv *roles;
};

struct grant {
	char *user;
	struct strv roles;
	uint64_t ttl_s;
};

static int
read_algorithms(const struct jsonread_place *at, json_t *v, void *field)
{
	struct strv *list = field;
	/* RFC 7518 3.1; never "none", nor HS256, whose key would be shared. */
	static const char *const known[] = { "RS256", "RS384", "RS512", "ES256",
		"ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA" };
	size_t i, j;
	int r;

	if ((r = jsonread_strings(at, v, NULL, NULL, list)) < 0)
		return r;
	if (list->n == 0)
		return jsonread_refuse(at, "want at least one");
	for (i = 0; i < list->n; i++) {
		struct jsonread_place here = jsonread_at(at, i);

		for (j = 0; j < ARRAY_SIZE(known); j++)
			if (strcmp(known[j], list->v[i]) == 0)
				break;
		if (j == ARRAY_SIZE(known))
			return jsonread_refuse(&here,
			    "want a JWS signature algorithm with a public key, "
			    "such as RS256");
	}
	return 0;
}

static int
read_url(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && strncmp(*(char **)field, "https://", 8) != 0)
		return jsonread_refuse(at, "want a URL that begins https://");
	return r;
}

static int
read_jwks(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);
	const char *s = *(char **)field;

	if (r == 0 && s[0] != '/' && strncmp(s, "https://", 8) != 0)
		return jsonread_refuse(at,
		    "want an https:// URL or an absolute path");
	return r;
}

static int
read_grant_roles(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_strings(at, v, is_simple_name,
	    "a role cannot have this name", field);

	if (r == 0 && ((struct strv *)field)->n == 0)
		return jsonread_refuse(at, "want at least one role");
	return r;
}

static int
read_claims(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *name;
	json_t *item;

	(void)field;
	if (!json_is_object(v) || json_object_size(v) == 0)
		return jsonread_refuse(at,
		    "want at least one claim: without any, every token of this "
		    "issuer would do");
	json_object_foreach (v, name, item) {
		struct jsonread_place here = jsonread_in(at, name);

		if (!json_is_string(item) && !json_is_integer(item) &&
		    !json_is_boolean(item))
			return jsonread_refuse(&here,
			    "want a string, a number, true or false");
	}
	return 0;
}

static int
read_grant(const struct jsonread_place *at, json_t *v, struct strv *roles)
{
	static const struct jsonread_key keys[] = {
		{ "claims", read_claims, 0 },
		JSONREAD_FIELD(grant, "user", jsonread_text, user),
		JSONREAD_FIELD(grant, "roles", read_grant_roles, roles),
		JSONREAD_FIELD(grant, "ttl", jsonread_duration, ttl_s),
	};
	static const char *const needed[] = { "claims", "user", "roles",
		"ttl" };
	struct grant g = { 0 };
	int r = jsonread_object(at, v, keys, ARRAY_SIZE(keys), &g);
	size_t i;

	for (i = 0; r == 0 && i < ARRAY_SIZE(needed); i++)
		if (json_object_get(v, needed[i]) == NULL) {
			struct jsonread_place here = jsonread_in(at, needed[i]);

			r = jsonread_refuse(&here, "missing");
		}
	for (i = 0; r == 0 && i < g.roles.n; i++)
		r = strv_add_once(roles, g.roles.v[i]);
	free(g.user);
	strv_clear(&g.roles);
	return r;
}

static int
read_grants(const struct jsonread_place *at, json_t *v, void *field)
{
	struct issuer *issuer = (struct issuer *)field;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(v) || json_array_size(v) > JSONREAD_LIST_MAX)
		return jsonread_refuse(at, "want a list of grants");
	json_array_foreach (v, i, item) {
		struct jsonread_place here = jsonread_at(at, i);

		if ((r = read_grant(&here, item, issuer->roles)) < 0)
			return r;
	}
	return 0;
}

static int
read_issuer(const struct jsonread_place *at, json_t *v, struct strv *roles)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(issuer, "name", jsonread_text, name),
		JSONREAD_FIELD(issuer, "issuer", read_url, issuer),
		JSONREAD_FIELD(issuer, "audience", jsonread_text, audience),
		JSONREAD_FIELD(issuer, "algorithms", read_algorithms,
		    algorithms),
		JSONREAD_FIELD(issuer, "jwks", read_jwks, jwks),
		{ "grants", read_grants, 0 },
	};
	struct issuer issuer = { .roles = roles };
	size_t i;
	int r = jsonread_object(at, v, keys, ARRAY_SIZE(keys), &issuer);

	for (i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		if (json_object_get(v, keys[i].name) == NULL) {
			struct jsonread_place here =
			    jsonread_in(at, keys[i].name);

			r = jsonread_refuse(&here, "missing");
		}
	free(issuer.name);
	free(issuer.issuer);
	free(issuer.audience);
	free(issuer.jwks);
	strv_clear(&issuer.algorithms);
	return r;
}

static int
keep_text(struct issuers *to, json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS);
	const char *name = json_string_value(json_object_get(v, "name"));
	int r;

	if (text == NULL)
		return -ENOMEM;
	if ((r = strv_add_take(&to->texts, text)) < 0)
		return r;
	return strv_add(&to->names, name);
}

int
issuers_read(const struct jsonread_place *at, json_t *v, void *field)
{
	struct issuers *to = field;
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(v) || json_array_size(v) > JSONREAD_LIST_MAX)
		return jsonread_refuse(at, "want a list of issuers");
	json_array_foreach (v, i, item) {
		struct jsonread_place here = jsonread_at(at, i);

		if ((r = read_issuer(&here, item, &to->roles)) < 0)
			return r;
		if (strv_has(&to->names,
			json_string_value(json_object_get(item, "name"))))
			return jsonread_refuse(&here,
			    "another issuer has this name");
		if ((r = keep_text(to, item)) < 0)
			return r;
	}
	return 0;
}

void
issuers_clear(struct issuers *i)
{
	strv_clear(&i->names);
	strv_clear(&i->texts);
	strv_clear(&i->roles);
}
