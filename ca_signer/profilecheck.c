/* SPDX-License-Identifier: ISC */
/* What a profile makes of a request, or why it refuses. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "certoption.h"
#include "clock.h"
#include "decide.h"
#include "pattern.h"
#include "profile.h"
#include "validity.h"

#define OUR_EXTENSION "@countersign"

/* One question: does the profile allow it? */
struct check {
	const struct profile *p;
	const struct wanted *w;
	const char *key_type;
	uint64_t now_s, ttl_s;
	struct cert_request *req;
	struct profile_refusal *err;
};

__attribute__((format(printf, 3, 4))) static int
refuse(const struct check *c, const char *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->err->why, sizeof(c->err->why), fmt, ap);
	va_end(ap);
	snprintf(c->err->profile, sizeof(c->err->profile), "%s", c->p->name);
	c->err->rule = rule;
	return -EACCES;
}

/* The first of `list` that no pattern fits, or NULL. */
static const char *
first_unfit(const struct strv *patterns, const struct strv *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!pattern_match_any(patterns, list->v[i]))
			return list->v[i];
	return NULL;
}

static int
check_type(const struct check *c)
{
	if (c->p->kind == c->w->kind)
		return 0;
	return refuse(c, "type", "it is for %s",
	    c->p->kind == CERT_HOST ? "hosts" : "users");
}

static int
check_who(const struct check *c)
{
	const char *unfit;

	if (c->p->kind == CERT_HOST) {
		unfit = first_unfit(&c->p->hostnames, &c->w->principals);
		return unfit == NULL
		    ? 0
		    : refuse(c, "hostnames", "'%s' is not among its hostnames",
			  unfit);
	}
	if (!pattern_match_any(&c->p->users, c->w->id))
		return refuse(c, "users", "'%s' is not among its users",
		    c->w->id);
	if ((unfit = first_unfit(&c->p->roles, &c->w->roles)) != NULL)
		return refuse(c, "roles", "'%s' is not among its roles", unfit);
	unfit = first_unfit(&c->p->principals, &c->w->principals);
	if (unfit != NULL)
		return refuse(c, "principals",
		    "'%s' is not among its principals", unfit);
	return 0;
}

static int
check_key(const struct check *c)
{
	if (c->p->key_types.n > 0 &&
	    !pattern_match_any(&c->p->key_types, c->key_type))
		return refuse(c, "key_types",
		    "keys of the type '%s' are not among its key_types",
		    c->key_type);
	/* sshd asks nothing of a key that no token holds. */
	if (c->p->verify_required && strncmp(c->key_type, "sk-", 3) != 0)
		return refuse(c, "verify_required",
		    "only a key on a FIDO token can verify its user, not '%s'",
		    c->key_type);
	return 0;
}

static int
check_claims(const struct check *c)
{
	json_auto_t *claims = c->w->facts.claims != NULL
	    ? json_loads(c->w->facts.claims, 0, NULL)
	    : NULL;
	const struct claim_rule *rule;
	const char *value;
	size_t i;

	for (i = 0; i < c->p->n_claims; i++) {
		rule = &c->p->claims[i];
		value = json_string_value(json_object_get(claims, rule->name));
		if (value == NULL)
			return refuse(c, "claims", "there is no claim '%s'",
			    rule->name);
		if (!pattern_match_any(&rule->values, value))
			return refuse(c, "claims",
			    "'%.100s' is not what the claim '%s' may be", value,
			    rule->name);
	}
	return 0;
}

static int
check_facts(const struct check *c)
{
	const struct facts *f = &c->w->facts;

	if (c->p->connectors.n > 0 &&
	    (f->connector_id == NULL ||
		!pattern_match_any(&c->p->connectors, f->connector_id)))
		return refuse(c, "connector_ids",
		    "it did not come through one of its connectors");
	if (c->p->require_mfa && f->mfa == NULL)
		return refuse(c, "require_mfa", "it asks for a second factor");
	if (c->p->require_reason && f->reason == NULL)
		return refuse(c, "require_reason", "it asks for a reason");
	return check_claims(c);
}

/* As people write it: "1d12h". */
static const char *
format_span(uint64_t seconds, char buf[64])
{
	static const struct {
		uint64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds / units[i].seconds > 0)
			n += (size_t)snprintf(buf + n, 64 - n, "%llu%c",
			    (unsigned long long)(seconds / units[i].seconds),
			    units[i].unit);
		seconds %= units[i].seconds;
	}
	return buf;
}

static int
check_ttl(struct check *c)
{
	char asked[64], most[64];

	c->ttl_s = c->w->ttl_s > 0 ? c->w->ttl_s : c->p->default_ttl_s;
	if (c->ttl_s > c->p->max_ttl_s)
		return refuse(c, "max_ttl", "%s is longer than its max_ttl, %s",
		    format_span(c->ttl_s, asked),
		    format_span(c->p->max_ttl_s, most));
	return 0;
}

static int
add_principals(const struct check *c)
{
	const struct wanted *w = c->w;
	char *name;
	size_t i;
	int r;

	for (i = 0; i < w->roles.n; i++) {
		if (asprintf(&name, ROLE_PRINCIPAL_PREFIX "%s", w->roles.v[i]) <
		    0)
			return -ENOMEM;
		if ((r = strv_add_take(&c->req->principals, name)) < 0)
			return r;
	}
	for (i = 0; i < w->principals.n; i++)
		if ((r = strv_add(&c->req->principals, w->principals.v[i])) < 0)
			return r;
	return 0;
}

/* An extension of the profile's, asked for by its name. */
static bool
is_there(const struct strv *extensions, const char *option)
{
	static const char prefix[] = "extension:";
	size_t n = sizeof(prefix) - 1;

	return strncmp(option, prefix, n) == 0 &&
	    strv_has(extensions, option + n);
}

static int
add_options(const struct check *c)
{
	size_t i;
	int r;

	for (i = 0; i < c->p->extensions.n; i++)
		if ((r = strv_add_once(&c->req->extensions,
			 c->p->extensions.v[i])) < 0)
			return r;
	for (i = 0; i < c->w->options.n; i++) {
		if (is_there(&c->req->extensions, c->w->options.v[i]))
			continue;
		r = certoption_add(c->req, c->w->options.v[i]);
		if (r == -EINVAL || r == -EEXIST)
			snprintf(c->err->why, sizeof(c->err->why),
			    r == -EEXIST
				? "the option '%.100s' stands there twice"
				: "the option '%.100s' is not known, or its "
				  "value is not as it must be",
			    c->w->options.v[i]);
		if (r < 0)
			return r == -EEXIST ? -EINVAL : r;
	}
	return 0;
}

static bool
has_name(const struct strv *names, const char *option)
{
	size_t i, n = strcspn(option, "=");

	for (i = 0; i < names->n; i++)
		if (strlen(names->v[i]) == n &&
		    strncmp(names->v[i], option, n) == 0)
			return true;
	return false;
}

static int
check_extensions(const struct check *c)
{
	size_t i, n, suffix = strlen(OUR_EXTENSION);
	const char *option;

	for (i = 0; i < c->req->extensions.n; i++) {
		option = c->req->extensions.v[i];
		n = strcspn(option, "=");
		if (n > suffix &&
		    strncmp(option + n - suffix, OUR_EXTENSION, suffix) == 0)
			return refuse(c, "extensions",
			    "'%.*s' is not for asking: the signer writes it",
			    (int)n, option);
		if (!has_name(&c->p->extensions, option) &&
		    !has_name(&c->p->allow_extensions, option))
			return refuse(c, "extensions",
			    "'%.*s' is not among its extensions", (int)n,
			    option);
	}
	return 0;
}

static const char *
value_of(const struct strv *options, const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; i < options->n; i++)
		if (strncmp(options->v[i], name, n) == 0 &&
		    (options->v[i][n] == '=' || options->v[i][n] == '\0'))
			return options->v[i] + n + (options->v[i][n] == '=');
	return NULL;
}

static int
add_critical(const struct check *c, const char *name, const char *value)
{
	char *option;

	if (asprintf(&option, "%s%s%s", name, value != NULL ? "=" : "",
		value != NULL ? value : "") < 0)
		return -ENOMEM;
	return strv_add_take(&c->req->critical, option);
}

static int
check_command(const struct check *c)
{
	const char *asked = value_of(&c->req->critical, "force-command");

	if (c->p->force_command == NULL)
		return 0;
	if (asked == NULL)
		return add_critical(c, "force-command", c->p->force_command);
	if (strcmp(asked, c->p->force_command) != 0)
		return refuse(c, "force_command",
		    "another command than its force_command");
	return 0;
}

static bool
is_within(const struct cidr_list *list, const char *text)
{
	struct cidr c;
	size_t i;

	if (cidr_parse(text, &c) < 0)
		return false;
	for (i = 0; i < list->n; i++)
		if (cidr_contains(&list->v[i], &c))
			return true;
	return false;
}

static int
add_source(const struct check *c)
{
	AUTO(free) char *list = NULL;
	char text[CIDR_TEXT_MAX], *longer;
	size_t i;

	for (i = 0; i < c->p->source_address.n; i++) {
		cidr_format(&c->p->source_address.v[i], text);
		if (asprintf(&longer, "%s%s%s", list != NULL ? list : "",
			list != NULL ? "," : "", text) < 0)
			return -ENOMEM;
		free(list);
		list = longer;
	}
	return add_critical(c, "source-address", list);
}

static int
check_source(const struct check *c)
{
	const char *asked = value_of(&c->req->critical, "source-address");
	AUTO(free) char *copy = NULL;
	char *at, *item;

	if (c->p->source_address.n == 0)
		return 0;
	if (asked == NULL)
		return add_source(c);
	if ((copy = strdup(asked)) == NULL)
		return -ENOMEM;
	for (at = copy; (item = strsep(&at, ",")) != NULL;)
		if (!is_within(&c->p->source_address, item))
			return refuse(c, "source_address",
			    "'%.60s' is not within its source_address", item);
	return 0;
}

static int
check_critical(const struct check *c)
{
	static const char *const known[] = { "force-command", "source-address",
		"verify-required" };
	const char *option;
	size_t i, j, n;

	for (i = 0; i < c->req->critical.n; i++) {
		option = c->req->critical.v[i];
		n = strcspn(option, "=");
		for (j = 0; j < ARRAY_SIZE(known); j++)
			if (strlen(known[j]) == n &&
			    strncmp(known[j], option, n) == 0)
				break;
		if (j == ARRAY_SIZE(known))
			return refuse(c, "options",
			    "the critical option '%.*s' would make hosts "
			    "refuse the certificate",
			    (int)n, option);
	}
	if (c->p->kind == CERT_HOST && c->req->critical.n > 0)
		return refuse(c, "options",
		    "a host's certificate has no critical options");
	if (c->p->verify_required &&
	    value_of(&c->req->critical, "verify-required") == NULL)
		return add_critical(c, "verify-required", NULL);
	return 0;
}

static int
add_fact(const struct check *c, const char *name, const char *value)
{
	char *option;

	if (value == NULL)
		return 0;
	if (asprintf(&option, "%s" OUR_EXTENSION "=%s", name, value) < 0)
		return -ENOMEM;
	return strv_add_take(&c->req->extensions, option);
}

/* What a host may want to know beside the name. */
static int
add_facts(const struct check *c)
{
	const struct facts *f = &c->w->facts;
	int r;

	if (c->p->kind == CERT_HOST)
		return 0;
	if ((r = add_fact(c, "claims", f->claims)) < 0 ||
	    (r = add_fact(c, "connector-id", f->connector_id)) < 0 ||
	    (r = add_fact(c, "mfa", f->mfa)) < 0)
		return r;
	return add_fact(c, "request-id", f->request_id);
}

static int
make_request(const struct check *c)
{
	int r;

	c->req->kind = c->w->kind;
	c->req->valid_after = c->now_s - VALIDITY_BACKDATE_S;
	c->req->valid_before = c->now_s + c->ttl_s;
	if ((c->req->key_id = strdup(c->w->id)) == NULL)
		return -ENOMEM;
	if ((r = add_principals(c)) < 0 || (r = add_options(c)) < 0 ||
	    (r = check_extensions(c)) < 0 || (r = check_command(c)) < 0 ||
	    (r = check_source(c)) < 0 || (r = check_critical(c)) < 0)
		return r;
	return add_facts(c);
}

/* Farther down is nearer to allowing it: that refusal is the one to tell. */
static int
apply(struct check *c, int *ret_depth)
{
	int (*const questions[])(const struct check *) = { check_type,
		check_who, check_key, check_facts };
	size_t i;
	int r;

	for (i = 0; i < ARRAY_SIZE(questions); i++) {
		*ret_depth = (int)i;
		if ((r = questions[i](c)) < 0)
			return r;
	}
	(*ret_depth)++;
	if ((r = check_ttl(c)) < 0)
		return r;
	(*ret_depth)++;
	return make_request(c);
}

static int
refuse_unknown(const struct wanted *w, struct profile_refusal *err)
{
	err->profile[0] = '\0';
	err->rule = "profile";
	if (w->profile != NULL)
		snprintf(err->why, sizeof(err->why),
		    "there is no profile '%.64s'", w->profile);
	else
		snprintf(err->why, sizeof(err->why), "there is no profile");
	return -EACCES;
}

int
profiles_apply(const struct profiles *p, const struct wanted *w,
    const char *key_type, uint64_t now_s, struct cert_request *ret,
    const struct profile **ret_profile, struct profile_refusal *reterr)
{
	struct profile_refusal refusal = { 0 };
	int r, deepest = -1, depth = 0;
	size_t i;

	refuse_unknown(w, reterr);
	for (i = 0; i < p->n; i++) {
		struct cert_request req = { 0 };
		struct check c = { .p = &p->v[i],
			.w = w,
			.key_type = key_type,
			.now_s = now_s,
			.req = &req,
			.err = &refusal };

		if (w->profile != NULL && strcmp(w->profile, p->v[i].name) != 0)
			continue;
		if ((r = apply(&c, &depth)) == 0) {
			*ret = req;
			*ret_profile = &p->v[i];
			return 0;
		}
		cert_request_clear(&req);
		if (r != -EACCES) {
			*reterr = refusal;
			return r;
		}
		if (depth > deepest) {
			deepest = depth;
			*reterr = refusal;
		}
	}
	return -EACCES;
}
