/* SPDX-License-Identifier: ISC */
/* The session lines of sshd's PAM stack (pam.d(5)). */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "pamstack.h"

#define OUR_FIRST "session    required     pam_countersign.so\n"
#define OUR_LAST  "session    required     pam_countersign.so environment\n"

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
add_line(struct pamstack *s, size_t number, const char *control,
    const char *module, const char *arguments)
{
	struct pamline *more = reallocarray(s->v, s->n + 1, sizeof(*more));

	if (more == NULL)
		return -ENOMEM;
	s->v = more;
	more += s->n++;
	*more = (struct pamline){ .control = strdup(control),
		.module = strdup(module),
		.arguments = strdup(arguments),
		.number = number };
	return more->control == NULL || more->module == NULL ||
		more->arguments == NULL
	    ? -ENOMEM
	    : 0;
}

static int
parse_line(struct pamstack *s, char *line, size_t number)
{
	char *type, *control, *module;
	size_t n;

	line[strcspn(line, "#\r")] = '\0';
	type = take_word(&line);
	if (strcmp(type, "@include") == 0)
		return add_line(s, number, type, take_word(&line), "");
	if (!is_session(type))
		return 0;
	control = take_word(&line);
	module = take_word(&line);
	line += strspn(line, " \t");
	for (n = strlen(line); n > 0 && strchr(" \t", line[n - 1]) != NULL;)
		line[--n] = '\0';
	return add_line(s, number, control, module, line);
}

int
pamstack_parse(const char *text, struct pamstack *ret)
{
	AUTO(free) char *copy = strdup(text);
	char *at = copy, *line;
	size_t number = 0;
	int r;

	if (copy == NULL)
		return -ENOMEM;
	while ((line = strsep(&at, "\n")) != NULL)
		if ((r = parse_line(ret, line, ++number)) < 0)
			return r;
	return 0;
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
		if (s->v[i].number == number)
			return strcmp(s->v[i].module, PAM_MODULE) == 0;
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
		if (strcmp(s->v[i].module, "pam_loginuid.so") == 0 &&
		    *ret_first == 0)
			*ret_first = s->v[i].number;
		if (strcmp(s->v[i].module, "pam_env.so") == 0)
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

char *
pamstack_with_ours(const char *text)
{
	return rewrite(text, true);
}

char *
pamstack_without_ours(const char *text)
{
	return rewrite(text, false);
}
