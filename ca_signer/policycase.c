/* SPDX-License-Identifier: ISC */
/* A policy's tests: questions with the answers they should get. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "jsonread.h"
#include "parse.h"
#include "policycase.h"

#define EXPIRY "expiry-time=\""

static int
read_roles(const struct jsonread_place *at, json_t *v, void *field)
{
	strv_clear(field);
	return jsonread_strings(at, v, is_simple_name,
	    "a role cannot have this name", field);
}

static int
read_serial(const struct jsonread_place *at, json_t *v, void *field)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return jsonread_refuse(at, "want a whole number");
	*(uint64_t *)field = (uint64_t)json_integer_value(v);
	return 0;
}

/* As the signer writes them into a certificate. */
static int
read_claims(const struct jsonread_place *at, json_t *v, void *field)
{
	char **text = field;

	if (!json_is_object(v))
		return jsonread_refuse(at, "want an object");
	free(*text);
	*text =
	    json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	return *text == NULL ? -ENOMEM : 0;
}

static int
read_labels(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *key;
	json_t *item;
	int r;

	if (!json_is_object(v))
		return jsonread_refuse(at, "want an object of strings");
	labels_clear(field);
	json_object_foreach (v, key, item) {
		struct jsonread_place here = jsonread_in(at, key);

		if (!is_simple_name(key) || !json_is_string(item) ||
		    !is_label_value(json_string_value(item)))
			return jsonread_refuse(&here,
			    "no host can have this label");
		r = labels_add(field, key, json_string_value(item));
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_expect(const struct jsonread_place *at, json_t *v, void *field)
{
	const char *s = json_string_value(v);
	int i;

	if (s != NULL && strcmp(s, "allowed") == 0)
		return jsonread_text(at, v, field);
	for (i = REASON_NONE + 1; s != NULL && i < REASON_COUNT; i++)
		if (strcmp(s, reason_name((enum reason)i)) == 0)
			return jsonread_text(at, v, field);
	return jsonread_refuse(at,
	    "want \"allowed\" or the name of a reason, such as "
	    "\"label_mismatch\"");
}

static int
read_key(const struct jsonread_place *at, json_t *v, void *field)
{
	struct sshkey key = { 0 };
	int r = jsonread_text(at, v, field);

	if (r == 0 && sshkey_parse_line(*(char **)field, &key) < 0)
		r = jsonread_refuse(at, "want a public key's line");
	sshkey_clear(&key);
	return r;
}

static int
read_members(const struct jsonread_place *at, json_t *v, struct policy_case *c)
{
	static const struct jsonread_key keys[] = {
		JSONREAD_FIELD(policy_case, "name", jsonread_text, name),
		JSONREAD_FIELD(policy_case, "user", jsonread_text, q.user),
		JSONREAD_FIELD(policy_case, "roles", read_roles, q.roles),
		JSONREAD_FIELD(policy_case, "key", read_key, q.key),
		JSONREAD_FIELD(policy_case, "serial", read_serial, q.serial),
		JSONREAD_FIELD(policy_case, "age", jsonread_duration, q.age_s),
		JSONREAD_FIELD(policy_case, "ttl", jsonread_duration, q.ttl_s),
		JSONREAD_FIELD(policy_case, "mfa", jsonread_text, q.mfa),
		JSONREAD_FIELD(policy_case, "claims", read_claims, q.claims),
		JSONREAD_FIELD(policy_case, "force_command", jsonread_text,
		    q.force_command),
		JSONREAD_FIELD(policy_case, "login", jsonread_text, q.login),
		JSONREAD_FIELD(policy_case, "labels", read_labels, q.labels),
		JSONREAD_FIELD(policy_case, "host", jsonread_text, q.hostname),
		JSONREAD_FIELD(policy_case, "server_id", jsonread_text,
		    q.server_id),
		JSONREAD_FIELD(policy_case, "at", jsonread_time, q.at_s),
		JSONREAD_FIELD(policy_case, "grace", jsonread_duration,
		    q.grace_s),
		JSONREAD_FIELD(policy_case, "from", jsonread_text, q.from),
		JSONREAD_FIELD(policy_case, "expect", read_expect, expect),
		JSONREAD_FIELD(policy_case, "line", jsonread_text, line),
		JSONREAD_FIELD(policy_case, "expires_in", jsonread_duration,
		    expires_in_s),
	};

	return jsonread_object(at, v, keys, ARRAY_SIZE(keys), c);
}

/* What all have, then what this one says. */
static int
read_case(const struct jsonread_place *at, json_t *v,
    const struct jsonread_place *defaults_at, json_t *defaults,
    struct policy_case *c)
{
	int r = 0;

	question_init(&c->q);
	if (defaults != NULL)
		r = read_members(defaults_at, defaults, c);
	if (r == 0)
		r = read_members(at, v, c);
	if (r < 0)
		return r;
	if (c->q.login == NULL)
		return jsonread_refuse(at, "login: missing");
	if (c->expect == NULL)
		return jsonread_refuse(at, "expect: missing");
	if (c->q.user == NULL)
		return jsonread_refuse(at, "user: missing");
	return 0;
}

static int
read_cases(const struct jsonread_place *top, json_t *doc,
    struct policy_cases *ret)
{
	struct jsonread_place at = jsonread_in(top, "tests");
	struct jsonread_place defaults_at = jsonread_in(top, "defaults");
	json_t *tests = json_object_get(doc, "tests");
	json_t *defaults = json_object_get(doc, "defaults"), *item;
	size_t i;
	int r;

	if (!json_is_array(tests))
		return jsonread_refuse(top,
		    "want {\"tests\": [...]}, and \"defaults\": {...} if you "
		    "like");
	ret->v = calloc(json_array_size(tests) + 1, sizeof(*ret->v));
	if (ret->v == NULL)
		return -ENOMEM;
	json_array_foreach (tests, i, item) {
		struct jsonread_place here = jsonread_at(&at, i);

		r = read_case(&here, item, &defaults_at, defaults,
		    &ret->v[ret->n++]);
		if (r < 0)
			return r;
	}
	return 0;
}

int
policy_cases_parse(const char *text, size_t len, struct policy_cases *ret,
    struct conf_error *reterr)
{
	struct jsonread_place top = { .err = reterr, .text = text, .len = len };
	static const struct jsonread_key keys[] = {
		{ "tests", jsonread_skip, 0 },
		{ "defaults", jsonread_skip, 0 },
	};
	json_auto_t *doc = NULL;
	int r;

	if ((r = jsonread_load(text, len, &doc, reterr)) < 0 ||
	    (r = jsonread_object(&top, doc, keys, ARRAY_SIZE(keys), ret)) < 0)
		return r;
	return read_cases(&top, doc, ret);
}

void
policy_cases_clear(struct policy_cases *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->v[i].name);
		free(c->v[i].expect);
		free(c->v[i].line);
		question_clear(&c->v[i].q);
	}
	free(c->v);
	*c = (struct policy_cases){ 0 };
}

/* Equal, or equal but for the time where the expected one says any. */
static bool
line_fits(const char *expected, const char *line)
{
	const char *any = strstr(expected, EXPIRY "*\""), *rest;
	size_t n;

	if (any == NULL)
		return strcmp(expected, line) == 0;
	n = (size_t)(any - expected) + strlen(EXPIRY);
	if (strncmp(expected, line, n) != 0)
		return false;
	rest = line + n + strspn(line + n, "0123456789Z");
	return strcmp(expected + n + 1, rest) == 0;
}

static int
differ(char **ret_why, const char *what, const char *is, const char *expected)
{
	return asprintf(ret_why, "%s is %s, not %s", what, is, expected) < 0
	    ? -ENOMEM
	    : 0;
}

static int
compare(const struct policy_case *c, const struct answer *a, char **ret_why)
{
	const char *is =
	    a->reason == REASON_NONE ? "allowed" : reason_name(a->reason);
	char text[PARSE_NUMBER_TEXT_MAX], expected[PARSE_NUMBER_TEXT_MAX];

	if (strcmp(is, c->expect) != 0) {
		if (a->decision.detail == NULL)
			return differ(ret_why, "the answer", is, c->expect);
		return asprintf(ret_why, "the answer is %s (%s), not %s", is,
			   a->decision.detail, c->expect) < 0
		    ? -ENOMEM
		    : 0;
	}
	if (c->line != NULL &&
	    (a->line == NULL || !line_fits(c->line, a->line)))
		return differ(ret_why, "the line",
		    a->line != NULL ? a->line : "none", c->line);
	if (c->expires_in_s != 0 &&
	    a->decision.access.expires_s != c->q.at_s + c->expires_in_s)
		return differ(ret_why, "its end",
		    format_duration(a->decision.access.expires_s - c->q.at_s,
			text),
		    format_duration(c->expires_in_s, expected));
	return 1;
}

int
policy_case_run(struct policy_case *c, const struct policy *p, char **ret_why)
{
	AUTO_CLEAR(answer_clear) struct answer a = { 0 };
	int r;

	*ret_why = NULL;
	if ((r = question_ask(&c->q, p, &a)) == -ENOMEM)
		return r;
	if (r < 0) {
		*ret_why = strdup(r == -EINVAL ? "'from' is no address"
					       : "no certificate can say that");
		return *ret_why == NULL ? -ENOMEM : 0;
	}
	return compare(c, &a, ret_why);
}
