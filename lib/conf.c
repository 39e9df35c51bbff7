/* SPDX-License-Identifier: ISC */
/* "Keyword value" files, in sshd_config's manner. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "conf.h"
#include "labels.h"
#include "parse.h"
#include "strv.h"

int
conf_error(struct conf_error *reterr, size_t line, const char *fmt, ...)
{
	va_list ap;

	reterr->line = line;
	reterr->column = 0;
	va_start(ap, fmt);
	vsnprintf(reterr->what, sizeof(reterr->what), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

char *
conf_error_text(const struct conf_error *e, const char *name)
{
	char *text;
	int n;

	if (e->column > 0)
		n = asprintf(&text, "%s:%zu:%zu: %s", name, e->line, e->column,
		    e->what);
	else if (e->line > 0)
		n = asprintf(&text, "%s:%zu: %s", name, e->line, e->what);
	else
		n = asprintf(&text, "%s: %s", name, e->what);
	return n < 0 ? NULL : text;
}

int
conf_string(const char *value, void *field, const char **ret_why)
{
	char **s = field, *copy;

	(void)ret_why;
	if ((copy = strdup(value)) == NULL)
		return -ENOMEM;
	free(*s);
	*s = copy;
	return 0;
}

int
conf_path(const char *value, void *field, const char **ret_why)
{
	*ret_why = "an absolute path";
	if (value[0] != '/')
		return -EINVAL;
	return conf_string(value, field, ret_why);
}

int
conf_seconds(const char *value, void *field, const char **ret_why)
{
	*ret_why = "a duration such as 90, 15m or 8h";
	return parse_duration(value, field);
}

int
conf_bytes(const char *value, void *field, const char **ret_why)
{
	*ret_why = "a size such as 64MiB or 1GiB";
	return parse_bytes(value, field);
}

int
conf_timeout(const char *value, void *field, const char **ret_why)
{
	uint64_t seconds;

	*ret_why = "1 to 30 seconds: a login waits for it";
	if (parse_duration(value, &seconds) < 0 || seconds > 30)
		return -EINVAL;
	*(uint64_t *)field = seconds;
	return 0;
}

int
conf_yes_no(const char *value, void *field, const char **ret_why)
{
	*ret_why = "yes or no";
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return -EINVAL;
	*(bool *)field = value[0] == 'y';
	return 0;
}

int
conf_source(const char *value, void *field, const char **ret_why)
{
	*ret_why = "an https:// URL or an absolute path, each once, without "
		   "blanks";
	if ((value[0] != '/' && strncmp(value, "https://", 8) != 0) ||
	    strpbrk(value, " \t\"'\\") != NULL || strv_has(field, value))
		return -EINVAL;
	return strv_add(field, value);
}

int
conf_paths(const char *value, void *field, const char **ret_why)
{
	*ret_why = "an absolute path";
	return value[0] != '/' ? -EINVAL : strv_add_once(field, value);
}

int
conf_program(const char *value, void *field, const char **ret_why)
{
	AUTO(free) char *text = strdup(value);
	char *login, *path;

	*ret_why = "an absolute path and, if it is only for one, an account";
	if ((login = text) == NULL)
		return -ENOMEM;
	path = strsep(&login, " \t");
	if (*path != '/')
		return -EINVAL;
	if (login == NULL)
		return strv_add_once(field, path);
	login += strspn(login, " \t");
	if (*login == '\0' || strpbrk(login, " \t") != NULL)
		return -EINVAL;
	path[strlen(path)] = ' ';
	memmove(path + strcspn(path, " \t") + 1, login, strlen(login) + 1);
	return strv_add_once(field, path);
}

int
conf_stale(const char *value, void *field, const char **ret_why)
{
	*ret_why = "deny, or grace and a duration such as 7d";
	if (strcmp(value, "deny") == 0) {
		*(uint64_t *)field = 0;
		return 0;
	}
	if (strncmp(value, "grace", 5) != 0 || strchr(" \t", value[5]) == NULL)
		return -EINVAL;
	return parse_duration(value + 5 + strspn(value + 5, " \t"), field);
}

int
conf_label(const char *value, void *field, const char **ret_why)
{
	AUTO(free) char *key = strdup(value);
	char *eq;
	int r;

	*ret_why = "key=value without blanks or quotes";
	if (key == NULL)
		return -ENOMEM;
	if ((eq = strchr(key, '=')) == NULL)
		return -EINVAL;
	*eq = '\0';
	if (!is_simple_name(key) || !is_label_value(eq + 1))
		return -EINVAL;
	if ((r = labels_add(field, key, eq + 1)) == -EEXIST) {
		*ret_why = "each label's key once";
		return -EINVAL;
	}
	return r;
}

/* Cuts the text at *at into one line without its newline. */
static char *
next_line(char **at)
{
	char *line = *at, *nl;

	if (*line == '\0')
		return NULL;
	if ((nl = strchr(line, '\n')) != NULL) {
		*nl = '\0';
		*at = nl + 1;
	} else {
		*at = line + strlen(line);
	}
	return line;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *
skip_blanks(char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

static void
trim_end(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && (is_blank(s[n - 1]) || s[n - 1] == '\r'))
		s[--n] = '\0';
}

/* Splits "Keyword value"; false for an empty or comment line. */
static bool
split_line(char *line, char **ret_word, char **ret_value)
{
	char *value;

	trim_end(line);
	line = skip_blanks(line);
	if (*line == '\0' || *line == '#')
		return false;
	for (value = line; *value != '\0' && !is_blank(*value); value++)
		;
	if (*value != '\0')
		*value++ = '\0';
	*ret_word = line;
	*ret_value = skip_blanks(value);
	return true;
}

static const struct conf_key *
find_key(const struct conf_key *keys, size_t n, const char *word, size_t *ret_i)
{
	for (*ret_i = 0; *ret_i < n; (*ret_i)++)
		if (strcasecmp(keys[*ret_i].name, word) == 0)
			return &keys[*ret_i];
	return NULL;
}

static int
read_value(const struct conf_key *key, const char *value, size_t line,
    void *settings, struct conf_error *reterr)
{
	const char *why = "another value";
	int r;

	if (*value == '\0')
		return conf_error(reterr, line, "'%s' has no value", key->name);
	/* sshd_config has both; here they would be part of the value. */
	if (strchr(value, '"') != NULL || strchr(value, '#') != NULL)
		return conf_error(reterr, line,
		    "'%s': no quotes, and comments on lines of their own",
		    key->name);
	r = key->read(value, (char *)settings + key->offset, &why);
	if (r == -EINVAL)
		return conf_error(reterr, line, "'%s' wants %s, not '%.60s'",
		    key->name, why, value);
	return r;
}

int
conf_parse(const char *text, size_t len, const struct conf_key *keys,
    size_t n_keys, void *settings, struct conf_error *reterr)
{
	AUTO(free) char *copy = NULL;
	bool seen[CONF_KEYS_MAX] = { false };
	char *at, *line, *word, *value;
	const struct conf_key *key;
	size_t n, i;
	int r;

	if (len > CONF_FILE_MAX_BYTES || n_keys > CONF_KEYS_MAX)
		return conf_error(reterr, 0, "file is too large");
	if (len > 0 && memchr(text, '\0', len) != NULL)
		return conf_error(reterr, 0, "file holds a NUL byte");
	if ((copy = strndup(text, len)) == NULL)
		return -ENOMEM;
	for (at = copy, n = 1; (line = next_line(&at)) != NULL; n++) {
		if (!split_line(line, &word, &value))
			continue;
		if ((key = find_key(keys, n_keys, word, &i)) == NULL)
			return conf_error(reterr, n, "unknown keyword '%.60s'",
			    word);
		if (seen[i] && !key->is_list)
			return conf_error(reterr, n, "'%s' stands here twice",
			    key->name);
		seen[i] = true;
		if ((r = read_value(key, value, n, settings, reterr)) < 0)
			return r;
	}
	return 0;
}
