/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "shellwords.h"
#include "strv.h"

#define HEREDOCS_MAX 16

struct shell {
	const char *p, *end;
	const struct shellwords *to;
	struct strv words, written;
	struct strv heredocs; /* delimiters, whose texts come after the line */
	char *word; /* the one that is being read */
	size_t len, size;
	bool has_word; /* also an empty one, in quotes */
	bool is_quoted;
	enum {
		OUT_NOT,
		OUT_FILE,
		OUT_READ,
		OUT_HEREDOC
	} redirect;
	bool skips; /* up to the next separator: for NAME in ... */
	size_t depth, *commands;
	int error;
};

static int read_text(const char *text, size_t len, const struct shellwords *to,
    size_t depth, size_t *commands);

static void
put(struct shell *s, char c)
{
	size_t size = (s->len + 2) * 2;
	char *grown;

	s->has_word = true;
	if (s->len + 2 > s->size) {
		if ((grown = realloc(s->word, size)) == NULL) {
			s->error = -ENOMEM;
			return;
		}
		s->word = grown;
		s->size = size;
	}
	s->word[s->len++] = c;
	s->word[s->len] = '\0';
}

static bool
is_one_of(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/* NAME=value before a command. */
static bool
is_assignment(const char *word)
{
	size_t n = strspn(word,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 &&
	    (word[n] == '=' || (word[n] == '+' && word[n + 1] == '=')) &&
	    !(word[0] >= '0' && word[0] <= '9');
}

static void
end_word(struct shell *s)
{
	static const char *const before[] = { "if", "then", "elif", "else",
		"while", "until", "do", "!", "{", "}", "time", "fi", "done",
		"esac", "[[", NULL };
	static const char *const skipped[] = { "for", "case", "select",
		"function", NULL };
	const char *word = s->word != NULL && s->len > 0 ? s->word : "";

	if (!s->has_word)
		return;
	s->has_word = false;
	s->len = 0;
	if (s->redirect != OUT_NOT) {
		if (s->redirect == OUT_FILE && *word != '&')
			s->error |= strv_add(&s->written, word);
		if (s->redirect == OUT_HEREDOC && s->heredocs.n < HEREDOCS_MAX)
			s->error |= strv_add(&s->heredocs, word);
		s->redirect = OUT_NOT;
	} else if (s->words.n == 0 && !s->is_quoted &&
	    (is_one_of(word, before) || is_assignment(word))) {
		/* The command comes after it. */
	} else if (s->words.n == 0 && !s->is_quoted &&
	    is_one_of(word, skipped)) {
		s->skips = true;
	} else if (!s->skips && s->words.n < SHELLWORDS_WORDS_MAX)
		s->error |= strv_add(&s->words, word);
	s->is_quoted = false;
	if (s->word != NULL)
		s->word[0] = '\0';
}

static void
end_command(struct shell *s)
{
	end_word(s);
	if (s->error == 0 && s->words.n > 0 &&
	    *s->commands < SHELLWORDS_COMMANDS_MAX) {
		++*s->commands;
		s->to->take(s->to->context, s->words.v, s->words.n,
		    s->written.v, s->written.n);
	}
	strv_clear(&s->words);
	strv_clear(&s->written);
	s->redirect = OUT_NOT;
	s->skips = false;
}

/* The texts of `<<`, which begin after the line. */
static void
skip_heredocs(struct shell *s)
{
	size_t i, n;

	for (i = 0; i < s->heredocs.n; i++)
		while (s->p < s->end) {
			const char *line = s->p,
				   *eol = memchr(line, '\n',
				       (size_t)(s->end - line));

			n = (size_t)((eol != NULL ? eol : s->end) - line);
			s->p = eol != NULL ? eol + 1 : s->end;
			while (n > 0 && *line == '\t') {
				line++;
				n--;
			}
			if (n == strlen(s->heredocs.v[i]) &&
			    memcmp(line, s->heredocs.v[i], n) == 0)
				break;
		}
	strv_clear(&s->heredocs);
}

/* $( or a backtick: what is in it is run, and the word keeps it as it is. */
static void
substitution(struct shell *s, char close)
{
	const char *start = s->p;
	size_t depth = 1;
	char quote = '\0';

	for (; s->p < s->end; s->p++) {
		char c = *s->p;

		if (c == '\\' && s->p + 1 < s->end)
			put(s, *s->p++);
		else if (quote != '\0') {
			if (c == quote)
				quote = '\0';
		} else if ((c == '\'' || c == '"') && close == ')')
			quote = c;
		else if (close == ')' && c == '(')
			depth++;
		else if (c == close && --depth == 0)
			break;
		put(s, *s->p);
	}
	if (s->error == 0 && s->depth < SHELLWORDS_DEPTH_MAX)
		s->error = read_text(start, (size_t)(s->p - start), s->to,
		    s->depth + 1, s->commands);
	if (s->p < s->end)
		put(s, *s->p++);
}

static void
dollar(struct shell *s)
{
	put(s, '$');
	if (s->p < s->end && *s->p == '(') {
		put(s, *s->p++);
		substitution(s, ')');
	} else if (s->p < s->end && *s->p == '{')
		while (s->p < s->end && *s->p != '}')
			put(s, *s->p++);
}

static void
double_quoted(struct shell *s)
{
	char c;

	s->has_word = true;
	while (s->p < s->end && (c = *s->p) != '"') {
		s->p++;
		if (c == '\\' && s->p < s->end &&
		    strchr("$`\"\\\n", *s->p) != NULL) {
			if (*s->p != '\n')
				put(s, *s->p);
			s->p++;
		} else if (c == '$') {
			dollar(s);
		} else if (c == '`') {
			put(s, c);
			substitution(s, '`');
		} else
			put(s, c);
	}
	if (s->p < s->end)
		s->p++;
}

static void
single_quoted(struct shell *s)
{
	s->has_word = true;
	while (s->p < s->end && *s->p != '\'')
		put(s, *s->p++);
	if (s->p < s->end)
		s->p++;
}

/* Behind a < or >. */
static void
redirection(struct shell *s, char c)
{
	/* 2>x: the number is no word of the command. */
	if (s->has_word && s->len == 1 && s->word[0] >= '0' &&
	    s->word[0] <= '9') {
		s->has_word = false;
		s->len = 0;
	}
	end_word(s);
	s->redirect = c == '>' ? OUT_FILE : OUT_READ;
	if (c == '<' && s->p < s->end && *s->p == '<') {
		s->p++;
		s->redirect = OUT_HEREDOC;
		if (s->p < s->end && *s->p == '<') {
			s->p++;
			s->redirect = OUT_READ;
		} else if (s->p < s->end && *s->p == '-')
			s->p++;
	} else if (s->p < s->end && (*s->p == '>' || *s->p == '|'))
		s->p++;
	if (s->p < s->end && *s->p == '&') {
		s->p++;
		s->redirect = OUT_READ;
	}
	if (s->p < s->end && *s->p == '(') {
		/* <(command) */
		s->redirect = OUT_NOT;
		put(s, c);
		put(s, *s->p++);
		substitution(s, ')');
	}
}

static void
operator(struct shell *s, char c)
{
	/* NAME() begins a function, and NAME) a pattern of case. */
	if (c == '(' && s->has_word && s->words.n == 0) {
		s->has_word = false;
		s->len = 0;
	}
	if (c == '&' && s->p < s->end && *s->p == '>') {
		s->p++;
		redirection(s, '>');
		return;
	}
	end_command(s);
	if (c == '\n')
		skip_heredocs(s);
}

static void
character(struct shell *s)
{
	char c = *s->p++;

	switch (c) {
	case ' ':
	case '\t':
	case '\r':
		end_word(s);
		break;
	case '\n':
	case ';':
	case '&':
	case '|':
	case '(':
	case ')':
		operator(s, c);
		break;
	case '<':
	case '>':
		redirection(s, c);
		break;
	case '\\':
		if (s->p < s->end && *s->p != '\n') {
			s->is_quoted = true;
			put(s, *s->p);
		}
		if (s->p < s->end)
			s->p++;
		break;
	case '\'':
		s->is_quoted = true;
		single_quoted(s);
		break;
	case '"':
		s->is_quoted = true;
		double_quoted(s);
		break;
	case '$':
		dollar(s);
		break;
	case '`':
		put(s, c);
		substitution(s, c);
		break;
	case '#':
		if (!s->has_word) {
			while (s->p < s->end && *s->p != '\n')
				s->p++;
			break;
		}
		put(s, c);
		break;
	default:
		if (c != '\0')
			put(s, c);
	}
}

static int
read_text(const char *text, size_t len, const struct shellwords *to,
    size_t depth, size_t *commands)
{
	struct shell s = { .p = text,
		.end = text + len,
		.to = to,
		.depth = depth,
		.commands = commands };

	while (s.error == 0 && s.p < s.end)
		character(&s);
	end_command(&s);
	strv_clear(&s.words);
	strv_clear(&s.written);
	strv_clear(&s.heredocs);
	free(s.word);
	return s.error < 0 ? -ENOMEM : 0;
}

int
shellwords_read(const char *text, size_t len, const struct shellwords *to)
{
	size_t commands = 0;

	return read_text(text, len, to, 0, &commands);
}
