/* SPDX-License-Identifier: ISC */
/* Logins that depend on who it is. */
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "template.h"

#define OPEN   "{{"
#define CLOSE  "}}"
#define CLAIMS "claims."

struct output {
	char *p;
	size_t len;
	bool is_void;
};

static void
put(struct output *out, const char *p, size_t len)
{
	if (len > TEMPLATE_LOGIN_MAX - out->len) {
		out->is_void = true;
		return;
	}
	memcpy(out->p + out->len, p, len);
	out->len += len;
}

static bool
is_name(const char *name, size_t len, const char *what)
{
	return strlen(what) == len && memcmp(name, what, len) == 0;
}

/* "claims.NAME"; *ret is the name. */
static bool
is_claim(const char *name, size_t len, char ret[65])
{
	size_t n = strlen(CLAIMS);

	if (len <= n || len - n > 64 || memcmp(name, CLAIMS, n) != 0)
		return false;
	memcpy(ret, name + n, len - n);
	ret[len - n] = '\0';
	return is_simple_name(ret);
}

static void
put_claim(struct output *out, struct template_values *values, const char *name)
{
	const json_t *v = json_object_get(values->claims, name);
	char number[32];

	if (json_is_string(v)) {
		put(out, json_string_value(v), json_string_length(v));
	} else if (json_is_integer(v)) {
		snprintf(number, sizeof(number), "%lld",
		    (long long)json_integer_value(v));
		put(out, number, strlen(number));
	} else {
		out->is_void = true;
		values->is_odd = values->is_odd || v != NULL;
	}
}

static void
put_name(struct output *out, const char *name, size_t len,
    struct template_values *values)
{
	char claim[65];

	if (is_name(name, len, "user"))
		put(out, values->user, strlen(values->user));
	else if (is_name(name, len, "user.local"))
		put(out, values->user, strcspn(values->user, "@"));
	else if (is_claim(name, len, claim))
		put_claim(out, values, claim);
	else
		out->is_void = true;
}

bool
template_login(const char *text, size_t len, struct template_values *values,
    char buf[TEMPLATE_LOGIN_MAX + 1])
{
	struct output out = { .p = buf };
	const char *end = text + len, *open, *close;

	while (text < end) {
		open = memmem(text, (size_t)(end - text), OPEN, 2);
		put(&out, text, (size_t)((open != NULL ? open : end) - text));
		if (open == NULL)
			break;
		open += 2;
		if ((close = memmem(open, (size_t)(end - open), CLOSE, 2)) ==
		    NULL)
			return false;
		put_name(&out, open, (size_t)(close - open), values);
		text = close + 2;
	}
	buf[out.len] = '\0';
	/* A NUL in a claim would cut the name short. */
	return !out.is_void && strlen(buf) == out.len && is_login_name(buf);
}

/* Each claim by a value that is a login name by itself. */
static json_t *
sample_claims(const char *text)
{
	json_t *claims = json_object();
	const char *p = text, *close;
	char name[65];

	while (claims != NULL && (p = strstr(p, OPEN)) != NULL) {
		p += 2;
		if ((close = strstr(p, CLOSE)) == NULL)
			break;
		if (is_claim(p, (size_t)(close - p), name))
			json_object_set_new(claims, name, json_string("a"));
	}
	return claims;
}

bool
template_is_valid(const char *text)
{
	struct template_values sample = { .user = "a" };
	char login[TEMPLATE_LOGIN_MAX + 1];
	bool is_valid;

	if (strstr(text, OPEN) == NULL)
		return is_login_name(text);
	if ((sample.claims = sample_claims(text)) == NULL)
		return false;
	is_valid = template_login(text, strlen(text), &sample, login);
	json_decref(sample.claims);
	return is_valid;
}
