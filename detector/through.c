/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "auto.h"
#include "shellwords.h"
#include "through.h"

#define NAME(text) text, sizeof(text) - 1

/* Where the command is among the words of a program that runs it. */
static const struct wrapper {
	const char *name;
	size_t len;
	const char *with_value; /* short options that take the next word */
	unsigned operands; /* before the command */
	bool takes_assignments; /* NAME=value before it */
	bool is_shell; /* the text after -c */
} wrappers[] = {
	{ NAME("exec"), "a", 0, true, false },
	{ NAME("command"), "", 0, false, false },
	{ NAME("builtin"), "", 0, false, false },
	{ NAME("sudo"), "ugpCcDhRrTtU", 0, true, false },
	{ NAME("doas"), "uC", 0, false, false },
	{ NAME("env"), "uCS", 0, true, false },
	{ NAME("nohup"), "", 0, false, false },
	{ NAME("timeout"), "ks", 1, false, false },
	{ NAME("nice"), "n", 0, false, false },
	{ NAME("ionice"), "cnpPu", 0, false, false },
	{ NAME("setsid"), "", 0, false, false },
	{ NAME("stdbuf"), "ioe", 0, false, false },
	{ NAME("time"), "fo", 0, false, false },
	{ NAME("chroot"), "", 1, false, false },
	{ NAME("xargs"), "adEeIiLlnPs", 0, false, false },
	{ NAME("busybox"), "", 0, false, false },
	{ NAME("toybox"), "", 0, false, false },
	{ NAME("unshare"), "SGRw", 0, false, false },
	{ NAME("proxychains"), "f", 0, false, false },
	{ NAME("proxychains4"), "f", 0, false, false },
	{ NAME("runuser"), "gGu", 0, false, false },
	{ NAME("sh"), "", 0, false, true },
	{ NAME("bash"), "", 0, false, true },
	{ NAME("dash"), "", 0, false, true },
	{ NAME("ash"), "", 0, false, true },
	{ NAME("ksh"), "", 0, false, true },
	{ NAME("zsh"), "", 0, false, true },
	{ NAME("su"), "", 0, false, true },
	/* Its words are a text. */
	{ NAME("eval"), "", 0, false, true },
};

struct walk {
	const struct through *to;
	size_t depth, taken;
	int error;
};

static void follow(struct walk *w, char *const *words, size_t n);

static const struct wrapper *
find(const char *name, size_t len)
{
	size_t i;
	const char *slash = memrchr(name, '/', len);

	if (slash != NULL) {
		len -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	if (len > 0 && *name == '-') { /* a login shell's */
		name++;
		len--;
	}
	for (i = 0; i < ARRAY_SIZE(wrappers); i++)
		if (wrappers[i].len == len && *wrappers[i].name == *name &&
		    memcmp(wrappers[i].name, name, len) == 0)
			return &wrappers[i];
	return NULL;
}

int
through_may(const char *name, size_t len)
{
	return find(name, len) != NULL;
}

static void
take_command(void *context, char *const *words, size_t n, char *const *written,
    size_t n_written)
{
	struct walk *w = context;

	(void)written;
	(void)n_written;
	if (w->taken >= THROUGH_MAX)
		return;
	w->taken++;
	w->to->take(w->to->context, words, n);
	follow(w, words, n);
}

/* -c, also among others: -ec, -lc. */
static bool
is_dash_c(const char *word)
{
	return word[0] == '-' && word[1] != '-' && strchr(word, 'c') != NULL;
}

static void
follow_shell(struct walk *w, char *const *words, size_t n)
{
	const struct shellwords to = { take_command, w };
	size_t i;

	if (strcmp(words[0], "eval") == 0) {
		if (n > 1 &&
		    shellwords_read(words[1], strlen(words[1]), &to) < 0)
			w->error = -ENOMEM;
		return;
	}
	for (i = 1; i < n; i++)
		if (is_dash_c(words[i]) || strcmp(words[i], "--command") == 0)
			break;
	/* Options may stand between it and the text: sh -c -e 'text'. */
	for (i++; i < n; i++)
		if ((words[i][0] != '-' && words[i][0] != '+') ||
		    words[i][1] == '\0')
			break;
	if (i < n && shellwords_read(words[i], strlen(words[i]), &to) < 0)
		w->error = -ENOMEM;
}

/* How many words an option is: the first letter of a cluster that takes a value
 * has it in the same word, or in the next. */
static size_t
option_words(const struct wrapper *p, const char *word)
{
	static const char *const long_ones[] = { "--user", "--group", "--host",
		"--prompt", "--chdir", "--chroot", "--role", "--type",
		"--unset", "--signal", "--kill-after", "--adjustment",
		"--class", "--classdata", "--pid", "--input", "--output",
		"--error", "--max-args", "--max-procs", "--delimiter",
		"--arg-file", "--replace", "--close-from", "--other-user" };
	size_t i;

	if (word[1] == '-') { /* --option=value, or --option value */
		for (i = 0; i < ARRAY_SIZE(long_ones); i++)
			if (strcmp(word, long_ones[i]) == 0)
				return 2;
		return 1;
	}
	for (i = 1; word[i] != '\0'; i++)
		if (strchr(p->with_value, word[i]) != NULL)
			return word[i + 1] == '\0' ? 2 : 1;
	return 1;
}

static void
follow(struct walk *w, char *const *words, size_t n)
{
	const struct wrapper *p = find(words[0], strlen(words[0]));
	unsigned operands;
	size_t i = 1;

	if (p == NULL || w->depth >= THROUGH_DEPTH_MAX || w->error < 0)
		return;
	w->depth++;
	operands = p->operands;
	while (!p->is_shell && i < n) {
		if (strcmp(words[i], "--") == 0) {
			i++;
			break;
		}
		if (words[i][0] == '-' && words[i][1] != '\0')
			i += option_words(p, words[i]);
		else if (p->takes_assignments && strchr(words[i], '=') != NULL)
			i++;
		else if (operands > 0) {
			operands--;
			i++;
		} else
			break;
	}
	if (p->is_shell)
		follow_shell(w, words, n);
	else if (i < n)
		take_command(w, words + i, n - i, NULL, 0);
	w->depth--;
}

int
through_read(char *const *words, size_t n, const struct through *t)
{
	struct walk w = { .to = t };

	follow(&w, words, n);
	return w.error;
}
