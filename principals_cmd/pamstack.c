/* SPDX-License-Identifier: ISC */
/* The session lines of sshd's PAM stack (pam.d(5)). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "pamstack.h"
#include "parse.h"
#include "path.h"

#define DEPTH_MAX      8
#define FILE_MAX_BYTES 65536U
#define OUR_FIRST      "session    required     pam_countersign.so\n"
#define OUR_LAST       "session    required     pam_countersign.so environment\n"

/* The next word, or one in [brackets]; empty at the end. */
static char *
take_word(char **at)
{
	char *word = *at + strspn(*at, " \t"), *end;

	end = word[0] == '[' ? strchr(word, ']') : NULL;
	end = end != NULL ? end + 1 : word + strcspn(word, " \t");
	*at = end;
	if (*end != '\0') {
		*end = '\0';
		*at = end + 1;
	}
	return word;
}

/* "-session" is a session line whose module may be missing. */
static bool
is_session(const char *type)
{
	return strcasecmp(type + (type[0] == '-'), "session") == 0;
}

static int
add_line(struct pamstack *s, const struct pamline *l)
{
	struct pamline *more = reallocarray(s->v, s->n + 1, sizeof(*more));

	if (more == NULL)
		return -ENOMEM;
	s->v = more;
	more += s->n++;
	*more = *l;
	more->control = strdup(l->control);
	more->module = strdup(l->module);
	more->arguments = strdup(l->arguments);
	return more->control == NULL || more->module == NULL ||
		more->arguments == NULL
	    ? -ENOMEM
	    : 0;
}

static void
trim_end(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && strchr(" \t\r", s[n - 1]) != NULL)
		s[--n] = '\0';
}

static int
parse_line(struct pamstack *s, char *line, size_t first, size_t number)
{
	struct pamline l = { .first = first,
		.number = number,
		.arguments = (char[]){ "" } };
	char *type = take_word(&line);

	if (strcmp(type, "@include") == 0) {
		l.control = type;
		l.module = take_word(&line);
		return add_line(s, &l);
	}
	if (!is_session(type))
		return 0;
	l.may_be_missing = type[0] == '-';
	l.control = take_word(&line);
	l.module = take_word(&line);
	l.arguments = line + strspn(line, " \t");
	return add_line(s, &l);
}

static bool
is_blank_or_comment(const char *line)
{
	line += strspn(line, " \t\r");
	return *line == '\0' || *line == '#';
}

/* Without its comment; true if the next line goes on with it, which it does not
 * behind a comment. */
static bool
cut_line(char *line)
{
	char *comment = strchr(line, '#');
	size_t n;

	if (comment != NULL)
		*comment = '\0';
	trim_end(line);
	n = strlen(line);
	if (comment != NULL || n == 0 || line[n - 1] != '\\')
		return false;
	line[n - 1] = ' ';
	return true;
}

int
pamstack_parse(const char *text, struct pamstack *ret)
{
	AUTO(free) char *copy = strdup(text), *whole = strdup("");
	char *at = copy, *line, *joined;
	size_t number = 0, first = 1;
	bool goes_on = false;
	int r;

	if (copy == NULL || whole == NULL)
		return -ENOMEM;
	while ((line = strsep(&at, "\n")) != NULL) {
		number++;
		/* Passed over, also in the middle of a line that goes on. */
		if (is_blank_or_comment(line) && goes_on && at != NULL)
			continue;
		goes_on = cut_line(line);
		if (asprintf(&joined, "%s%s", whole, line) < 0)
			return -ENOMEM;
		free(whole);
		whole = joined;
		if (goes_on && at != NULL)
			continue;
		trim_end(whole);
		if ((r = parse_line(ret, whole, first, number)) < 0)
			return r;
		whole[0] = '\0';
		first = number + 1;
	}
	return 0;
}

const char *
pamline_module(const struct pamline *l)
{
	const char *slash = strrchr(l->module, '/');

	return slash != NULL ? slash + 1 : l->module;
}

/* pam.conf(5): "die" and "bad" fail, "ok" and "ignore" go on, "done" returns, a
 * number skips as many. */
static bool
action_may_skip(const char *action, size_t distance)
{
	uint64_t n;

	if (strcmp(action, "done") == 0)
		return true;
	return parse_uint(action, 1, UINT32_MAX, &n) == 0 && n >= distance;
}

static bool
action_is_reset(const char *action, size_t unused)
{
	(void)unused;
	return strcmp(action, "reset") == 0;
}

/* Is one of "[value=action ...]" such an action? */
static bool
any_action(const struct pamline *l, bool (*is)(const char *, size_t),
    size_t data)
{
	AUTO(free) char *copy = strdup(l->control);
	char *at = copy, *word, *action;

	if (copy == NULL)
		return true;
	if (copy[0] != '[')
		return false;
	while ((word = strsep(&at, " \t[]")) != NULL)
		if ((action = strchr(word, '=')) != NULL &&
		    is(action + 1, data))
			return true;
	return false;
}

/* What a line in a substack does ends with the substack: is `to` still in it? */
static bool
reaches(const struct pamstack *s, size_t from, size_t to)
{
	size_t i;

	for (i = from; i <= to; i++)
		if (s->v[i].level < s->v[from].level)
			return false;
	return true;
}

/* For a jump a whole substack is one line. */
static size_t
distance(const struct pamstack *s, size_t from, size_t to)
{
	size_t n = 0, i;

	for (i = from + 1; i <= to; i++)
		n += s->v[i].level <= s->v[from].level;
	return n;
}

bool
pamstack_may_skip(const struct pamstack *s, size_t i, size_t later)
{
	if (!reaches(s, i, later))
		return false;
	return strcmp(s->v[i].control, "sufficient") == 0 ||
	    any_action(&s->v[i], action_may_skip, distance(s, i, later));
}

bool
pamstack_may_forget(const struct pamstack *s, size_t i, size_t earlier)
{
	size_t k;

	for (k = earlier; k <= i; k++)
		if (s->v[k].level < s->v[i].level)
			return false;
	return any_action(&s->v[i], action_is_reset, 0);
}

static bool
is_include(const struct pamline *l)
{
	return strcmp(l->control, "@include") == 0 ||
	    strcmp(l->control, "include") == 0 ||
	    strcmp(l->control, "substack") == 0;
}

/* Where a file stands that is being read. */
struct place {
	size_t number; /* of the outermost file's line; 0: this is that file */
	unsigned depth, level;
};

static int load_into(struct pamstack *to, const char *path, struct place place,
    char **ret_file);

/* The substack's own line stays: a jump counts it. */
static int
include(struct pamstack *to, const struct pamline *l, struct place place,
    char **ret_file)
{
	AUTO(free) char *path = NULL;
	int r;

	if (strcmp(l->control, "substack") == 0) {
		if ((r = add_line(to, l)) < 0)
			return r;
		place.level++;
	}
	if (asprintf(&path, "%s%s", l->module[0] == '/' ? "" : "/etc/pam.d/",
		l->module) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	place.number = l->number;
	place.depth++;
	return load_into(to, path, place, ret_file);
}

static int
load_into(struct pamstack *to, const char *path, struct place place,
    char **ret_file)
{
	AUTO_CLEAR(pamstack_clear) struct pamstack own = { 0 };
	AUTO(free) char *text = NULL;
	size_t len, i;
	int r;

	r = place.depth > DEPTH_MAX
	    ? -ELOOP
	    : path_read_trusted(path, 0, FILE_MAX_BYTES, &text, &len);
	if (r == 0)
		r = pamstack_parse(text, &own);
	if (r < 0) {
		if (*ret_file == NULL)
			*ret_file = strdup(path);
		return r;
	}
	for (i = 0; i < own.n && r == 0; i++) {
		struct pamline *l = &own.v[i];

		l->level = place.level;
		if (place.depth > 0)
			l->first = l->number = place.number;
		r = is_include(l) ? include(to, l, place, ret_file)
				  : add_line(to, l);
	}
	return r;
}

int
pamstack_load(const char *path, struct pamstack *ret, char **ret_file)
{
	*ret_file = NULL;
	return load_into(ret, path, (struct place){ 0 }, ret_file);
}

void
pamstack_clear(struct pamstack *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->v[i].control);
		free(s->v[i].module);
		free(s->v[i].arguments);
	}
	free(s->v);
	*s = (struct pamstack){ 0 };
}

static bool
is_our_line(const struct pamstack *s, size_t number)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].first <= number && number <= s->v[i].number)
			return strcmp(pamline_module(&s->v[i]), PAM_MODULE) ==
			    0;
	return false;
}

/* After which lines ours stand: after pam_loginuid, and after the last pam_env.
 * 0: there is none to go by. */
static void
find_places(const struct pamstack *s, size_t *ret_first, size_t *ret_last)
{
	size_t i;

	*ret_first = *ret_last = 0;
	for (i = 0; i < s->n; i++) {
		if (strcmp(pamline_module(&s->v[i]), "pam_loginuid.so") == 0 &&
		    *ret_first == 0)
			*ret_first = s->v[i].number;
		if (strcmp(pamline_module(&s->v[i]), "pam_env.so") == 0)
			*ret_last = s->v[i].number;
	}
}

static char *
rewrite(const char *text, bool with_ours)
{
	AUTO_CLEAR(pamstack_clear) struct pamstack s = { 0 };
	size_t first, last, number = 0, len, n;
	char *out = NULL;
	FILE *f;

	if (pamstack_parse(text, &s) < 0)
		return NULL;
	find_places(&s, &first, &last);
	if (with_ours && (first == 0 || last < first))
		return NULL;
	if ((f = open_memstream(&out, &len)) == NULL)
		return NULL;
	while (*text != '\0') {
		n = strcspn(text, "\n");
		if (!is_our_line(&s, ++number))
			fprintf(f, "%.*s\n", (int)n, text);
		if (with_ours && number == first)
			fputs(OUR_FIRST, f);
		if (with_ours && number == last)
			fputs(OUR_LAST, f);
		text += n + (text[n] == '\n');
	}
	if (fclose(f) != 0) {
		free(out);
		return NULL;
	}
	return out;
}

/* Read back: is there one of each? A line that goes on behind the end of the
 * file would have swallowed ours. */
static bool
has_ours(const char *text)
{
	AUTO_CLEAR(pamstack_clear) struct pamstack s = { 0 };
	size_t first = 0, last = 0, i;

	if (pamstack_parse(text, &s) < 0)
		return false;
	for (i = 0; i < s.n; i++) {
		if (strcmp(s.v[i].module, PAM_MODULE) != 0)
			continue;
		first += s.v[i].arguments[0] == '\0';
		last += strcmp(s.v[i].arguments, "environment") == 0;
	}
	return first == 1 && last == 1;
}

char *
pamstack_with_ours(const char *text)
{
	AUTO(free) char *with = rewrite(text, true);

	return with != NULL && has_ours(with) ? TAKE(with) : NULL;
}

char *
pamstack_without_ours(const char *text)
{
	return rewrite(text, false);
}
