/* SPDX-License-Identifier: ISC */
/* An options line read as sshd reads it, written from its manual and rules, not
 * from our writer. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lineback.h"

struct meaning {
	bool restricted, pty, port, agent, x11;
	struct strv permitopen;
	int permitlistens;
	char *command, *from, *expiry;
};

/* A '#' anywhere cuts the line; the principal stands behind the last blank
 * (check_principals_line). */
static char *
split(char *line)
{
	char *p = strchr(line, '#');

	if (p != NULL)
		*p = '\0';
	while ((p = line + strlen(line)) > line &&
	    (p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\n'))
		p[-1] = '\0';
	if ((p = strrchr(line, ' ')) == NULL)
		return NULL;
	*p = '\0';
	return p + 1;
}

/* opt_dequote: a quoted string whose only escape is \". Moves *s behind it. */
static char *
dequote(const char **s)
{
	char *out = malloc(strlen(*s) + 1), *o = out;

	if (**s != '"') {
		free(out);
		return NULL;
	}
	for ((*s)++; **s != '\0' && **s != '"'; (*s)++) {
		if ((*s)[0] == '\\' && (*s)[1] == '"')
			(*s)++;
		*o++ = **s;
	}
	*o = '\0';
	if (**s != '"') {
		free(out);
		return NULL;
	}
	(*s)++;
	return out;
}

/* opt_flag and opt_match: names without regard to case, ended by ',' or the
 * end, or by '='. */
static bool
take_name(const char **s, const char *name, char end)
{
	size_t n = strlen(name);

	if (strncasecmp(*s, name, n) != 0 ||
	    ((*s)[n] != end && !(end == ',' && (*s)[n] == '\0')))
		return false;
	*s += n + (end == '=');
	return true;
}

static bool
take_value(struct meaning *m, const char **s)
{
	char *value;

	if (take_name(s, "command", '='))
		return m->command == NULL && (m->command = dequote(s)) != NULL;
	if (take_name(s, "from", '='))
		return m->from == NULL && (m->from = dequote(s)) != NULL;
	if (take_name(s, "expiry-time", '='))
		return m->expiry == NULL && (m->expiry = dequote(s)) != NULL;
	if (take_name(s, "permitopen", '='))
		return (value = dequote(s)) != NULL &&
		    strv_add_take(&m->permitopen, value) == 0;
	if (take_name(s, "permitlisten", '=')) {
		m->permitlistens++;
		value = dequote(s);
		free(value);
		return value != NULL;
	}
	return false;
}

static bool
take_option(struct meaning *m, const char **s)
{
	if (take_name(s, "restrict", ',')) {
		*m = (struct meaning){ .restricted = true };
		return true;
	}
	if (take_name(s, "pty", ','))
		return m->pty = true;
	if (take_name(s, "port-forwarding", ','))
		return m->port = true;
	if (take_name(s, "agent-forwarding", ','))
		return m->agent = true;
	if (take_name(s, "X11-forwarding", ','))
		return m->x11 = true;
	return take_value(m, s);
}

/* sshauthopt_parse: options with commas between, nothing else. */
static bool
parse(const char *s, struct meaning *m)
{
	while (*s != '\0') {
		if (!take_option(m, &s))
			return false;
		if (*s == '\0')
			return true;
		if (*s++ != ',' || *s == '\0')
			return false;
	}
	return true;
}

static bool
same_targets(const struct strv *a, const struct strv *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

static bool
same_source(const char *from, const struct role_options *o)
{
	char *copy, *at, *word;
	struct cidr c;
	size_t i = 0;
	bool same = true;

	if (from == NULL)
		return !o->has_source;
	at = copy = strdup(from);
	while (same && (word = strsep(&at, ",")) != NULL) {
		same = i < o->source.n && cidr_parse(word, &c) == 0 &&
		    cidr_contains(&o->source.v[i], &c) &&
		    cidr_contains(&c, &o->source.v[i]);
		i++;
	}
	free(copy);
	return same && i == o->source.n;
}

static bool
same_expiry(const char *text, uint64_t expires_s)
{
	struct tm tm = { 0 };

	/* Beyond what gmtime can say there is none. */
	if (text == NULL)
		return false;
	if (strlen(text) != 15 || text[14] != 'Z' ||
	    strptime(text, "%Y%m%d%H%M%S", &tm) == NULL)
		return strlen(text) > 15;
	return (uint64_t)timegm(&tm) == expires_s;
}

static const char *
compare(const struct meaning *m, const struct decision *d)
{
	const struct role_options *o = &d->access.options;
	bool some_targets = !o->port_forwarding && o->permitopen.n > 0;

	if (!m->restricted)
		return "not restricted";
	if (m->pty != o->pty || m->agent != o->agent_forwarding ||
	    m->x11 != o->x11_forwarding)
		return "another permission";
	if (m->port != (o->port_forwarding || some_targets) ||
	    (m->permitlistens > 0) != some_targets)
		return "other forwardings";
	if (some_targets ? !same_targets(&m->permitopen, &o->permitopen)
			 : m->permitopen.n > 0)
		return "other targets";
	if (!same_source(m->from, o))
		return "another source";
	if (!same_expiry(m->expiry, d->access.expires_s))
		return "another end";
	/* One that cannot be said in a line is the certificate's own. */
	if (o->force_command != NULL && is_line_safe(o->force_command)
		? m->command == NULL ||
		    strcmp(m->command, o->force_command) != 0
		: m->command != NULL)
		return "another command";
	return NULL;
}

bool
lineback_means(const char *line, const struct decision *d, const char **ret_why)
{
	char *copy = strdup(line), *principal = split(copy);
	struct meaning m = { 0 };

	*ret_why = NULL;
	if (strchr(line, '\n') != NULL || strchr(line, '\r') != NULL)
		*ret_why = "two lines";
	else if (principal == NULL || strncmp(principal, "role:", 5) != 0 ||
	    strcmp(principal + 5, d->role) != 0)
		*ret_why = "another principal";
	else if (!parse(copy, &m))
		*ret_why = "sshd cannot read it";
	else
		*ret_why = compare(&m, d);
	strv_clear(&m.permitopen);
	free(m.command);
	free(m.from);
	free(m.expiry);
	free(copy);
	return *ret_why == NULL;
}
