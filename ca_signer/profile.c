/* SPDX-License-Identifier: ISC */
/* Reading a CA's profiles. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "ca.h"
#include "jsonread.h"
#include "parse.h"
#include "path.h"
#include "pattern.h"
#include "policy.h"
#include "profile.h"
#include "sshcert.h"

#define USER_DEFAULT_TTL_S (8 * 3600)
#define HOST_DEFAULT_TTL_S (30 * 86400)

const char profiles_default[] =
    "{\n"
    "  \"comment\": \"Who may be issued what by this CA: "
    "countersign-profiles(5). The first profile that allows a request makes "
    "the certificate; 'countersign sign --profile NAME' asks for one.\",\n"
    "  \"profiles\": {\n"
    "    \"person\": {\n"
    "      \"comment\": \"A working day for people. Narrow users and roles to "
    "yours: [\\\"*@example.com\\\"].\",\n"
    "      \"type\": \"user\",\n"
    "      \"users\": [\"*\"],\n"
    "      \"roles\": [\"*\"],\n"
    "      \"default_ttl\": \"8h\",\n"
    "      \"max_ttl\": \"24h\",\n"
    "      \"extensions\": [\"permit-pty\", \"permit-port-forwarding\", "
    "\"permit-agent-forwarding\", \"permit-X11-forwarding\"]\n"
    "    },\n"
    "    \"host\": {\n"
    "      \"comment\": \"Host certificates. Narrow hostnames to yours: "
    "[\\\"*.example.com\\\"].\",\n"
    "      \"type\": \"host\",\n"
    "      \"hostnames\": [\"*\"],\n"
    "      \"default_ttl\": \"30d\",\n"
    "      \"max_ttl\": \"90d\"\n"
    "    }\n"
    "  }\n"
    "}\n";

static void
profile_clear(struct profile *p)
{
	struct strv *const lists[] = { &p->users, &p->roles, &p->principals,
		&p->hostnames, &p->key_types, &p->connectors, &p->extensions,
		&p->allow_extensions };
	size_t i;

	free(p->name);
	free(p->force_command);
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		strv_clear(lists[i]);
	for (i = 0; i < p->n_claims; i++) {
		free(p->claims[i].name);
		strv_clear(&p->claims[i].values);
	}
	free(p->claims);
	cidr_list_clear(&p->source_address);
}

void
profiles_clear(struct profiles *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		profile_clear(&p->v[i]);
	free(p->v);
	*p = (struct profiles){ 0 };
}

static int
read_patterns(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, pattern_is_valid,
	    "want globs, or a valid /expression/", field);
}

static bool
is_extension(const char *s)
{
	return s[0] != '\0' && strlen(s) <= 255 && is_principal(s);
}

static int
read_extensions(const struct jsonread_place *at, json_t *v, void *field)
{
	return jsonread_strings(at, v, is_extension,
	    "want names of extensions such as \"permit-pty\"", field);
}

static int
read_type(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = jsonread_string(at, v);

	if (s == NULL)
		return -EINVAL;
	if (strcmp(s, "user") != 0 && strcmp(s, "host") != 0)
		return jsonread_refuse(at, "want \"user\" or \"host\"");
	*(uint32_t *)field = strcmp(s, "host") == 0 ? CERT_HOST : CERT_USER;
	return 0;
}

static int
read_command(const struct jsonread_place *at, json_t *v, void *field)
{
	int r = jsonread_text(at, v, field);

	if (r == 0 && (*(char **)field)[0] == '\0')
		return jsonread_refuse(at, "want a command");
	return r;
}

static int
read_claims(const struct jsonread_place *at, json_t *v, void *field)
{
	struct profile *p = field;
	struct claim_rule *more;
	const char *name;
	json_t *item;
	int r;

	if (!json_is_object(v) || json_object_size(v) > JSONREAD_LIST_MAX)
		return jsonread_refuse(at, "want an object of lists");
	json_object_foreach (v, name, item) {
		struct jsonread_place here = jsonread_in(at, name);

		more = reallocarray(p->claims, p->n_claims + 1, sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		p->claims = more;
		more += p->n_claims++;
		*more = (struct claim_rule){ .name = strdup(name) };
		if (more->name == NULL)
			return -ENOMEM;
		if ((r = read_patterns(&here, item, &more->values)) < 0)
			return r;
	}
	return 0;
}

static int
read_members(const struct jsonread_place *at, json_t *v, struct profile *p)
{
	static const struct jsonread_key keys[] = {
		{ "comment", jsonread_skip, 0 },
		JSONREAD_FIELD(profile, "type", read_type, kind),
		JSONREAD_FIELD(profile, "users", read_patterns, users),
		JSONREAD_FIELD(profile, "roles", read_patterns, roles),
		JSONREAD_FIELD(profile, "principals", read_patterns,
		    principals),
		JSONREAD_FIELD(profile, "hostnames", read_patterns, hostnames),
		JSONREAD_FIELD(profile, "key_types", read_patterns, key_types),
		JSONREAD_FIELD(profile, "connector_ids", read_patterns,
		    connectors),
		JSONREAD_FIELD(profile, "default_ttl", jsonread_duration,
		    default_ttl_s),
		JSONREAD_FIELD(profile, "max_ttl", jsonread_duration,
		    max_ttl_s),
		JSONREAD_FIELD(profile, "extensions", read_extensions,
		    extensions),
		JSONREAD_FIELD(profile, "allow_extensions", read_extensions,
		    allow_extensions),
		JSONREAD_FIELD(profile, "source_address", jsonread_ranges,
		    source_address),
		JSONREAD_FIELD(profile, "force_command", read_command,
		    force_command),
		{ "claims", read_claims, 0 },
		JSONREAD_FIELD(profile, "verify_required", jsonread_bool,
		    verify_required),
		JSONREAD_FIELD(profile, "require_mfa", jsonread_bool,
		    require_mfa),
		JSONREAD_FIELD(profile, "require_reason", jsonread_bool,
		    require_reason),
		JSONREAD_FIELD(profile, "renewable", jsonread_bool, renewable),
	};

	return jsonread_object(at, v, keys, ARRAY_SIZE(keys), p);
}

/* What cannot be meant. */
static int
check_members(const struct jsonread_place *at, struct profile *p)
{
	bool is_host = p->kind == CERT_HOST;

	if (p->kind == 0)
		return jsonread_refuse(at,
		    "want \"type\": \"user\" or \"host\"");
	if (p->max_ttl_s == 0)
		return jsonread_refuse(at,
		    "want \"max_ttl\": how long is the longest certificate?");
	if (is_host &&
	    (p->users.n + p->roles.n + p->principals.n + p->extensions.n +
			p->allow_extensions.n + p->source_address.n >
		    0 ||
		p->force_command != NULL || p->verify_required))
		return jsonread_refuse(at,
		    "a host's certificate has hostnames, no users, roles, "
		    "principals, extensions or critical options");
	if (!is_host && p->hostnames.n > 0)
		return jsonread_refuse(at,
		    "hostnames are for profiles of the type host");
	if (p->default_ttl_s == 0) {
		p->default_ttl_s =
		    is_host ? HOST_DEFAULT_TTL_S : USER_DEFAULT_TTL_S;
		if (p->default_ttl_s > p->max_ttl_s)
			p->default_ttl_s = p->max_ttl_s;
	}
	if (p->default_ttl_s > p->max_ttl_s)
		return jsonread_refuse(at, "default_ttl is beyond max_ttl");
	return 0;
}

static int
read_profiles(const struct jsonread_place *at, json_t *v, void *field)
{
	struct profiles *all = field;
	struct profile *more;
	const char *name;
	json_t *item;
	int r;

	if (!json_is_object(v) || json_object_size(v) > JSONREAD_LIST_MAX)
		return jsonread_refuse(at, "want an object of profiles");
	json_object_foreach (v, name, item) {
		struct jsonread_place here = jsonread_in(at, name);

		if (!is_simple_name(name))
			return jsonread_refuse(&here,
			    "a profile's name is letters, digits and . _ -");
		more = reallocarray(all->v, all->n + 1, sizeof(*more));
		if (more == NULL)
			return -ENOMEM;
		all->v = more;
		more += all->n++;
		*more =
		    (struct profile){ .name = strdup(name), .renewable = true };
		if (more->name == NULL)
			return -ENOMEM;
		if ((r = read_members(&here, item, more)) < 0 ||
		    (r = check_members(&here, more)) < 0)
			return r;
	}
	return 0;
}

int
profiles_parse(const char *text, size_t len, struct profiles *ret,
    struct conf_error *reterr)
{
	static const struct jsonread_key keys[] = {
		{ "comment", jsonread_skip, 0 },
		{ "profiles", read_profiles, 0 },
	};
	AUTO_CLEAR(profiles_clear) struct profiles p = { 0 };
	struct jsonread_place top = { .err = reterr, .text = text, .len = len };
	json_auto_t *doc = NULL;
	int r;

	if ((r = jsonread_load(text, len, &doc, reterr)) < 0 ||
	    (r = jsonread_object(&top, doc, keys, ARRAY_SIZE(keys), &p)) < 0)
		return r;
	*ret = p;
	p = (struct profiles){ 0 };
	return 0;
}

int
profiles_load(const char *dir, struct profiles *ret, struct conf_error *reterr)
{
	AUTO(free) char *path = ca_path(dir, PROFILE_FILE);
	AUTO(fclose) FILE *f = NULL;
	AUTO(free) char *text = NULL;
	struct stat st;
	size_t len;
	int r;

	if (path == NULL)
		return conf_error(reterr, 0, "out of memory");
	if ((f = fopen(path, "re")) == NULL)
		return conf_error(reterr, 0, "cannot open it: %s",
		    strerror(errno));
	/* It says what the CA signs: as good as its key. */
	if (fstat(fileno(f), &st) < 0 || (st.st_mode & 022) != 0 ||
	    (st.st_uid != geteuid() && st.st_uid != 0))
		return conf_error(reterr, 0,
		    "others than you can write it: chmod 600");
	if ((r = path_read(f, PROFILE_MAX_BYTES, &text, &len)) < 0)
		return conf_error(reterr, 0, "cannot read it: %s",
		    strerror(-r));
	return profiles_parse(text, len, ret, reterr);
}
